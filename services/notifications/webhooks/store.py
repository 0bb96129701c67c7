"""Every statement about facts that are posted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy import delete as sql_delete
from sqlmodel import Session, col, func, select

from chassis import Transaction
from chassis.db import prepared, upsert
from services.notifications.models import WebhookPost, WebhookStop
from services.notifications.webhooks.domain import State

OPEN = (State.WAITING.value, State.POSTING.value)


@dataclass(frozen=True, slots=True)
class Line:
    """What is posted one after the other, in the order of the stream."""

    neighbour: str
    stream: str


def add(tx: Transaction, line: Line, **fact: Any) -> None:
    """Keep a fact to be posted. Safe to repeat by neighbour and event."""
    tx.write(
        _ADD,
        neighbour=line.neighbour,
        stream=line.stream,
        state=State.WAITING.value,
        apart=False,
        attempts=0,
        taken_at=tx.now,
        tried_from=tx.now,
        due_at=tx.now,
        **fact,
    )


_ADD = prepared(WebhookPost, lambda insert: insert.on_conflict_do_nothing())


def _open(line: Line) -> ColumnElement[bool]:
    return (
        (col(WebhookPost.neighbour) == line.neighbour)
        & (col(WebhookPost.stream) == line.stream)
        & col(WebhookPost.state).in_(OPEN)
    )


def is_due(tx: Transaction, line: Line) -> bool:
    """Whether something of a line can be posted now; nothing is held."""
    return _next(tx, _head(line), _apart_and_due(line, tx.now)) is not None


def next_due(tx: Transaction, line: Line) -> WebhookPost | None:
    """What to post next, its row held; None while nothing is due.

    Two processes never get the same one, because the second waits for the row and sees what the first has done.
    """
    apart = _apart_and_due(line, tx.now).with_for_update(skip_locked=True)
    return _next(tx, _head(line).with_for_update(), apart)


def _next(tx: Transaction, head: Any, apart: Any) -> WebhookPost | None:
    """While the first of the line is being posted or must wait, all wait."""
    first: WebhookPost | None = tx.session.exec(head).first()
    if first and first.due_at > tx.now:
        return None
    return tx.session.exec(apart).first() or first


def _head(line: Line) -> Any:
    return select(WebhookPost).where(_open(line), col(WebhookPost.apart).is_(False)).order_by(_IN_ORDER).limit(1)


_IN_ORDER = col(WebhookPost.sequence)


def _apart_and_due(line: Line, now: datetime) -> Any:
    due = select(WebhookPost).where(_open(line), col(WebhookPost.apart).is_(True), WebhookPost.due_at <= now)
    return due.order_by(_IN_ORDER).limit(1)


def posting(tx: Transaction, neighbour: str, event_id: str, attempt: int) -> WebhookPost | None:
    """A fact in the attempt that was begun, its row held; None when it was taken for cut off and begun anew."""
    found = tx.session.get(WebhookPost, (neighbour, event_id), with_for_update=True)
    mine = found is not None and (found.state, found.attempts) == (State.POSTING.value, attempt)
    return found if mine else None


def open_lines(tx: Transaction) -> dict[Line, tuple[int, datetime]]:
    """Lines with something to post: how much, and since when the oldest waits."""
    counted = (
        select(WebhookPost.neighbour, WebhookPost.stream, func.count(), func.min(WebhookPost.tried_from))
        .where(col(WebhookPost.state).in_(OPEN))
        .group_by(col(WebhookPost.neighbour), col(WebhookPost.stream))
    )
    return {Line(name, stream): (count, since) for name, stream, count, since in tx.session.exec(counted)}


def withdraw_all_but(tx: Transaction, names: Collection[str]) -> Counter[str]:
    """Post nothing more to anybody else, and forget that they had stopped; returns how much waited for whom."""
    gone = col(WebhookPost.neighbour).not_in(names) & col(WebhookPost.state).in_(OPEN)
    ended = {"state": State.WITHDRAWN.value, "ended_at": tx.now}
    withdrawn = update(WebhookPost).where(gone).values(**ended).returning(col(WebhookPost.neighbour))
    found = Counter(tx.session.connection().execute(withdrawn).scalars())
    tx.session.connection().execute(sql_delete(WebhookStop).where(col(WebhookStop.neighbour).not_in(names)))
    return found


def stop(tx: Transaction, neighbour: str, address: str) -> None:
    """Post nothing more to this address. Safe to repeat."""
    row = upsert(tx.session, WebhookStop).values(neighbour=neighbour, address=address, stopped_at=tx.now)
    new = {"address": address, "stopped_at": tx.now}
    tx.session.connection().execute(row.on_conflict_do_update(index_elements=["neighbour"], set_=new))


def stopped(tx: Transaction) -> dict[str, str]:
    """Neighbours that want nothing any more, and at which address they said so."""
    return {each.neighbour: each.address for each in tx.session.exec(select(WebhookStop))}


def forget_ended(tx: Transaction, before: datetime) -> None:
    """Let go what ended long ago."""
    old = col(WebhookPost.ended_at) < before
    tx.session.connection().execute(sql_delete(WebhookPost).where(old))


# For operators


def log(session: Session, neighbour: str, *, most: int, failed: bool) -> list[WebhookPost]:
    """The newest facts of a neighbour, oldest of them first.

    Args:
        session: of the database.
        neighbour: whose.
        most: so many.
        failed: only those that were given up.
    """
    found = select(WebhookPost).where(WebhookPost.neighbour == neighbour)
    if failed:
        found = found.where(WebhookPost.state == State.FAILED.value)
    newest = found.order_by(col(WebhookPost.taken_at).desc(), col(WebhookPost.sequence).desc()).limit(most)
    return list(session.exec(newest))[::-1]


def stopped_since(session: Session, neighbour: str) -> WebhookStop | None:
    """When a neighbour said that it wants nothing any more."""
    return session.get(WebhookStop, neighbour)


def resume(session: Session, neighbour: str, now: datetime) -> None:
    """Post again to a neighbour that had stopped; the three days of what waits begin anew. Safe to repeat."""
    session.connection().execute(sql_delete(WebhookStop).where(col(WebhookStop.neighbour) == neighbour))
    waiting = (col(WebhookPost.neighbour) == neighbour) & (col(WebhookPost.state) == State.WAITING.value)
    session.connection().execute(update(WebhookPost).where(waiting).values(tried_from=now, due_at=now))


def send_again(
    session: Session, neighbour: str, now: datetime, *, event_id: str | None = None, since: datetime | None = None
) -> int:
    """Let what has ended be posted once more, with the same id and body; returns how much.

    Args:
        session: of the database.
        neighbour: to whom.
        now: its three days begin.
        event_id: only this one.
        since: only what was taken from then on.
    """
    again = (col(WebhookPost.neighbour) == neighbour) & col(WebhookPost.state).not_in(OPEN)
    if event_id is not None:
        again &= col(WebhookPost.event_id) == event_id
    if since is not None:
        again &= col(WebhookPost.taken_at) >= since
    fresh = {"state": State.WAITING.value, "attempts": 0, "apart": False, "ended_at": None}
    done = update(WebhookPost).where(again).values(**fresh, tried_from=now, due_at=now)
    return session.connection().execute(done).rowcount
