"""What neighbours have posted, in the database: the primary keys decide, also for twenty at once."""

from __future__ import annotations

import hashlib
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from chassis import Refused, Transaction
from chassis.db import upsert
from chassis.tables import aggregate_version, outbox
from contracts.base import CLOCK_AHEAD, Event
from services.portal.neighbours.domain import REMEMBERED, Accepted
from services.portal.neighbours.models import PostedContact, PostedEvent


def first_posted(tx: Transaction, neighbour: str, posted: Accepted) -> bool:
    """Write down that an event was posted; False when it was before, with the same content by the same one.

    Raises:
        Refused: `event-id-reused`: the id came with another content, from another one, or from ourselves.
    """
    row = {
        "event_id": posted.event_id,
        "neighbour": neighbour,
        "content": _digest(posted.event),
        "posted_at": tx.now,
    }
    insert = upsert(tx.session, PostedEvent).values(row).on_conflict_do_nothing().returning(col(PostedEvent.event_id))
    if tx.session.connection().execute(insert).first():
        ours = select(outbox.c.id).where(outbox.c.event_id == str(posted.event_id))
        if tx.session.connection().execute(ours).first() is None:
            return True
        raise _reused()
    known = tx.session.get_one(PostedEvent, posted.event_id)
    if (known.neighbour, known.content) != (neighbour, row["content"]):
        raise _reused()
    return False


def poster_of(session: Session, event_id: UUID) -> str | None:
    """Which neighbour posted an event; None when nobody did, or it is forgotten."""
    return session.exec(select(PostedEvent.neighbour).where(PostedEvent.event_id == event_id)).first()


def _reused() -> Refused:
    return Refused("event-id-reused", "the event's id came before with something else; take a new id")


def open_contact(tx: Transaction, neighbour: str, opened: Event) -> None:
    """Make a new contact the neighbour's own.

    Raises:
        Refused: `already-opened`: something has been told about it before, whoever came in with it.
    """
    told = select(aggregate_version.c.version).where(aggregate_version.c.aggregate_id == opened.about)
    row = {"contact_id": opened.about, "neighbour": neighbour, "area": opened.area}
    new = upsert(tx.session, PostedContact).values(row).on_conflict_do_nothing().returning(col(PostedContact.neighbour))
    connection = tx.session.connection()
    if connection.execute(told).first() or connection.execute(new).first() is None:
        raise Refused("already-opened", "a contact of this id has been opened before")


def must_be_of(tx: Transaction, neighbour: str, event: Event) -> None:
    """Let a neighbour tell only about contacts it has opened itself, in the county it opened them in.

    Raises:
        Refused: `not-yours`: another's contact looks like one that never was; `wrong-place`.
    """
    contact = tx.session.get(PostedContact, event.about)
    if contact is None or contact.neighbour != neighbour:
        raise Refused("not-yours", "this neighbour has opened no such contact")
    if contact.area != event.area:
        raise Refused("wrong-place", "the contact was opened in another county")


def is_of(tx: Transaction, neighbour: str, contact_id: UUID) -> bool:
    """Whether a neighbour has opened a contact."""
    contact = tx.session.get(PostedContact, contact_id)
    return contact is not None and contact.neighbour == neighbour


def forget_posted(tx: Transaction) -> None:
    """Delete what is too old to be posted again. Safe to repeat."""
    old = col(PostedEvent.posted_at) <= tx.now - REMEMBERED - CLOCK_AHEAD
    tx.session.connection().execute(delete(PostedEvent).where(old))


def _digest(event: Event) -> bytes:
    return hashlib.sha256(f"{event.declared.ce_type}:{event.model_dump_json()}".encode()).digest()
