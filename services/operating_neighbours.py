"""`digi bus accounts|grant|secret|revoke|replay`: other systems of the county, and what each may read and tell."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from chassis import Settings, clock, neighbours, permissions, provision, run
from chassis.bus import OBSERVER, Bus
from chassis.neighbours import Neighbour
from contracts.areas import load_areas
from contracts.base import EVENTS
from services import NAMES
from services import operating_webhooks as webhooks
from services.portal.neighbours.domain import Act
from services.saying import Said, command, day, listed, moment, on_the_bus, shown_day
from services.unit import build_all

LINE = "{name:24}  {what:14}  {waiting:>8}  {events}"


def add(whats: Any) -> None:
    """Declare the commands under `digi bus`."""
    accounts = command(
        whats, "accounts", _accounts, help="who may come to the bus, for what, and how much waits for them"
    )
    accounts.add_argument(
        "--config", action="store_true", help="the accounts of a nats-server, to be included by its own"
    )
    _add_grant(whats)
    secret = command(
        whats,
        "secret",
        _secret,
        help="change the client secret of a system that posts facts, without a gap",
        description="Make a second client secret beside the first and show it once; both open. When the system uses "
        "the new one, --retire drops the old one, and what it has opened closes at once.",
    )
    secret.add_argument("name")
    secret.add_argument("--retire", action="store_true", help="drop the older of its two secrets")
    revoke = command(
        whats, "revoke", _revoke, help="take a grant back; without events, everything: it is a stranger again"
    )
    revoke.add_argument("name")
    revoke.add_argument("events", nargs="*", metavar="EVENT")
    replay = command(
        whats,
        "replay",
        _replay,
        help="let a neighbour read again from a day on",
        description="Let a neighbour read again what it may read, from a day on. It gets facts a second time: the same "
        "ce-id each. Our own services need none: `reconcile` finds what they have missed.",
    )
    replay.add_argument("name")
    replay.add_argument("--since", type=day, metavar="DAY", required=True, help="2026-11-19")


def _add_grant(whats: Any) -> None:
    grant = command(
        whats,
        "grant",
        _grant,
        help="let another system of the county read facts, or tell some",
        description="Let another system of the county read facts, or tell some. What it has been granted before stays, "
        "and what is given now is added; counties are for all of it. "
        "EVENT is a name on docs/events.md (visit_completed), or `pub` for every public event.",
    )
    grant.add_argument("name", help="what the system is called: letters, digits, dashes")
    grant.add_argument("--reads", nargs="+", default=[], metavar="EVENT", help="facts it may read")
    grant.add_argument("--tells", nargs="+", default=[], metavar="EVENT", help="facts it may post to /api/v1/events")
    grant.add_argument(
        "--sends", nargs="+", default=[], choices=list(Act), help="whom it may send: results of assessments, referrals"
    )
    grant.add_argument("--areas", nargs="+", default=[], metavar="AREA", help="only of these counties: 10 18")
    grant.add_argument("--since", type=day, metavar="DAY", help="a new reader begins with this day; else with now")
    grant.add_argument("--nkey", help="its public NKEY (U…); without one a key is made here, to be handed over")
    grant.add_argument("--webhook", metavar="ADDRESS", help="where what it reads is posted, for a system without NATS")


def _accounts(arguments: argparse.Namespace) -> Said:
    settings = Settings()
    if arguments.config:
        config = run.accounts(settings, build_all(settings), neighbours.load(settings.neighbours_dir).values()).rstrip()
        return Said(config, {"config": config})
    shown = on_the_bus(_standing)
    lines = [LINE.format(name="name", what="what", waiting="waiting", events="events")]
    return Said("\n".join([*lines, *map(_line, shown)]), shown)


def _line(each: dict[str, Any]) -> str:
    more = [*(f"tells {key}" for key in each["tells"]), *(f"sends {act}" for act in each.get("sends", ()))]
    events = ", ".join([*each["reads"], *more]) or "–"
    if each.get("areas"):
        events += f" (of {', '.join(each['areas'])})"
    if since := each.get("since"):
        events += f", since {moment(datetime.fromisoformat(since))}"
    waiting = "–" if each["waiting"] is None else each["waiting"]
    return LINE.format(**each | {"events": events, "waiting": waiting})


async def _standing(bus: Bus, settings: Settings) -> list[dict[str, Any]]:
    services = build_all(settings)
    ours = [
        {
            "name": each.name,
            "what": "service",
            "reads": [kind.key for kind, _ in each.handlers.items()],
            "tells": [kind.key for kind in EVENTS.values() if kind.owner == each.name],
        }
        for each in services
    ]
    tools = [{"name": name, "what": "tool", "reads": [], "tells": []} for name in (permissions.DEPLOYER, OBSERVER)]
    found = [each | {"waiting": None} for each in (*ours, *tools)]
    for each in neighbours.load(settings.neighbours_dir).values():
        waiting = await provision.waiting(bus.jetstream(), each)
        what = "posted to" if each.posted else "neighbour"
        found.append(_told(each) | {"what": what, "waiting": waiting})
    return found


def _grant(arguments: argparse.Namespace) -> Said:
    settings = Settings()
    there = neighbours.load(settings.neighbours_dir).get(arguments.name)
    if there and arguments.since:
        raise ValueError(f"{arguments.name} reads already; `digi bus replay` lets it begin again from a day")
    granted = _with_more(there or _new(arguments), arguments)
    _must_be_somebody_else(settings, granted)
    handed: dict[str, str] = {}
    if granted.webhook:
        webhooks.check_address(settings, granted.webhook)
        handed |= webhooks.first_secret(settings, granted.name)
    elif granted.reads and granted.nkey is None:
        folder = settings.keys_dir / "neighbours"
        granted = granted.model_copy(update={"nkey": permissions.make_seeds(folder, [granted.name])[granted.name]})
        handed["key_file"] = str(folder / f"{granted.name}.seed")
    if granted.comes_to_us and not granted.client_secrets:
        granted, secret = _with_secret(granted)
        handed["client_secret"] = secret
    return _settled(settings, granted, handed)


def _must_be_somebody_else(settings: Settings, granted: Neighbour) -> None:
    """Refuse a name or a key that a server would mix up with another's, and a county that nobody has described."""
    if granted.name in (*NAMES, permissions.DEPLOYER, OBSERVER, permissions.ACCOUNT.lower(), "include"):
        raise ValueError(f"{granted.name} is a name of ours: call it something else")
    others = {each.nkey for each in neighbours.load(settings.neighbours_dir).values() if each.name != granted.name}
    ours = {file.stem for file in settings.seeds_dir.glob("*.seed")}
    if granted.nkey and granted.nkey in others | set(permissions.make_seeds(settings.seeds_dir, ours).values()):
        raise ValueError("somebody else has this key: every system has one of its own")
    if strange := set(granted.areas) - set(load_areas(settings.areas_dir, practice=settings.practice)):
        raise ValueError(f"no file describes county {', '.join(sorted(strange))}")


def _new(arguments: argparse.Namespace) -> Neighbour:
    if not (arguments.reads or arguments.tells or arguments.sends):
        raise ValueError(f"what may {arguments.name} do? --reads, --tells or --sends says it")
    return _checked({"name": arguments.name, "since": arguments.since or clock.now()})


def _with_more(before: Neighbour, arguments: argparse.Namespace) -> Neighbour:
    if arguments.areas and not before.areas and (before.reads or before.comes_to_us):
        raise ValueError(f"{before.name} has every county already: revoke it first, then grant it some")
    return _checked(
        before.model_dump()
        | {
            "reads": (*before.reads, *neighbours.keys_of(arguments.reads)),
            "tells": (*before.tells, *neighbours.keys_of(arguments.tells)),
            "sends": tuple(sorted({*before.sends, *arguments.sends})),
            "areas": tuple(sorted({*before.areas, *arguments.areas})),
            "nkey": arguments.nkey or before.nkey,
            "webhook": arguments.webhook or before.webhook,
        }
    )


def _checked(told: dict[str, Any]) -> Neighbour:
    try:
        return Neighbour.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else ""
        own = str(first["msg"]).removeprefix("Value error, ")
        raise ValueError(own if first["type"] == "value_error" else EXPECTED.get(field, own)) from None


EXPECTED = {
    "name": "a name has 2 to 31 small letters, digits and dashes, and begins with a letter",
    "areas": "an area is the two-digit code of a county: 10",
    "nkey": "a public NKEY of a user begins with U and has 56 capital letters and digits",
    "webhook": "a webhook is an address: https://receiver.example/events",
}
"""What an operator should have typed, where a field has a wrong form."""


def _with_secret(neighbour: Neighbour) -> tuple[Neighbour, str]:
    secret, digest = neighbours.new_secret()
    return neighbour.model_copy(update={"client_secrets": (*neighbour.client_secrets, digest)}), secret


HANDED = {
    "key_file": "its key, to be handed over to nobody else: {key_file}",
    "webhook_secret": webhooks.NEW_SECRET,
    "client_secret": "client id: {name}\nclient secret, shown this once: {client_secret}\n"
    "it is for {address}/api/v1/token; docs/doors.md says how to send a result or a referral, "
    "contracts/README.md how to post an event",
}


def _settled(settings: Settings, neighbour: Neighbour, handed: dict[str, str]) -> Said:
    """Let the durables and the file be as the grants now are; say so, and what is to be handed over."""
    if neighbour.reads or neighbour.comes_to_us:
        on_the_bus(lambda bus, _: provision.serve(bus.jetstream(), neighbour))
        neighbours.save(settings.neighbours_dir, neighbour)
    else:  # it is shut out first, also where no bus answers
        neighbours.remove(settings.neighbours_dir, neighbour.name)
        (settings.keys_dir / "neighbours" / f"{neighbour.name}.seed").unlink(missing_ok=True)  # granted anew, a new key
        webhooks.secrets(settings).forget(neighbour.name)
        on_the_bus(lambda bus, _: provision.serve(bus.jetstream(), neighbour))
    lines = [_handed_over(settings, neighbour.name, {what: value}) for what, value in handed.items()]
    lines += [f"{neighbour.name} reads {listed(neighbour.reads)}", f"{neighbour.name} tells {listed(neighbour.tells)}"]
    if neighbour.sends:
        lines.append(f"{neighbour.name} sends {listed(neighbour.sends)}")
    if neighbour.areas:
        lines.append(f"  of {listed(neighbour.areas)}")
    lines.append(
        "the bus of `make run` knows within seconds; to any other give `digi bus accounts --config` and reload it twice"
    )
    return Said("\n".join(lines), _told(neighbour) | handed)


def _handed_over(settings: Settings, name: str, handed: dict[str, str]) -> str:
    (what,) = handed
    return HANDED[what].format(name=name, address=settings.base_url, **handed)


def _told(neighbour: Neighbour) -> dict[str, Any]:
    return neighbour.model_dump(mode="json", include={"name", "reads", "tells", "sends", "areas", "since", "webhook"})


def _secret(arguments: argparse.Namespace) -> Said:
    settings = Settings()
    before = neighbours.one(settings.neighbours_dir, arguments.name)
    if not before.comes_to_us:
        raise ValueError(f"{before.name} may tell nothing: `digi bus grant {before.name} --tells` makes its secret")
    return _retired(settings, before) if arguments.retire else _second(settings, before)


def _retired(settings: Settings, before: Neighbour) -> Said:
    if len(before.client_secrets) < neighbours.SECRETS:
        raise ValueError(f"{before.name} has no second secret: `digi bus secret {before.name}` makes one first")
    neighbours.save(settings.neighbours_dir, before.model_copy(update={"client_secrets": before.client_secrets[1:]}))
    return Said(f"the old secret of {before.name} opens nothing any more", {"name": before.name, "secrets": 1})


def _second(settings: Settings, before: Neighbour) -> Said:
    if len(before.client_secrets) >= neighbours.SECRETS:
        raise ValueError(f"{before.name} has two secrets already: retire the older one first (--retire)")
    both, secret = _with_secret(before)
    neighbours.save(settings.neighbours_dir, both)
    handed = {"client_secret": secret}
    until = f"its other secret opens until `digi bus secret {before.name} --retire`"
    return Said(f"{_handed_over(settings, before.name, handed)}\n{until}", {"name": before.name} | handed)


def _revoke(arguments: argparse.Namespace) -> Said:
    settings = Settings()
    before = neighbours.one(settings.neighbours_dir, arguments.name)
    everything = {*before.reads, *before.tells, *before.sends}
    gone = _granted_as(before, arguments.events) if arguments.events else everything
    left = before.model_copy(
        update={
            "reads": tuple(key for key in before.reads if key not in gone),
            "tells": tuple(key for key in before.tells if key not in gone),
            "sends": tuple(act for act in before.sends if act not in gone),
        }
    )
    if not left.comes_to_us:
        left = left.model_copy(update={"client_secrets": ()})
    return _settled(settings, left, {})


def _granted_as(before: Neighbour, words: Iterable[str]) -> set[str]:
    """The grants an operator means: by key, by name in whatever version, `pub` for every public one, acts by word."""
    gone: set[str] = set()
    for word in words:
        kinds = [neighbours.kind_of(key) for key in (*before.reads, *before.tells)]
        meant = {each.key for each in kinds if word in (each.key, each.name) or (word == "pub" and each.public)}
        meant |= {word} & {*before.sends}
        if not meant:
            raise ValueError(f"{before.name} was not granted {word}")
        gone |= meant
    return gone


def _replay(arguments: argparse.Namespace) -> Said:
    settings = Settings()
    again = neighbours.one(settings.neighbours_dir, arguments.name).model_copy(update={"since": arguments.since})
    on_the_bus(lambda bus, _: provision.serve(bus.jetstream(), again, anew=True))
    neighbours.save(settings.neighbours_dir, again)
    if again.webhook:
        webhooks.send_again(settings, again.name, since=arguments.since)
    return Said(f"{again.name} reads again from {shown_day(arguments.since)} on: {listed(again.reads)}", _told(again))
