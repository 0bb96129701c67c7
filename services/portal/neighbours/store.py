"""What other systems have posted, in the database: the primary keys decide, also for twenty at once."""

from __future__ import annotations

import hashlib

from sqlalchemy import delete
from sqlmodel import col, select

from chassis import Refused, Transaction
from chassis.db import upsert
from chassis.tables import aggregate_version, outbox
from contracts.base import Event
from services.portal.neighbours.domain import CLOCK_TOLERANCE, REMEMBERED, Accepted
from services.portal.neighbours.models import PostedContact, PostedEvent


def first_posted(tx: Transaction, client: str, posted: Accepted) -> bool:
    """Write down that an event was posted; False when it was before, with the same content by the same system.

    Raises:
        Refused: `event-id-reused`: the id came with another content, from another system, or from ourselves.
    """
    row = {
        "event_id": posted.event_id,
        "client": client,
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
    if (known.client, known.content) != (client, row["content"]):
        raise _reused()
    return False


def _reused() -> Refused:
    return Refused("event-id-reused", "the event's id came before with something else; take a new id")


def open_contact(tx: Transaction, client: str, opened: Event) -> None:
    """Make a new contact the system's own.

    Raises:
        Refused: `already-opened`: something has been told about it before, whoever came in with it.
    """
    told = select(aggregate_version.c.version).where(aggregate_version.c.aggregate_id == opened.about)
    row = {"contact_id": opened.about, "client": client, "area": opened.area}
    new = upsert(tx.session, PostedContact).values(row).on_conflict_do_nothing().returning(col(PostedContact.client))
    connection = tx.session.connection()
    if connection.execute(told).first() or connection.execute(new).first() is None:
        raise Refused("already-opened", "a contact of this id has been opened before")


def must_be_of(tx: Transaction, client: str, event: Event) -> None:
    """Let a system tell only about contacts it has opened itself, in the county it opened them in.

    Raises:
        Refused: `not-yours`: another's contact looks like one that never was; `area-mismatch`.
    """
    contact = tx.session.get(PostedContact, event.about)
    if contact is None or contact.client != client:
        raise Refused("not-yours", "this system has opened no such contact")
    if contact.area != event.area:
        raise Refused("area-mismatch", "the contact was opened in another county")


def forget_posted(tx: Transaction) -> None:
    """Delete what is too old to be posted again. Safe to repeat."""
    old = col(PostedEvent.posted_at) <= tx.now - REMEMBERED - CLOCK_TOLERANCE
    tx.session.connection().execute(delete(PostedEvent).where(old))


def _digest(event: Event) -> bytes:
    return hashlib.sha256(f"{event.declared.ce_type}:{event.model_dump_json()}".encode()).digest()
