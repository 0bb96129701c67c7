"""`digi bus dlq`: dead letters looked at, sent again, let go."""

from __future__ import annotations

import argparse
from contextlib import closing
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from chassis import Settings, dead_letters
from chassis.db import Database, is_there
from services.portal.neighbours.store import poster_of
from services.saying import Said, command, moment, on_the_bus

LINE = "{number:>6}  {at:16}  {fate:8}  {reason:13}  {code:24}  {consumer:40}  {deliveries}"
HEADS = "number at fate reason code consumer deliveries".split()


def add(dlq: argparse.ArgumentParser) -> None:
    """Declare the commands under `digi bus dlq`."""
    acts = dlq.add_subparsers(required=True, metavar="act")
    listed = command(acts, "list", _list, help="the open ones, oldest first")
    listed.add_argument("--all", action="store_true", help="also those that were replayed or dropped")
    for name, act, meaning in (
        ("show", _show, "one with its envelope and body, as they were published"),
        (
            "replay",
            partial(_settle, dead_letters.replay),
            "publish one again where it was, once its cause is mended; acted on at most once",
        ),
        (
            "drop",
            partial(_settle, dead_letters.drop),
            "let one go: nobody will act on it; it stays to be read for its 180 days",
        ),
    ):
        made = command(acts, name, act, help=meaning)
        made.add_argument("number", type=int, help="as `list` shows it")


def _list(arguments: argparse.Namespace) -> Said:
    found = on_the_bus(lambda bus, _: dead_letters.letters(bus.jetstream()))
    shown = [each.summary() for each in found if arguments.all or each.fate is dead_letters.Fate.OPEN]
    lines = [LINE.format(**{name: name for name in HEADS})] if shown else []
    lines += [LINE.format(**each | {"at": moment(datetime.fromisoformat(each["at"]))}) for each in shown]
    last = f"{'dead letters' if arguments.all else 'open dead letters'}: {len(shown)}"
    return Said("\n".join([*lines, last]), shown)


def _show(arguments: argparse.Namespace) -> Said:
    found = on_the_bus(lambda bus, _: dead_letters.letter(bus.jetstream(), arguments.number))
    body = found.body.decode(errors="replace")
    told = found.summary() | {"posted_by": _posted_by(Settings(), found.headers.get("ce-id", ""))}
    lines = [f"{name}: {'–' if value is None else value}" for name, value in (told | dict(found.headers)).items()]
    return Said("\n".join([*lines, "", body]), told | {"headers": dict(found.headers), "body": body})


def _posted_by(settings: Settings, event_id: str) -> str | None:
    """The neighbour that posted an event, by whom to call; None where it was none, or the portal's database is away."""
    if not is_there(url := settings.database("portal")):
        return None
    try:
        with closing(Database(url, "portal")) as database:
            return database.read(lambda session: poster_of(session, UUID(event_id)))
    except (ValueError, SQLAlchemyError):
        return None


def _settle(errand: dead_letters.Errand, arguments: argparse.Namespace) -> Said:
    settled = on_the_bus(lambda bus, _: errand(bus.jetstream(), arguments.number))
    return Said(f"dead letter {settled.number}: {settled.fate}", settled.summary())
