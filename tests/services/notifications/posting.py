"""What tests of posting share: facts as they are taken, what became of them, a run some time later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from chassis import clock
from chassis.envelope import headers_for
from chassis.inbox import Received
from contracts.base import Event
from contracts.scheduling import VisitCompleted
from services.notifications.webhooks.jobs import keep, post_due
from services.notifications.webhooks.keyring import Keyring
from services.notifications.webhooks.store import Line
from tests.factories import like_the_example
from tests.receiver import WebReceiver
from tests.unit import Unit

NAME = "aids-centre"
LINE = Line(NAME, "EVT")
Serve = Callable[..., WebReceiver]


def keyring(unit: Unit) -> Keyring:
    return Keyring(unit.service.settings.webhook_secrets_dir)


def completed(**over: Any) -> Event:
    return like_the_example(VisitCompleted, **{"visit_id": uuid4()} | over)


_sequence = iter(range(1, 1_000_000))


def taken(unit: Unit, *facts: Event, line: Line = LINE, **headers: str) -> list[str]:
    """Let facts be taken from the durable of a neighbour; their ids."""
    ids = [str(uuid4()) for _ in facts]
    messages = []
    for event_id, fact in zip(ids, facts, strict=True):
        told = headers_for(fact, event_id=event_id, at=clock.now(), version=1, cause=None, traceparent=None) | headers
        messages.append(Received(fact.subject, told, fact.model_dump_json().encode(), next(_sequence), 1))
    with clock.using(unit.clock):
        unit.transact(partial(keep, line=line, messages=messages))
    return ids


def many(unit: Unit, count: int, line: Line = LINE) -> list[str]:
    return taken(unit, *(completed() for _ in range(count)), line=line)


def states(unit: Unit, column: str = "state") -> list[Any]:
    statement = text(f"SELECT {column} FROM webhook_post ORDER BY sequence")
    return list(unit.database.read(lambda session: session.connection().execute(statement).scalars().all()))


def go_on(unit: Unit, by: timedelta) -> None:
    unit.clock.advance(by)
    unit.runs(post_due)
