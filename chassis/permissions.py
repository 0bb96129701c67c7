"""Who may do what on the bus: the least that works, read off the contracts and what each service hears and answers.

`configuration` is what nats-server is given. A call that is not granted looks to the caller like one that nobody
answers; the client is told apart, and `chassis.bus` keeps and counts it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nkeys  # type: ignore[import-untyped]  # it says nothing of its types

from chassis import provision
from chassis.bus import LIVE, OBSERVER, STREAM
from chassis.neighbours import Neighbour
from chassis.seal import write_private
from chassis.service import FRONT_ENDS, Service
from contracts.base import ASKS, EVENTS, NEIGHBOUR_API

API = "$JS.API"
ACCOUNT = "DIGITERAPIA"
"""Ours; every neighbour has one under its own name."""
DEPLOYER = "deployer"


@dataclass(frozen=True, slots=True)
class Grants:
    """What one identity may publish and subscribe; everything else is refused."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def grants(services: Sequence[Service], neighbours: Iterable[Neighbour] = ()) -> dict[str, Grants]:
    """Every identity in our account: the services of an installation, and the deployer.

    Args:
        services: of the installation.
        neighbours: other systems; those with a webhook are read for.
    """
    posted = [each for each in neighbours if each.posted]
    return {each.name: of_service(each, posted if each.posts else ()) for each in services} | {DEPLOYER: _DEPLOYER}


def of_service(service: Service, posted: Iterable[Neighbour] = ()) -> Grants:
    """Tell its own facts and dead letters, read by its own durables, answer its asks, see whether the bus is whole.

    Args:
        service: whose.
        posted: neighbours whose durables it reads beside its own, to post what they hold.
    """
    name = service.name
    durables = [kind.durable(name) for kind, _ in service.handlers.items()]
    asked = [kind.subject for kind, _ in service.answers.items()]
    return Grants(
        publish=(
            *(kind.pattern for kind in EVENTS.values() if kind.owner == name),
            f"dlq.{name}.*",
            f"{LIVE}.{name}",
            *(f"{API}.STREAM.INFO.{stream.name}" for stream in provision.STREAMS),
            *(f"{API}.CONSUMER.{verb}.{STREAM}.{durable}" for durable in durables for verb in ("INFO", "MSG.NEXT")),
            *(f"$JS.ACK.{STREAM}.{durable}.>" for durable in durables),
            *(subject for each in posted for subject in _own_durables(each)),
            *(ASKS if name in FRONT_ENDS else ()),
            # Not `allow_responses`: a reload, as any grant brings one, forgets who may answer what was asked before.
            *(inbox(each) for each in sorted(FRONT_ENDS) if asked),
        ),
        subscribe=(inbox(name), *asked, *((f"{LIVE}.>",) if name in FRONT_ENDS else ())),
    )


def inbox(identity: str) -> str:
    """Where answers to an identity come; nobody else may listen there."""
    return f"_INBOX_{identity}.>"


_DEPLOYER = Grants(publish=(f"{API}.>", "evt.>", "pub.>", "dlq.>"), subscribe=(inbox(DEPLOYER),))
"""Makes and mends streams and consumers; sends again what is a dead letter or has been lost, where it was published."""

_LOOKING = [
    f"{asked}.{stream.name}"
    for stream in provision.STREAMS
    for asked in ("STREAM.INFO", "STREAM.MSG.GET", "CONSUMER.LIST", "CONSUMER.NAMES")
]
"""What the observer may ask. From our account it could name a subject of ours as the place for the answer."""


@dataclass(frozen=True, slots=True)
class _Guest:
    """Somebody with an account of their own: what of ours they may call, by the name they call it."""

    name: str
    nkey: str
    calls: Mapping[str, str]
    inbox: str


def make_seeds(folder: Path, identities: Iterable[str]) -> dict[str, str]:
    """Give every identity that has none an NKEY seed (`<identity>.seed`, mode 0600); returns their public keys.

    Safe to repeat: a seed that is there is never touched.
    """
    public_keys = {}
    for name in identities:
        file = folder / f"{name}.seed"
        if not file.exists():
            write_private(file, nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER).decode())
        public_keys[name] = nkeys.from_seed(bytearray(file.read_bytes())).public_key.decode()
    return public_keys


def configuration(
    granted: Mapping[str, Grants], public_keys: Mapping[str, str], neighbours: Iterable[Neighbour] = ()
) -> str:
    """The `accounts` block of a nats-server: ours, with one NKEY user per identity, and one per guest.

    The observer's account holds the way to what can be asked about our streams, a neighbour's the way to its own
    durables. They have no other subject in common with ours. Nobody else gets in.

    Args:
        granted: by identity of our account.
        public_keys: NKEY (`U…`) of every identity and of the observer.
        neighbours: other systems; those without an NKEY get no account.
    """
    guests = [
        _Guest(OBSERVER, public_keys[OBSERVER], _under_our_prefix(_LOOKING), inbox(OBSERVER)),
        *(
            _Guest(each.name, each.nkey, _own_durables(each), "_INBOX.>")
            for each in neighbours
            if each.nkey and each.reads
        ),
    ]
    users = [_user(each, public_keys[name]) for name, each in granted.items()]
    exports = [_export(guest, call) for guest in guests for call in guest.calls]
    ours = f"  {ACCOUNT} {{\n    jetstream: enabled\n    users: {_list(users)}\n    exports: {_list(exports)}\n  }}\n"
    return f"accounts {{\n{ours}{''.join(map(_account, guests))}}}\n"


def _under_our_prefix(asked: Iterable[str]) -> dict[str, str]:
    """Calls of JetStream -> what a guest calls them: `$JS.API` in their account is their own JetStream, or none."""
    return {f"{API}.{each}": f"{NEIGHBOUR_API}.{each}" for each in asked}


def _own_durables(neighbour: Neighbour) -> dict[str, str]:
    """Take from its durables, see how they stand, settle what came."""
    own = [f"{stream}.{neighbour.durable}" for stream in neighbour.filters()]
    settled = [f"$JS.ACK.{each}.>" for each in own]
    asked = [f"CONSUMER.{verb}.{each}" for verb in ("INFO", "MSG.NEXT") for each in own]
    return _under_our_prefix(asked) | {each: each for each in settled}


def _export(guest: _Guest, call: str) -> str:
    streamed = ", response_type: stream" if ".MSG.NEXT." in call else ""
    return f'{{ service: "{call}"{streamed}, accounts: ["{guest.name}"] }}'


def _account(guest: _Guest) -> str:
    imports = [
        f'{{ service: {{ account: {ACCOUNT}, subject: "{ours}" }}, to: "{theirs}" }}'
        for ours, theirs in guest.calls.items()
    ]
    user = _user(Grants(publish=tuple(guest.calls.values()), subscribe=(guest.inbox,)), guest.nkey)
    return f"  {guest.name} {{\n    users: {_list([user])}\n    imports: {_list(imports)}\n  }}\n"


def _user(granted: Grants, public_key: str) -> str:
    return (
        f"{{ nkey: {public_key}, permissions: {{ "
        f"publish: {{ allow: {_quoted(granted.publish)} }}, subscribe: {{ allow: {_quoted(granted.subscribe)} }} }} }}"
    )


def _list(items: Iterable[str]) -> str:
    return "[\n" + "".join(f"      {each}\n" for each in items) + "    ]"


def _quoted(subjects: Iterable[str]) -> str:
    return json.dumps(list(subjects))
