"""Apply a batch of received facts in one transaction, each at most once, and decide what becomes of every message.

This is the one place that knows what the outcomes of chassis.errors lead to.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from chassis import clock, telemetry
from chassis.db import TOLD, prepared, upsert
from chassis.envelope import Envelope, read_envelope
from chassis.errors import Refused, TryLater, Unprocessable
from chassis.seal import Sealer
from chassis.tables import inbox, outbox
from chassis.transaction import Hint, Transaction, Unwritten, write_down
from contracts.base import CLOCK_AHEAD, Event, EventType
from contracts.versions import readable_as, upcast

RETRY_SECONDS = (1.0, 5.0, 30.0, 120.0, 600.0)
"""Delay before the next delivery, by how many there have been; the last one repeats."""
MAX_DELIVER = 8
LAST_TRY = MAX_DELIVER - 1
"""A message that fails on this delivery becomes a dead letter: the server would drop it silently after the next."""


class Ending(StrEnum):
    """How the handling of one message ended."""

    DONE = "done"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    UNPROCESSABLE = "unprocessable"
    LATER = "later"
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class Received:
    """One message as the bus delivered it."""

    subject: str
    headers: dict[str, str]
    body: bytes
    stream_sequence: int
    deliveries: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a message: acknowledged, or asked for again after some seconds."""

    ending: Ending
    code: str = ""
    again_after: float | None = None


@dataclass(slots=True)
class Consumer:
    """A service's handler of one event, ready to be run."""

    service: str
    kind: EventType
    handler: Callable[[Event, Transaction], None]
    sealer: Sealer
    readable: dict[str, EventType] = field(init=False)
    """The versions it can be given, by `ce-type`."""

    def __post_init__(self) -> None:
        self.readable = {kind.ce_type: kind for kind in readable_as(self.kind)}

    @property
    def durable(self) -> str:
        """Name of the consumer on the bus and in the inbox."""
        return self.kind.durable(self.service)


Applied = tuple[list[Verdict], list[Hint]]


@dataclass(slots=True)
class _Item:
    message: Received
    envelope: Envelope | None = None
    fact: Event | None = None
    verdict: Verdict | None = None
    tx: Transaction | None = None
    older: bool = False
    """Whether it came as an older version than the consumer's."""
    digest: str | None = None
    """What tells its body from another one under the same id; None of an older version, whose body is another."""

    @property
    def key(self) -> str:
        """What the inbox knows it by, once it could be read."""
        assert self.envelope is not None
        return self.envelope.id


def apply(
    consumer: Consumer, write: Callable[[Callable[[Session], Applied]], Applied], messages: Sequence[Received]
) -> Applied:
    """Act on each message at most once, in order, in one transaction.

    The batch is first tried whole. Only when an item fails, or was there before, is it done again with a savepoint per
    item, so that one failure undoes nothing else (docs/adr/0009). Safe to repeat by event id.

    Args:
        consumer: whose handler runs.
        write: runs its argument in one database transaction (`Database.write`).
        messages: in the order of the stream.

    Returns:
        A verdict per message, and the hints to send now that the transaction is committed.

    Raises:
        TryLater: `database`: it is away, so nothing was done and nothing may be settled, not even a last delivery.
    """
    try:
        return write(lambda session: _attempt(consumer, session, _read(consumer, messages), careful=False))
    except Exception:  # noqa: S110  # whatever it was happens again below, to the item it belongs to
        pass
    try:
        return write(lambda session: _attempt(consumer, session, _read(consumer, messages), careful=True))
    except (DBAPIError, PoolTimeout) as error:
        telemetry.log(consumer.durable).error("database", error_type=type(error).__name__)
        raise TryLater("database", f"{consumer.durable} cannot write") from error


def _read(consumer: Consumer, messages: Sequence[Received]) -> list[_Item]:
    items = []
    for message in messages:
        item = _Item(message)
        try:
            item.envelope = read_envelope(message.headers)
            kind = consumer.readable.get(item.envelope.type)
            if kind is None:
                raise Unprocessable("unknown-type", "another type or version than this consumer reads")
            item.fact, item.older = _opened(kind, item.envelope, message), kind is not consumer.kind
            if item.older:
                item.fact = _upcast(item.fact, consumer.kind)
            else:
                item.digest = sha256(message.body).hexdigest()
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            item.verdict = Verdict(
                Ending.UNPROCESSABLE, "bad-json" if first["type"] == "json_invalid" else f"schema:{where}"
            )
        except Unprocessable as error:
            item.verdict = Verdict(Ending.UNPROCESSABLE, error.code)
        items.append(item)
    return items


def _opened(kind: EventType, envelope: Envelope, message: Received) -> Event:
    """The fact in a message, once envelope, subject and body agree with each other.

    Raises:
        ValidationError: the body does not fit the event.
        Unprocessable: `wrong-subject`, `wrong-aggregate`, `clock-ahead`.
    """
    fact = kind.cls.model_validate_json(message.body)
    if fact.subject != message.subject:  # also a wildcard: the server takes it for a word
        raise Unprocessable("wrong-subject", "the body is about another area or municipality than the subject")
    if fact.about != envelope.about:
        raise Unprocessable("wrong-aggregate", "the body is about another aggregate than `ce-subject`")
    if envelope.time > clock.now() + CLOCK_AHEAD:
        raise Unprocessable("clock-ahead", "the publisher's clock is ahead")
    return fact


def _upcast(fact: Event, wanted: EventType) -> Event:
    try:
        return upcast(fact, wanted)
    except ValueError as error:
        raise Unprocessable("no-upcast", "what the older version tells does not become the newer one") from error


def _attempt(consumer: Consumer, session: Session, items: list[_Item], *, careful: bool) -> Applied:
    together: Unwritten = {}
    readable = [item for item in items if item.verdict is None]
    fresh = (_first_seen if careful else _all_new)(consumer, session, readable)
    known = _known(consumer, session, [item.key for item in readable if item.key not in fresh])
    for item in readable:
        if item.key in fresh:
            fresh.discard(item.key)  # the same message twice in one batch acts once
            known[item.key] = item.digest
            item.verdict = (
                _handle_in_savepoint(consumer, session, item) if careful
                else _handle(consumer, session, item, together)
            )  # fmt: skip
        elif None in (item.digest, known.get(item.key)) or item.digest == known[item.key]:
            item.verdict = Verdict(Ending.DUPLICATE)
        else:
            item.verdict = Verdict(Ending.UNPROCESSABLE, "event-id-reused")
    _set_aside(consumer, session, items)
    done = [item.tx for item in items if item.tx and item.verdict and item.verdict.ending is Ending.DONE]
    if not careful:
        write_down(session, done)
    return [item.verdict for item in items if item.verdict], [hint for tx in done for hint in tx.hints]


_ENTER = inbox.insert()
_entering = prepared(inbox, lambda insert: insert.on_conflict_do_nothing().returning(inbox.c.event_id))


def _rows(consumer: Consumer, items: list[_Item]) -> dict[str, dict[str, Any]]:
    at = clock.now()
    return {
        item.key: {"consumer": consumer.durable, "event_id": item.key, "handled_at": at, "digest": item.digest}
        for item in reversed(items)  # of two with the same id the first one counts
    }


def _all_new(consumer: Consumer, session: Session, items: list[_Item]) -> set[str]:
    """Put the items into the inbox, taking for granted that none was there; asking costs five times as much.

    Raises:
        IntegrityError: one was there.
    """
    rows = _rows(consumer, items)
    if rows:
        session.connection().execute(_ENTER, list(rows.values()))
    return set(rows)


def _first_seen(consumer: Consumer, session: Session, items: list[_Item]) -> set[str]:
    """Put the items into the inbox; returns the ids that were not there before."""
    rows = _rows(consumer, items)
    return set(session.connection().execute(_entering(session), list(rows.values())).scalars()) if rows else set()


def _known(consumer: Consumer, session: Session, keys: Sequence[str]) -> dict[str, str | None]:
    """Digests of what was acted on before, by id; None where none was kept."""
    if not keys:
        return {}
    these = select(inbox.c.event_id, inbox.c.digest).where(
        inbox.c.consumer == consumer.durable, inbox.c.event_id.in_(keys)
    )
    return {row.event_id: row.digest for row in session.connection().execute(these)}


def _handle(consumer: Consumer, session: Session, item: _Item, unwritten: Unwritten) -> Verdict:
    _run(consumer, session, item, unwritten)
    return Verdict(Ending.DONE)


def _handle_in_savepoint(consumer: Consumer, session: Session, item: _Item) -> Verdict:
    try:
        with session.begin_nested():
            write_down(session, [_run(consumer, session, item, {})])
            session.flush()
        return Verdict(Ending.DONE)
    except Refused as refused:
        return Verdict(Ending.REFUSED, refused.code)
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        _forget(consumer, session, item)
        return _failed(consumer, item, error)


def _forget(consumer: Consumer, session: Session, item: _Item) -> None:
    """What was not done is not known: the same message may come again, from the bus or replayed from a dead letter."""
    this = (inbox.c.consumer == consumer.durable, inbox.c.event_id == item.key)
    session.connection().execute(inbox.delete().where(*this))


def _failed(consumer: Consumer, item: _Item, error: Exception) -> Verdict:
    if isinstance(error, Unprocessable):
        return Verdict(Ending.UNPROCESSABLE, error.code)
    if isinstance(error, TryLater | OperationalError):
        return _again(item.message, Ending.LATER, error.code if isinstance(error, TryLater) else type(error).__name__)
    telemetry.log(consumer.durable).error("bug", error_type=type(error).__name__, deliveries=item.message.deliveries)
    return _again(item.message, Ending.BUG, type(error).__name__)


def _again(message: Received, ending: Ending, code: str) -> Verdict:
    if message.deliveries >= LAST_TRY:
        return Verdict(ending, code)
    delay = RETRY_SECONDS[min(message.deliveries, len(RETRY_SECONDS)) - 1]
    return Verdict(ending, code, again_after=delay * random.uniform(0.9, 1.1))  # noqa: S311  # jitter, not a secret


def _run(consumer: Consumer, session: Session, item: _Item, unwritten: Unwritten) -> Transaction:
    assert item.envelope is not None
    assert item.fact is not None
    item.tx = Transaction(consumer.service, session, consumer.sealer, fact=item.envelope, unwritten=unwritten)
    with telemetry.acting_on(item.envelope.traceparent, f"{consumer.service} handle {consumer.kind.name}"):
        consumer.handler(item.fact, item.tx)
    return item.tx


def _set_aside(consumer: Consumer, session: Session, items: list[_Item]) -> None:
    """Write a dead letter for what cannot be handled, and for what has failed too often; both are then acknowledged."""
    rows = []
    for item in items:
        verdict = item.verdict
        assert verdict is not None
        spent = verdict.ending in (Ending.LATER, Ending.BUG) and verdict.again_after is None
        if verdict.ending is not Ending.UNPROCESSABLE and not spent:
            continue
        telemetry.DEAD_LETTERS.labels(consumer.service, verdict.ending).inc()
        telemetry.log(consumer.durable).warning("dead letter", code=verdict.code, deliveries=item.message.deliveries)
        rows.append(_dead_letter(consumer, item, verdict))
    if rows:
        statement = upsert(session, outbox).values(rows).on_conflict_do_nothing(index_elements=["event_id"])
        session.connection().execute(statement)
        session.info[TOLD] = True


def _dead_letter(consumer: Consumer, item: _Item, verdict: Verdict) -> dict[str, Any]:
    message = item.message
    body = sha256(message.body).hexdigest()[:8]  # a stream that was made anew counts from 1 again
    key = f"dlq-{consumer.durable}-{message.stream_sequence}-{body}"
    kept = {name: value for name, value in message.headers.items() if name.startswith(("ce-", "trace"))}
    headers = {
        **kept,
        "dlq-consumer": consumer.durable,
        "dlq-reason": verdict.ending.value,
        "dlq-code": verdict.code,
        "dlq-subject": message.subject,
        "dlq-deliveries": str(message.deliveries),
        "Nats-Msg-Id": key,
    }
    return {
        "event_id": key,
        "subject": f"dlq.{consumer.service}.{consumer.kind.name}",
        "headers": json.dumps(headers),
        "payload": message.body,
        "created_at": clock.now(),
    }
