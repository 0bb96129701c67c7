"""One transaction: inbox row, state, audit rows and outbox rows, all or nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID, uuid4

from sqlmodel import Session

from chassis import clock, telemetry
from chassis.db import TOLD, Statement, prepared
from chassis.envelope import Envelope, headers_for
from chassis.seal import Sealer
from chassis.tables import aggregate_version, audit, outbox
from chassis.viewer import SERVICE, Viewer
from contracts.base import Event

T = TypeVar("T")
Unwritten = dict[Statement, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Hint:
    """Tells open pages to read again: which page or list has changed. May be lost; the truth is read."""

    contact: UUID | None = None
    area: str | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is told: the fact that led to it, and the trace it belongs to. Can be kept and used later."""

    fact_id: str | None
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Telling:
    """A fact to be told."""

    event: Event
    beside: Event | None
    """The same fact as the version before tells it."""
    cause: Cause
    event_id: str


@dataclass(slots=True)
class Transaction:
    """What a handler, an answer or a job works with. It never commits; whoever opened the transaction does."""

    service: str
    opened: Session
    """The session as it is; work with `session`."""
    sealer: Sealer
    viewer: Viewer = SERVICE
    fact: Envelope | None = None
    """The envelope of the fact being handled."""
    now: datetime = field(default_factory=clock.now)
    """The same instant throughout."""
    told: list[Telling] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)
    audits: list[dict[str, Any]] = field(default_factory=list)
    unwritten: Unwritten = field(default_factory=dict)
    """What `write` has put off; the transactions of a batch share it."""

    @property
    def session(self) -> Session:
        """The database, everything put off until now being written."""
        _write(self.opened, self.unwritten)
        return self.opened

    def write(self, statement: Statement, **row: Any) -> None:
        """Write a row, by the next use of `session` or the commit at the latest: the rows of a batch go together.

        For what needs no result. An order holds among the rows of one statement only.

        Args:
            statement: made once with `prepared`; another object is another statement.
            row: its values, the same columns each time.
        """
        self.unwritten.setdefault(statement, []).append(row)

    @property
    def cause(self) -> Cause:
        """What is being worked on now."""
        span = telemetry.traceparent()
        return Cause(self.fact.id, span or self.fact.traceparent) if self.fact else Cause(None, span)

    def publish(
        self,
        event: Event,
        *,
        beside: Event | None = None,
        because: Cause | None = None,
        event_id: UUID | None = None,
    ) -> None:
        """Tell a fact: it goes into the outbox with this transaction and leaves after the commit.

        Args:
            event: one of this service's own.
            beside: the same fact as the version before tells it, while that has readers. It goes under the same
                `ce-id`: who reads both acts once.
            because: what led to it, where that is not what is being worked on now (a job that finishes earlier work).
            event_id: its `ce-id`, where somebody has given it one already (a neighbour that posts it).

        Raises:
            ValueError: the event belongs to another service.
        """
        if event.declared.owner != self.service:
            raise ValueError(f"{event.declared.ce_type} is not {self.service}'s to tell")
        self.told.append(Telling(event, beside, because or self.cause, str(event_id or uuid4())))

    def hint(self, *, contact: UUID | None = None, area: str | None = None) -> None:
        """Tell open pages to read again, after the commit."""
        self.hints.append(Hint(contact, area))

    def audit(self, action: str, *, whom: UUID, what: str, ground: str = "care relation") -> None:
        """Record that the viewer read or changed somebody's personal data. Source: Act 703/2023, rule 32."""
        self.audits.append(
            {
                "at": self.now,
                "viewer_role": str(self.viewer.role),
                "viewer_id": self.viewer.id,
                "action": action,
                "whom": whom,
                "what": what,
                "ground": ground,
            }
        )

    def unseal(self, token: str) -> dict[str, Any]:
        """Open a field sealed for this service.

        Raises:
            Unprocessable: `cannot-unseal`.
        """
        return self.sealer.unseal(token)


class Transact(Protocol):
    """Run `work` in one transaction of the service; give back what it returns."""

    def __call__(self, work: Callable[[Transaction], T]) -> Awaitable[T]:
        """Run it."""
        ...


def _write(session: Session, unwritten: Unwritten) -> None:
    while unwritten:
        statement = next(iter(unwritten))
        session.connection().execute(statement(session), unwritten.pop(statement))


_TELL = outbox.insert()


def write_down(session: Session, transactions: Sequence[Transaction]) -> None:
    """Write what these transactions put off, told and audited, in order, in as few statements as possible."""
    for tx in transactions:
        _write(session, tx.unwritten)
    audits = [row for tx in transactions for row in tx.audits]
    if audits:
        session.connection().execute(audit.insert(), audits)
    told = [(tx.now, each) for tx in transactions for each in tx.told]
    if not told:
        return
    versions = _next_versions(session, Counter(each.event.about for _, each in told))
    rows: list[dict[str, Any]] = []
    for at, each in told:
        versions[each.event.about] += 1
        rows += _rows(each, at, versions[each.event.about])
    session.connection().execute(_TELL, rows)
    session.info[TOLD] = True


def _rows(each: Telling, at: datetime, version: int) -> Iterator[dict[str, Any]]:
    yield _row(each, each.event, at, version, each.event_id)
    if each.beside:  # an id of its own for the server alone, which would take it for a second copy
        yield _row(each, each.beside, at, version, f"{each.event_id}-v{each.beside.declared.version}")


def _row(each: Telling, event: Event, at: datetime, version: int, row_id: str) -> dict[str, Any]:
    headers = headers_for(
        event,
        event_id=each.event_id,
        at=at,
        version=version,
        cause=each.cause.fact_id,
        traceparent=each.cause.traceparent,
    )
    headers["Nats-Msg-Id"] = row_id
    return {
        "event_id": row_id,
        "subject": event.subject,
        "headers": json.dumps(headers),
        "payload": event.model_dump_json().encode(),
        "created_at": at,
    }


_counting_up = prepared(
    aggregate_version,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["aggregate_id"], set_={"version": aggregate_version.c.version + insert.excluded.version}
    ).returning(aggregate_version.c.aggregate_id, aggregate_version.c.version),
)


def _next_versions(session: Session, counts: Counter[UUID]) -> dict[UUID, int]:
    """Reserve version numbers; returns the last one used before these. Sorted, so that two writers never deadlock."""
    rows = [{"aggregate_id": id, "version": counts[id]} for id in sorted(counts)]
    found = session.connection().execute(_counting_up(session), rows).fetchall()
    return {row.aggregate_id: row.version - counts[row.aggregate_id] for row in found}
