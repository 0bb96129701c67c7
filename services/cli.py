"""The `digi` command: run the unit, look at it, try it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from pydantic import ValidationError

from chassis import Settings, clock, event_loop, run, telemetry
from chassis.calendar import HELSINKI
from chassis.errors import Outcome
from chassis.seal import make_keys
from chassis.settings import ROOT
from services import NAMES
from services.unit import build, build_all, consumers, schemas


def _announce(address: str) -> None:
    print(f"The unit is open: {address}\n  desk:  {address}/desk\n  Ctrl-C stops it.", flush=True)


def _up(arguments: argparse.Namespace) -> int:
    settings = Settings()
    telemetry.configure_logs(settings.log_level)
    telemetry.start("unit")
    services = build_all(settings)
    how = run.split if arguments.split else run.up
    event_loop.run(how(services, settings, _announce))
    return 0


def _alone(arguments: argparse.Namespace) -> int:
    settings = Settings()
    telemetry.configure_logs(settings.log_level)
    telemetry.start(arguments.service)
    if not settings.nats_url:
        print("DIGI_NATS_URL is not set: one service alone needs a bus that runs already", file=sys.stderr)
        return 2
    event_loop.run(run.alone(build(arguments.service, settings), settings))
    return 0


def _keys(_arguments: argparse.Namespace) -> int:
    settings = Settings()
    make_keys(settings.keys_dir, list(NAMES))
    print(f"every service has its keys in {settings.keys_dir}")
    return 0


def _write_contracts(_arguments: argparse.Namespace) -> int:
    from contracts import documents

    documents.write(ROOT, consumers())
    for path, text in schemas().items():
        path.write_text(text, encoding="utf-8")
    return 0


def _check_contracts(arguments: argparse.Namespace) -> int:
    if arguments.file:
        from contracts import check

        return check.main([arguments.file])
    from contracts import documents

    drift = documents.drift(ROOT, consumers())
    for path, text in schemas().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            drift.append(f"{path.relative_to(ROOT)}: differs from what the classes say, run `make contracts`")
    for line in drift:
        print(line)
    if not drift:
        print("schemas, AsyncAPI document, events page and golden files are as the classes say")
    return 1 if drift else 0


def _release_contracts(arguments: argparse.Namespace) -> int:
    from contracts import documents

    today = clock.now().astimezone(HELSINKI).date()
    for path in documents.release(ROOT, consumers(), arguments.version, on=today):
        print(path)
    return 0


def _simulate(arguments: argparse.Namespace) -> int:
    from services import simulate

    telemetry.configure_logs("ERROR")
    print(event_loop.run(simulate.run_pilot(simulate.Reading(arguments.reading))))
    return 0


def _smoke(arguments: argparse.Namespace) -> int:
    import services.smoke as smoke

    telemetry.configure_logs("ERROR")
    report, missing = event_loop.run(smoke.run(arguments.address, arguments.nats))
    print(report)
    return 1 if missing else 0


def _web_address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} is no address of a page: http://127.0.0.1:8000")
    return text


def _add_contracts(contracts: argparse.ArgumentParser) -> None:
    whats = contracts.add_subparsers(required=True, metavar="what")
    written = whats.add_parser("write", help="write schemas, AsyncAPI document, events page and golden files")
    written.set_defaults(do=_write_contracts)
    checked = whats.add_parser(
        "check",
        help="check a file of events, or without one whether the documents are as the classes say",
        description="Check a file of events offline, one a line: a CloudEvent in structured mode, or an object of "
        '"headers" and "body" as on the bus. What is refused has its line and a stable code; the exit code is then 1. '
        "Without a file: whether the committed documents are what the classes say.",
    )
    checked.add_argument("file", nargs="?", help="events.jsonl")
    checked.set_defaults(do=_check_contracts)
    released = whats.add_parser("release", help="keep the schemas neighbours have from now on; never overwrites")
    released.add_argument("version", help="0.2.0")
    released.set_defaults(do=_release_contracts)


OPERATING = {
    "bus": ("services.operating", "look after the bus at DIGI_NATS_URL"),
    "triage": ("services.operating_triage", "look at a rule table before it takes effect"),
    "vault": ("services.operating_vault", "look after the keys of the identity vault"),
}
"""An operator's commands. Their code is read when one is typed: it would add half to the start of every service."""


def _parser(typed: str) -> argparse.ArgumentParser:
    """Everything that can be typed, in full where it begins as `typed`."""
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
    for name, (module, about) in OPERATING.items():
        command = commands.add_parser(name, help=about)
        if name == typed:
            import_module(module).add(command)
    _add_contracts(commands.add_parser("contracts", help="the published language: its documents, releases, a checker"))
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
    words = sys.argv[1:] if words is None else words
    arguments = _parser(next(iter(words), "")).parse_args(words)
    os.umask(0o077)  # what is written here holds people's words and numbers: for this user alone
    try:
        sys.exit(arguments.do(arguments))
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            print(f"settings: {'.'.join(map(str, each['loc'])) or 'together'}: {each['msg']}", file=sys.stderr)
    except (Outcome, OSError, ValueError) as error:
        print(f"digi: {error}", file=sys.stderr)
    sys.exit(2)
