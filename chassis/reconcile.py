"""Outbox, stream and inbox held against each other: what is missing is named, and can be put back.

The databases are the truth. A stream that has lost facts is rebuilt from the outboxes, which keep them for a day; a
service whose database was restored, and which has forgotten what it acknowledged, is told again. Nothing is doubled: a
fact that the stream has is not published again, and who has acted on a fact knows its id.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any

from nats.js.api import RawStreamMsg
from nats.js.client import JetStreamContext
from sqlalchemy import select
from sqlmodel import Session

from chassis import dead_letters, provision
from chassis.bus import PUBLIC_STREAM, STREAM
from chassis.db import Database, is_there
from chassis.outbox import mark_published
from chassis.reading import messages
from chassis.service import Service
from chassis.settings import Settings
from chassis.tables import inbox, outbox
from contracts.base import EventType
from contracts.versions import readable_as


@dataclass(frozen=True, slots=True)
class Told:
    """A row of an outbox."""

    service: str
    row: int
    event_id: str
    subject: str
    headers: Mapping[str, str]
    body: bytes
    place: int | None
    """Its sequence in the stream, as the stream was then; None: it is still to be published."""

    @property
    def stream(self) -> str:
        """The stream that should have it."""
        return provision.stream_of(self.subject)


@dataclass(frozen=True, slots=True)
class Missed:
    """A fact that a consumer has acknowledged and knows nothing of."""

    durable: str
    event_id: str
    subject: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Report:
    """What was found."""

    told: dict[str, int] = field(default_factory=dict)
    """Rows compared, by service."""
    waiting: dict[str, int] = field(default_factory=dict)
    """Rows the bus has not had yet, by service: their relay will see to them."""
    lost: list[Told] = field(default_factory=list)
    """Rows the bus has had and has no more, in the order in which it had them."""
    missed: list[Missed] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return not self.lost and not self.missed


async def run(
    bus: JetStreamContext, settings: Settings, services: Sequence[Service], *, repair: bool
) -> tuple[Report, int]:
    """Compare what these services of an installation have; put back what is missing if asked to, and look again.

    Returns:
        What is missing still, and how many messages were put back.

    Raises:
        ValueError: a service has no database at the address of the settings.
    """
    with databases(settings, services) as opened:
        report = await compare(bus, services, opened)
        if not repair or report.whole:
            return report, 0
        done = await put_back(bus, report, opened)
        return await compare(bus, services, opened), done


@contextmanager
def databases(settings: Settings, services: Sequence[Service]) -> Iterator[dict[str, Database]]:
    """Every service's database, which must be there already."""
    with ExitStack() as stack:
        opened: dict[str, Database] = {}
        for each in services:
            url = settings.database(each.name)
            if not is_there(url):
                raise ValueError(f"{each.name} has no database at {url}: is DIGI_DATA_DIR that of the unit?")
            opened[each.name] = stack.enter_context(closing(Database(url, each.name)))
        yield opened


async def compare(bus: JetStreamContext, services: Sequence[Service], databases: Mapping[str, Database]) -> Report:
    """Hold every outbox against the streams, and the stream of facts against every inbox. Changes nothing.

    Work may go on meanwhile: outboxes are read before streams, and where consumers stand before what they acted on, so
    what happens in between is taken neither for lost nor for missed.
    """
    report = Report()
    rows: list[Told] = []
    set_aside: set[tuple[str, str]] = set()
    for service in services:
        told = await databases[service.name].look(partial(_told, service=service.name))
        had = [row for row in told if row.place is not None]
        report.told[service.name], report.waiting[service.name] = len(had), len(told) - len(had)
        rows += had
        set_aside |= {_letter(row.headers) for row in told}
    known: dict[str, set[str]] = {}
    for stream in (dead_letters.STREAM, PUBLIC_STREAM):
        known[stream] = set()
        async for message in messages(bus, stream):
            known[stream] |= _ids(message)
            set_aside.add(_letter(message.headers or {}))
    readers = [await _reader(bus, databases[each.name], kind, each.name) for each in services for kind in _heard(each)]
    known[STREAM] = set()
    async for message in messages(bus, STREAM):
        known[STREAM] |= _ids(message)
        report.missed += [_missed(reader, message) for reader in readers if reader.missed(message, set_aside)]
    lost = (row for row in rows if not known[row.stream] & {row.event_id, _fact(row.headers)})
    report.lost = sorted(lost, key=attrgetter("place"))
    return report


async def put_back(bus: JetStreamContext, report: Report, databases: Mapping[str, Database]) -> int:
    """Put back what a report names; returns how many messages the streams took. Safe to repeat, and to break off.

    A server that remembers an id takes nothing under it, for ten minutes, also when its stream was purged meanwhile.

    Lost rows come back with the bytes, ids and order they had. A missed fact is published once more for the consumer
    that missed it; every other one knows its id.
    """
    taken = 0
    for row in report.lost:
        stored = await bus.publish(row.subject, row.body, headers=dict(row.headers))
        if stored.duplicate:
            continue
        taken += 1
        place = {"row": row.row, "sequence": stored.seq}
        await databases[row.service].transact(partial(mark_published, taken=[place]))
    again = {each.event_id: each for each in report.missed}  # one copy serves every consumer that missed it
    for each in again.values():
        headers = {name: value for name, value in each.headers.items() if not name.startswith("Nats-")}
        stored = await bus.publish(
            each.subject, each.body, headers={**headers, "Nats-Msg-Id": f"again-{each.event_id}"}
        )
        taken += not stored.duplicate
    return taken


@dataclass(frozen=True, slots=True)
class _Reader:
    """A consumer of ours: what it reads, how far it has settled everything, what it has acted on."""

    durable: str
    ce_types: frozenset[str]
    floor: int
    acted_on: frozenset[str]

    def missed(self, message: RawStreamMsg, set_aside: Container[tuple[str, str]]) -> bool:
        """Whether it has acknowledged this message without acting on it or setting it aside."""
        headers = message.headers or {}
        if headers.get("ce-type") not in self.ce_types or (message.seq or 0) > self.floor:
            return False
        event_id = headers.get("ce-id", "")
        return event_id not in self.acted_on and (self.durable, event_id) not in set_aside


async def _reader(bus: JetStreamContext, database: Database, kind: EventType, service: str) -> _Reader:
    durable = kind.durable(service)
    info = await provision.consumer(bus, STREAM, durable)
    floor = int(info.ack_floor.stream_seq) if info and info.ack_floor else 0
    acted_on = await database.look(lambda session: _acted_on(session, durable))
    return _Reader(durable, frozenset(each.ce_type for each in readable_as(kind)), floor, acted_on)


def _heard(service: Service) -> list[EventType]:
    return [kind for kind, _ in service.handlers.items()]


def _missed(reader: _Reader, message: RawStreamMsg) -> Missed:
    headers = dict(message.headers or {})
    return Missed(reader.durable, headers.get("ce-id", ""), str(message.subject), headers, message.data or b"")


def _told(session: Session, service: str) -> list[Told]:
    rows = session.connection().execute(select(outbox).order_by(outbox.c.id)).all()
    return [
        Told(service, row.id, row.event_id, row.subject, json.loads(row.headers), bytes(row.payload), _place(row))
        for row in rows
    ]


def _place(row: Any) -> int | None:
    if row.published_at is None:
        return None
    return int(row.stream_sequence or 0)


def _acted_on(session: Session, durable: str) -> frozenset[str]:
    these = select(inbox.c.event_id).where(inbox.c.consumer == durable)
    return frozenset(session.connection().execute(these).scalars())


def _letter(headers: Mapping[str, str]) -> tuple[str, str]:
    """Which consumer has set which event aside, if this is a dead letter."""
    return headers.get("dlq-consumer", ""), headers.get("ce-id", "")


def _ids(message: RawStreamMsg) -> set[str]:
    """By what a message is known to be there: under its own id, or sent again under another."""
    headers = message.headers or {}
    return {headers.get("Nats-Msg-Id", ""), _fact(headers)}


def _fact(headers: Mapping[str, str]) -> str:
    return f"{headers.get('ce-id')} {headers.get('ce-type')}"
