"""The `digi` command: run the unit, look at it, try it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Any, TypeVar

from pydantic import ValidationError

from chassis import Service, Settings, dead_letters, provision, run, telemetry
from chassis.bus import Bus
from chassis.errors import Outcome
from chassis.seal import make_keys
from chassis.settings import ROOT
from services import NAMES

T = TypeVar("T")


def build(name: str, settings: Settings) -> Service:
    """Put one service together."""
    service: Service = import_module(f"services.{name}.app").build(settings)
    return service


def build_all(settings: Settings) -> list[Service]:
    """Put every service together."""
    return [build(name, settings) for name in NAMES]


def consumers() -> dict[str, tuple[str, ...]]:
    """Which services act on each event, by `ce-type`, read off their handlers."""
    found: dict[str, tuple[str, ...]] = {}
    for name in NAMES:
        try:
            handlers = import_module(f"services.{name}.handlers")
        except ModuleNotFoundError as error:
            if error.name != f"services.{name}.handlers":
                raise
            continue  # a service that only publishes
        for heard in handlers.on:
            found[heard.declared.ce_type] = (*found.get(heard.declared.ce_type, ()), name)
    return found


def _announce(address: str) -> None:
    print(f"The unit is open: {address}\n  desk:  {address}/desk\n  Ctrl-C stops it.", flush=True)


def _up(arguments: argparse.Namespace) -> int:
    settings = Settings()
    telemetry.configure_logs(settings.log_level)
    telemetry.start("unit")
    services = build_all(settings)
    how = run.split if arguments.split else run.up
    _run(how(services, settings, _announce))
    return 0


def _loop() -> Any:
    try:
        import uvloop
    except ImportError:  # a platform without it
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def _run(work: Any) -> Any:
    with asyncio.Runner(loop_factory=_loop()) as runner:
        return runner.run(work)


def _alone(arguments: argparse.Namespace) -> int:
    settings = Settings()
    telemetry.configure_logs(settings.log_level)
    telemetry.start(arguments.service)
    if not settings.nats_url:
        print("DIGI_NATS_URL is not set: one service alone needs a bus that runs already", file=sys.stderr)
        return 2
    _run(run.alone(build(arguments.service, settings), settings))
    return 0


def _keys(_arguments: argparse.Namespace) -> int:
    settings = Settings()
    make_keys(settings.keys_dir, list(NAMES))
    print(f"every service has its keys in {settings.keys_dir}")
    return 0


def _on_the_bus(errand: Callable[[Bus, Settings], Awaitable[T]]) -> T:
    """Run an errand of the deployer on the bus of the settings.

    Raises:
        ValueError: the settings name no bus.
        TryLater: nothing answers there.
    """
    settings = Settings()
    telemetry.configure_logs("ERROR")
    if not settings.nats_url:
        raise ValueError("DIGI_NATS_URL is not set: which bus?")

    async def there_and_back() -> T:
        async with run.deployer(settings, settings.nats_url) as bus:
            return await errand(bus, settings)

    done: T = _run(there_and_back())
    return done


async def _provision(bus: Bus, settings: Settings) -> list[str]:
    services = build_all(settings)
    await provision.provision(bus.jetstream(), services)
    return await provision.differences(bus.jetstream(), services)


async def _verify(bus: Bus, settings: Settings) -> list[str]:
    return await provision.differences(bus.jetstream(), build_all(settings))


def _bus(arguments: argparse.Namespace) -> int:
    differences = _on_the_bus(arguments.errand)
    for difference in differences:
        print(difference)
    print("the bus is as the contracts say" if not differences else f"{len(differences)} differences")
    return 1 if differences else 0


LETTER_LINE = "{number:>6}  {at:16}  {fate:8}  {reason:13}  {code:24}  {consumer:40}  {deliveries}"


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


def _contracts(arguments: argparse.Namespace) -> int:
    from contracts import documents

    if arguments.what == "write":
        documents.write(ROOT, consumers())
        return 0
    drift = documents.drift(ROOT, consumers())
    for line in drift:
        print(line)
    if not drift:
        print("schemas, AsyncAPI document and events page are as the classes say")
    return 1 if drift else 0


def _simulate(arguments: argparse.Namespace) -> int:
    from services import simulate

    telemetry.configure_logs("ERROR")
    print(_run(simulate.run_pilot(simulate.Reading(arguments.reading))))
    return 0


def _smoke(arguments: argparse.Namespace) -> int:
    import services.smoke as smoke

    telemetry.configure_logs("ERROR")
    report, missing = _run(smoke.run(arguments.address, arguments.nats))
    print(report)
    return 1 if missing else 0


def _add_bus(bus: argparse.ArgumentParser) -> None:
    whats = bus.add_subparsers(required=True, metavar="what")
    made = whats.add_parser("provision", help="make streams and consumers as the contracts say; safe to repeat")
    made.set_defaults(do=_bus, errand=_provision)
    compared = whats.add_parser("verify", help="say where streams and consumers are not as the contracts say")
    compared.set_defaults(do=_bus, errand=_verify)
    dlq = whats.add_parser("dlq", help="dead letters: what a consumer could not handle")
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


def _web_address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} is no address of a page: http://127.0.0.1:8000")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="digi", description="A county's digital physiotherapy unit.")
    parser.add_argument("--version", action="version", version=version("digiterapia"))
    commands = parser.add_subparsers(required=True, metavar="command")
    up = commands.add_parser("up", help="run the whole unit until Ctrl-C")
    up.add_argument("--split", action="store_true", help="one process per service, a dead one is started again")
    up.set_defaults(do=_up)
    alone = commands.add_parser("run", help="run one service, on the bus of DIGI_NATS_URL")
    alone.add_argument("service", choices=NAMES)
    alone.set_defaults(do=_alone)
    keys = commands.add_parser("keys", help="give every service that has none its pair of sealing keys")
    keys.set_defaults(do=_keys)
    _add_bus(commands.add_parser("bus", help="look after the bus at DIGI_NATS_URL"))
    contracts = commands.add_parser("contracts", help="schemas, AsyncAPI document and events page")
    contracts.add_argument("what", choices=["write", "check"], help="write them, or say where they have drifted")
    contracts.set_defaults(do=_contracts)
    simulate = commands.add_parser("simulate", help="replay a real unit's months through the real services")
    simulate.add_argument("what", choices=["soite-pilot"])
    simulate.add_argument(
        "--reading",
        choices=["minutes-seconds", "decimal-minutes"],
        default="minutes-seconds",
        help="how to read the report's talk times (20,57)",
    )
    simulate.set_defaults(do=_simulate)
    smoke = commands.add_parser("smoke", help="drive one whole journey against a running unit and print its events")
    smoke.add_argument(
        "--address", type=_web_address, default=os.environ.get("DIGI_PUBLIC_URL", "http://127.0.0.1:8000")
    )
    smoke.add_argument("--nats", default=os.environ.get("DIGI_NATS_URL", "nats://127.0.0.1:14222"))
    smoke.set_defaults(do=_smoke)
    return parser


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line; exits with 0 when well, 1 when something is wrong, 2 when asked for the impossible."""
    arguments = _parser().parse_args(words)
    os.umask(0o077)  # what is written here holds people's words and numbers: for this user alone
    try:
        sys.exit(arguments.do(arguments))
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            print(f"settings: {'.'.join(map(str, each['loc'])) or 'together'}: {each['msg']}", file=sys.stderr)
    except (Outcome, OSError, ValueError) as error:
        print(f"digi: {error}", file=sys.stderr)
    sys.exit(2)
