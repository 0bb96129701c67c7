"""`digi bus`: what operators do to the bus. Output for a person; `--json` where a program may want to read it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from pydantic import ValidationError

from chassis import Settings, clock, dead_letters, event_loop, neighbours, permissions, provision, run, telemetry
from chassis.bus import Bus
from chassis.calendar import HELSINKI
from chassis.neighbours import Neighbour
from services import operating_webhooks as webhooks
from services import reconciling
from services.unit import build_all

T = TypeVar("T")
LETTER_LINE = "{number:>6}  {at:16}  {fate:8}  {reason:13}  {code:24}  {consumer:40}  {deliveries}"
SECRETS = 2
"""Client secrets of one system: one, and for a while the one that takes over from it."""
ACCOUNT_LINE = "{name:24}  {what:14}  {waiting:>8}  {events}"


def add(bus: argparse.ArgumentParser) -> None:
    """Declare the commands under `digi bus`."""
    whats = bus.add_subparsers(required=True, metavar="what")
    made = whats.add_parser("provision", help="make streams and consumers as the contracts say; safe to repeat")
    made.set_defaults(do=_compared, errand=_provision)
    compared = whats.add_parser("verify", help="say where streams and consumers are not as the contracts say")
    compared.set_defaults(do=_compared, errand=_verify)
    reconciling.add(whats).set_defaults(do=_reconcile)
    _add_neighbours(whats)
    webhooks.add(whats, _day)
    _add_dead_letters(whats.add_parser("dlq", help="dead letters: what a consumer could not handle"))


def _add_neighbours(whats: Any) -> None:
    listed = whats.add_parser("accounts", help="who may come to the bus, for what, and how much waits for them")
    listed.add_argument("--json", action="store_true", help="for a program to read")
    listed.add_argument(
        "--config", action="store_true", help="the accounts of a nats-server, to be included by its own"
    )
    listed.set_defaults(do=_accounts)
    grant = whats.add_parser(
        "grant",
        help="let another system of the county read facts, or tell some",
        description="Let another system of the county read facts, or tell some. What it has been granted before stays. "
        "EVENT is a name on docs/events.md (visit_completed), or `pub` for every public event.",
    )
    grant.add_argument("name", help="what the system is called: letters, digits, dashes")
    grant.add_argument("--reads", nargs="+", default=[], metavar="EVENT", help="facts it may read")
    grant.add_argument("--tells", nargs="+", default=[], metavar="EVENT", help="facts it may post to /api/v1/events")
    grant.add_argument("--areas", nargs="+", default=[], metavar="AREA", help="only of these counties: 10 18")
    grant.add_argument("--since", type=_day, metavar="DAY", help="a new reader begins with this day; else with today")
    grant.add_argument("--nkey", help="its public NKEY (U…); without one a key is made here, to be handed over")
    grant.add_argument("--webhook", metavar="ADDRESS", help="where what it reads is posted, for a system without NATS")
    grant.set_defaults(do=_grant)
    secret = whats.add_parser(
        "secret",
        help="change the client secret of a system that posts facts, without a gap",
        description="Make a second client secret beside the first and show it once; both open. When the system uses "
        "the new one, --retire drops the old one, and what it has opened closes at once.",
    )
    secret.add_argument("name")
    secret.add_argument("--retire", action="store_true", help="drop the older of its two secrets")
    secret.set_defaults(do=_secret)
    revoke = whats.add_parser("revoke", help="take a grant back; without events, everything: it is a stranger again")
    revoke.add_argument("name")
    revoke.add_argument("events", nargs="*", metavar="EVENT")
    revoke.set_defaults(do=_revoke)
    replay = whats.add_parser(
        "replay",
        help="let a neighbour read again from a day on",
        description="Let a neighbour read again what it may read, from a day on. It gets facts a second time: the same "
        "ce-id each. Our own services need none: `reconcile` finds what they have missed.",
    )
    replay.add_argument("name")
    replay.add_argument("--since", type=_day, metavar="DAY", required=True, help="2026-11-19")
    replay.set_defaults(do=_replay)


def _add_dead_letters(dlq: argparse.ArgumentParser) -> None:
    acts = dlq.add_subparsers(required=True, metavar="act")
    listed = acts.add_parser("list", help="the open ones, oldest first")
    listed.add_argument("--all", action="store_true", help="also those that were replayed or dropped")
    listed.add_argument("--json", action="store_true", help="for a program to read")
    listed.set_defaults(do=_letters)
    for name, how, meaning in (
        ("show", {"do": _letter}, "one with its envelope and body, as they were published"),
        (
            "replay",
            {"do": _settle, "errand": dead_letters.replay},
            "publish one again where it was, once its cause is mended; acted on at most once",
        ),
        (
            "drop",
            {"do": _settle, "errand": dead_letters.drop},
            "let one go: nobody will act on it; it stays to be read for its 180 days",
        ),
    ):
        act = acts.add_parser(name, help=meaning)
        act.add_argument("number", type=int, help="as `list` shows it")
        act.set_defaults(**how)


def _day(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=HELSINKI).astimezone(UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: 2026-11-19") from None


def _on_the_bus(errand: Callable[[Bus, Settings], Awaitable[T]]) -> T:
    """Run an errand of the deployer on the bus of the settings.

    Raises:
        ValueError: the settings name no bus.
        TryLater: nothing answers there.
    """
    settings = Settings()
    telemetry.configure_logs("ERROR")
    if not settings.nats_url:
        raise ValueError("DIGI_NATS_URL is not set: which bus? That of `make run` is nats://127.0.0.1:14222")

    async def there_and_back() -> T:
        async with run.deployer(settings, settings.nats_url) as bus:
            return await errand(bus, settings)

    return event_loop.run(there_and_back())


async def _provision(bus: Bus, settings: Settings) -> list[str]:
    services = build_all(settings)
    await provision.provision(bus.jetstream(), services, neighbours.load(settings.neighbours_dir).values())
    return await provision.differences(bus.jetstream(), services)


async def _verify(bus: Bus, settings: Settings) -> list[str]:
    return await provision.differences(bus.jetstream(), build_all(settings))


def _compared(arguments: argparse.Namespace) -> int:
    differences = _on_the_bus(arguments.errand)
    for difference in differences:
        print(difference)
    print("the bus is as the contracts say" if not differences else f"{len(differences)} differences")
    return 1 if differences else 0


def _reconcile(arguments: argparse.Namespace) -> int:
    report, put_back = _on_the_bus(partial(reconciling.reconciled, repair=arguments.repair))
    print((reconciling.as_json if arguments.json else reconciling.as_text)(report, put_back))
    return 0 if report.whole or arguments.repair else 1


# Neighbours


def _accounts(arguments: argparse.Namespace) -> int:
    settings = Settings()
    if arguments.config:
        print(run.accounts(settings, build_all(settings)), end="")
        return 0
    shown = _on_the_bus(_standing)
    if arguments.json:
        print(json.dumps(shown, indent=1))
        return 0
    print(ACCOUNT_LINE.format(name="name", what="what", waiting="waiting", events="events"))
    for each in shown:
        events = ", ".join([*each["reads"], *(f"tells {key}" for key in each["tells"])])
        print(ACCOUNT_LINE.format(**each | {"events": events or "–", "waiting": _or_dash(each["waiting"])}))
    return 0


def _or_dash(number: int | None) -> str:
    return "–" if number is None else str(number)


async def _standing(bus: Bus, settings: Settings) -> list[dict[str, Any]]:
    services = build_all(settings)
    ours = [
        {"name": each.name, "what": "service", "reads": [kind.key for kind, _ in each.handlers.items()], "tells": []}
        for each in services
    ]
    tools = [
        {"name": name, "what": "tool", "reads": [], "tells": []}
        for name in (permissions.DEPLOYER, permissions.OBSERVER)
    ]
    found = [each | {"waiting": None} for each in (*ours, *tools)]
    for each in neighbours.load(settings.neighbours_dir).values():
        waiting = await provision.waiting(bus.jetstream(), each)
        told = each.model_dump(mode="json", include={"name", "reads", "tells", "areas", "since"})
        found.append(told | {"what": "neighbour", "waiting": waiting})
    return found


def _grant(arguments: argparse.Namespace) -> int:
    settings = Settings()
    there = neighbours.load(settings.neighbours_dir).get(arguments.name)
    before = there or _checked({"name": arguments.name, "since": arguments.since or clock.now()})
    if there and arguments.since:
        raise ValueError(f"{arguments.name} reads already; `digi bus replay` lets it begin again from a day")
    granted = _checked(
        before.model_dump()
        | {
            "reads": (*before.reads, *neighbours.keys_of(arguments.reads)),
            "tells": (*before.tells, *neighbours.keys_of(arguments.tells)),
            "areas": tuple(arguments.areas) or before.areas,
            "nkey": arguments.nkey or before.nkey,
            "webhook": arguments.webhook or before.webhook,
        }
    )
    if granted.webhook:
        webhooks.check_address(settings, granted.webhook)
        webhooks.first_secret(settings, granted.name)
    elif granted.reads and granted.nkey is None:
        file = settings.keys_dir / "neighbours"
        key = permissions.make_seeds(file, [granted.name])[granted.name]
        granted = granted.model_copy(update={"nkey": key})
        print(f"its key, to be handed over to nobody else: {file / granted.name}.seed")
    secret = None
    if granted.tells and not granted.client_secrets:
        granted, secret = _with_secret(granted)
    _settle_grants(settings, granted)
    if secret:
        _hand_over(settings, granted.name, secret)
    return 0


def _checked(told: dict[str, Any]) -> Neighbour:
    try:
        return Neighbour.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _with_secret(neighbour: Neighbour) -> tuple[Neighbour, str]:
    secret, digest = neighbours.new_secret()
    return neighbour.model_copy(update={"client_secrets": (*neighbour.client_secrets, digest)}), secret


def _hand_over(settings: Settings, name: str, secret: str) -> None:
    print(f"client id: {name}\nclient secret, shown this once: {secret}")
    print(f"it is for {settings.base_url}/api/v1/token; contracts/README.md says how to post")


def _secret(arguments: argparse.Namespace) -> int:
    settings = Settings()
    before = neighbours.one(settings.neighbours_dir, arguments.name)
    if not before.tells:
        raise ValueError(f"{before.name} may tell nothing: `digi bus grant {before.name} --tells` makes its secret")
    if arguments.retire:
        if len(before.client_secrets) < SECRETS:
            raise ValueError(f"{before.name} has no second secret: `digi bus secret {before.name}` makes one first")
        neighbours.save(
            settings.neighbours_dir, before.model_copy(update={"client_secrets": before.client_secrets[1:]})
        )
        print(f"the old secret of {before.name} opens nothing any more")
        return 0
    if len(before.client_secrets) >= SECRETS:
        raise ValueError(f"{before.name} has two secrets already: retire the older one first (--retire)")
    both, secret = _with_secret(before)
    neighbours.save(settings.neighbours_dir, both)
    _hand_over(settings, before.name, secret)
    print(f"its other secret opens until `digi bus secret {before.name} --retire`")
    return 0


def _revoke(arguments: argparse.Namespace) -> int:
    settings = Settings()
    before = neighbours.one(settings.neighbours_dir, arguments.name)
    gone = set(neighbours.keys_of(arguments.events)) if arguments.events else {*before.reads, *before.tells}
    left = before.model_copy(
        update={
            "reads": tuple(key for key in before.reads if key not in gone),
            "tells": tuple(key for key in before.tells if key not in gone),
        }
    )
    if not left.tells:
        left = left.model_copy(update={"client_secrets": ()})
    _settle_grants(settings, left)
    return 0


def _settle_grants(settings: Settings, neighbour: Neighbour) -> None:
    """Let the durables and the file be as the grants now are."""
    _on_the_bus(lambda bus, _: provision.serve(bus.jetstream(), neighbour))
    if neighbour.reads or neighbour.tells:
        neighbours.save(settings.neighbours_dir, neighbour)
    else:
        neighbours.remove(settings.neighbours_dir, neighbour.name)
        webhooks.secrets(settings).forget(neighbour.name)
    for what, keys in (("reads", neighbour.reads), ("tells", neighbour.tells)):
        print(f"{neighbour.name} {what} {_listed(keys)}")
    if neighbour.areas:
        print(f"  of {_listed(neighbour.areas)}")
    print(
        "the bus of `make run` knows within seconds; to any other give `digi bus accounts --config` and reload it twice"
    )


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "nothing"


def _replay(arguments: argparse.Namespace) -> int:
    settings = Settings()
    again = neighbours.one(settings.neighbours_dir, arguments.name).model_copy(update={"since": arguments.since})
    _on_the_bus(lambda bus, _: provision.serve(bus.jetstream(), again, anew=True))
    neighbours.save(settings.neighbours_dir, again)
    if again.webhook:
        webhooks.send_again(settings, again.name, since=arguments.since)
    print(f"{again.name} reads again from {arguments.since.astimezone(HELSINKI):%Y-%m-%d} on: {_listed(again.reads)}")
    return 0


# Dead letters


def _letters(arguments: argparse.Namespace) -> int:
    found = _on_the_bus(lambda bus, _: dead_letters.letters(bus.jetstream()))
    shown = [each.summary() for each in found if arguments.all or each.fate is dead_letters.Fate.OPEN]
    if arguments.json:
        print(json.dumps(shown, indent=1))
        return 0
    if shown:
        heads = "number at fate reason code consumer deliveries".split()
        print(LETTER_LINE.format(**{name: name for name in heads}))
    for each in shown:
        print(LETTER_LINE.format(**each | {"at": each["at"][:16].replace("T", " ")}))
    print(f"{'dead letters' if arguments.all else 'open dead letters'}: {len(shown)}")
    return 0


def _settle(arguments: argparse.Namespace) -> int:
    settled = _on_the_bus(lambda bus, _: arguments.errand(bus.jetstream(), arguments.number))
    print(f"dead letter {settled.number}: {settled.fate}")
    return 0


def _letter(arguments: argparse.Namespace) -> int:
    found = _on_the_bus(lambda bus, _: dead_letters.letter(bus.jetstream(), arguments.number))
    for name, value in (found.summary() | dict(found.headers)).items():
        print(f"{name}: {value}")
    print(f"\n{found.body.decode(errors='replace')}")
    return 0
