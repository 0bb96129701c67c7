"""The smallest service: it hears `Called`, keeps it and tells `Echoed`. How it goes is said by the call itself.

Its language is not in the registry of contracts: nothing made from the registry knows it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import registry
from sqlmodel import Field, Session, SQLModel, func, select

from chassis import Answers, Handlers, Hint, Refused, Service, Settings, Transaction, TryLater, Unprocessable
from chassis.db import prepared
from chassis.envelope import headers_for
from chassis.inbox import Received
from chassis.running import Running
from chassis.tables import UtcInstant
from contracts.base import Ask, AskType, Code, Event, EventType, Id, Kind, View
from tests.stack import Stack


class EchoTable(SQLModel, registry=registry()):
    """Tables of the echo service."""


class Echo(EchoTable, table=True):
    """A call that was kept."""

    call_id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcInstant)


tables = EchoTable.metadata


class Called(Event):
    """Somebody called."""

    call_id: Id
    how: Code = "well"


Called.declared = EventType(Called, "hill", 1, "call_id", None)


class Echoed(Event):
    """The call came back."""

    call_id: Id


Echoed.declared = EventType(Echoed, "echo", 1, "call_id", None)


class Count(View):
    """How many calls are known."""

    echoes: int


class Call(Ask[Count]):
    """Call once, and hear how many there are now. Refused: `no-echo`."""

    call_id: Id
    how: Code = "well"


Call.asked = AskType(Call, Kind.COMMAND, "echo", 1, Count)


class GetCount(Ask[Count]):
    """How many there are; looking is audited."""

    call_id: Id
    how: Code = "well"


GetCount.asked = AskType(GetCount, Kind.QUERY, "echo", 1, Count)


@dataclass
class Valley:
    """Where echoes come from: a call that goes `slowly` waits here until it is let go."""

    entered: threading.Event = field(default_factory=threading.Event)
    leave: threading.Event = field(default_factory=threading.Event)


on = Handlers()
answers = Answers()
_KEEP = prepared(Echo)


@on(Called)
def echo(fact: Called, tx: Transaction, valley: Valley) -> None:
    """Keep the call, then let it go as it says."""
    tx.write(_KEEP, call_id=fact.call_id, at=tx.now)
    tx.hint(contact=fact.call_id)
    if fact.how == "counted":
        _go("well" if fact.call_id in known(tx.session) else "bug")
    if fact.how == "slowly":
        valley.entered.set()
        valley.leave.wait(30)
    if fact.how == "naive":  # only the database says no, and only when it is asked to keep it
        tx.session.add(Echo(call_id=uuid4(), at=tx.now.replace(tzinfo=None)))
    if fact.how == "wordy":  # more than a column takes; SQLite takes it
        tx.audit("read" * 100, whom=fact.call_id, what="what" * 100)
    _go(fact.how)
    tx.publish(Echoed(area=fact.area, call_id=fact.call_id))
    if fact.how == "twice":
        tx.publish(Echoed(area=fact.area, call_id=fact.call_id))


def _go(how: str) -> None:
    outcomes: dict[str, Exception] = {
        "refused": Refused("no-echo", "the rock is too soft"),
        "unprocessable": Unprocessable("not-a-call", "this was no call"),
        "later": TryLater("fog", "wait until one sees"),
        "bug": ZeroDivisionError("rocks fell"),
    }
    if how in outcomes:
        raise outcomes[how]


@answers(Call)
def call(ask: Call, tx: Transaction) -> Count:
    tx.session.add(Echo(call_id=ask.call_id, at=tx.now))
    tx.session.flush()
    _go(ask.how)
    tx.publish(Echoed(area="10", call_id=ask.call_id))
    tx.hint(contact=ask.call_id)
    return Count(echoes=how_many(tx.session))


@answers(GetCount)
def get_count(ask: GetCount, tx: Transaction) -> Count:
    _go(ask.how)
    tx.audit("read", whom=ask.call_id, what="number of calls")
    return Count(echoes=how_many(tx.session))


def how_many(session: Session) -> int:
    return session.exec(select(func.count()).select_from(Echo)).one()


def known(session: Session) -> set[UUID]:
    """Ids of the calls that are kept."""
    return set(session.exec(select(Echo.call_id)).all())


def build(settings: Settings, valley: Valley | None = None) -> Service:
    """Echo. Hears Called, tells Echoed."""
    return Service(
        name="echo",
        settings=settings,
        handlers=on,
        answers=answers,
        tables=tables,
        provides=[valley or Valley()],
    )


def called(how: str = "well", **over: Any) -> Called:
    return Called(**{"area": "10", "call_id": uuid4(), "how": how} | over)


def received(fact: Called, *, sequence: int = 1, deliveries: int = 1, event_id: str = "", **over: Any) -> Received:
    """The fact as the bus delivers it; single headers and the body can be said otherwise."""
    headers = headers_for(
        fact,
        event_id=event_id or str(uuid4()),
        at=datetime.fromisoformat("2026-11-24T08:00:00Z"),
        version=1,
        cause=None,
        traceparent=None,
    )
    headers |= over.get("headers", {})
    body = over.get("body", fact.model_dump_json().encode())
    return Received(over.get("subject", fact.subject), headers, body, sequence, deliveries)


def hint_of(call_id: UUID) -> Hint:
    return Hint(contact=call_id)


def at_work(made: Stack) -> Running:
    """Start the echo service of this installation."""
    made.run(made.start())
    assert made.process
    running = made.process.running[0]
    tables.create_all(running.database.engine)
    made.run(made.ready())
    return running
