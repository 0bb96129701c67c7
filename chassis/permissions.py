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

from chassis import dead_letters, provision
from chassis.bus import LIVE, STREAM
from chassis.neighbours import Neighbour
from chassis.seal import write_private
from chassis.service import FRONT_ENDS, Service
from contracts.base import ASKS, EVENTS

API = "$JS.API"
ACCOUNT = "DIGITERAPIA"
"""Ours; every neighbour has one under its own name."""
NEIGHBOUR_API = "DIGITERAPIA.API"
"""Under which prefix a neighbour's client finds our JetStream."""
DEPLOYER, OBSERVER = "deployer", "observer"
POSTING = frozenset({"notifications"})
"""Services that read for neighbours without NATS and post it to them."""


@dataclass(frozen=True, slots=True)
class Grants:
    """What one identity may publish and subscribe; everything else is refused."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    responds: bool = False
    """Whether it may answer where it was asked."""


def grants(services: Sequence[Service], neighbours: Iterable[Neighbour] = ()) -> dict[str, Grants]:
    """Every identity of an installation: its services, the deployer, the observer.

    Args:
        services: of the installation.
        neighbours: other systems; those with a webhook are read for.
    """
    posted = [each for each in neighbours if each.posted]
    ours = {each.name: of_service(each, posted if each.name in POSTING else ()) for each in services}
    return ours | {DEPLOYER: _DEPLOYER, OBSERVER: _OBSERVER}


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
            *(subject for each in posted for subject in _services(each)),
            *(ASKS if name in FRONT_ENDS else ()),
        ),
        subscribe=(inbox(name), *asked, *((f"{LIVE}.>",) if name in FRONT_ENDS else ())),
        responds=bool(asked),
    )


def inbox(identity: str) -> str:
    """Where answers to an identity come; nobody else may listen there."""
    return f"_INBOX_{identity}.>"


_DEPLOYER = Grants(publish=(f"{API}.>", "evt.>", "pub.>", dead_letters.SETTLED), subscribe=(inbox(DEPLOYER),))
"""Makes and mends streams and consumers; sends again what is a dead letter or has been lost, where it was published."""

_OBSERVER = Grants(
    publish=(
        *(f"{API}.STREAM.{verb}.*" for verb in ("INFO", "MSG.GET")),
        *(f"{API}.CONSUMER.{verb}" for verb in ("INFO.*.*", "LIST.*", "NAMES.*")),
    ),
    subscribe=(inbox(OBSERVER),),
)
"""Looks at everything that is kept, changes nothing."""


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
    """The `accounts` block of a nats-server: ours, with one NKEY user per identity, and one account per neighbour.

    A neighbour's account holds nothing but the way to its own durables: ask for messages, settle them, see how it
    stands. It has no other subject in common with ours. Nobody else gets in.

    Args:
        granted: by identity.
        public_keys: NKEY (`U…`) of every identity.
        neighbours: other systems; those without an NKEY get no account.
    """
    reading = [each for each in neighbours if each.nkey and each.reads]
    users = [_user(each, public_keys[name]) for name, each in granted.items()]
    exports = [_export(each, service) for each in reading for service in _services(each)]
    ours = f"  {ACCOUNT} {{\n    jetstream: enabled\n    users: {_list(users)}\n    exports: {_list(exports)}\n  }}\n"
    return f"accounts {{\n{ours}{''.join(map(_account, reading))}}}\n"


def _services(neighbour: Neighbour) -> dict[str, str]:
    """Our subjects that a neighbour may call -> what it calls them.

    The API has a prefix of ours there: `$JS.API` in the neighbour's account is a JetStream of its own, or none.
    """
    own = [f"{stream}.{neighbour.durable}" for stream in neighbour.filters()]
    asked = [f"CONSUMER.{verb}.{each}" for verb in ("INFO", "MSG.NEXT") for each in own]
    settled = [f"$JS.ACK.{each}.>" for each in own]
    return {f"{API}.{each}": f"{NEIGHBOUR_API}.{each}" for each in asked} | {each: each for each in settled}


def _export(neighbour: Neighbour, service: str) -> str:
    streamed = ", response_type: stream" if ".MSG.NEXT." in service else ""
    return f'{{ service: "{service}"{streamed}, accounts: ["{neighbour.name}"] }}'


def _account(neighbour: Neighbour) -> str:
    services = _services(neighbour)
    imports = [
        f'{{ service: {{ account: {ACCOUNT}, subject: "{ours}" }}, to: "{theirs}" }}'
        for ours, theirs in services.items()
    ]
    user = _user(Grants(publish=tuple(services.values()), subscribe=("_INBOX.>",)), str(neighbour.nkey))
    return f"  {neighbour.name} {{\n    users: {_list([user])}\n    imports: {_list(imports)}\n  }}\n"


def _user(granted: Grants, public_key: str) -> str:
    responds = "allow_responses: true, " if granted.responds else ""
    return (
        f"{{ nkey: {public_key}, permissions: {{ {responds}"
        f"publish: {{ allow: {_quoted(granted.publish)} }}, subscribe: {{ allow: {_quoted(granted.subscribe)} }} }} }}"
    )


def _list(items: Iterable[str]) -> str:
    return "[\n" + "".join(f"      {each}\n" for each in items) + "    ]"


def _quoted(subjects: Iterable[str]) -> str:
    return json.dumps(list(subjects))
