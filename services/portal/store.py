"""What the portal has told already. Sessions have their own module (sessions.py)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select

from chassis import Refused, Transaction
from chassis.db import upsert
from services.portal.models import Submission

REMEMBERED = timedelta(days=7)
"""How long a sent form is known again; a session that could send it ends much earlier."""

CONTACT, MESSAGE, ANSWERS, WARNING = "contact", "message", "answers", "warning"
EARLIER_TEXT, BROUGHT, POINT = "earlier_text", "brought", "contact_point"


def first_sent(tx: Transaction, *, who: str, key: str, contact_id: UUID, what: str, content: str | None = None) -> bool:
    """Write down that a form was sent; False when it was before. The primary key decides, also for two at once."""
    row = {
        "digest": _digest(who, key),
        "content": None if content is None else _digest(key, content),
        "contact_id": contact_id,
        "what": what,
        "sent_at": tx.now,
    }
    insert = upsert(tx.session, Submission).values(row).on_conflict_do_nothing().returning(col(Submission.digest))
    return tx.session.connection().execute(insert).first() is not None  # rowcount is always -1 on PostgreSQL


def contact_of(tx: Transaction, *, who: str, key: str, content: str) -> UUID:
    """The contact a form was sent for before.

    Raises:
        Refused: `idempotency-key-reused`: the key came with another content before.
    """
    sent = tx.session.get_one(Submission, _digest(who, key))
    if sent.content != _digest(key, content):
        raise Refused("idempotency-key-reused", "the same key came with another content; take a new key")
    return sent.contact_id


def contact_sent(tx: Transaction, *, who: str, key: str) -> UUID:
    """The contact a form of this sender was sent for."""
    return tx.session.get_one(Submission, _digest(who, key)).contact_id


def brought(tx: Transaction, contacts: Iterable[UUID]) -> UUID | None:
    """Of some contacts the one that a filled fall form was taken along for, while it has not come in."""
    told = select(Submission.contact_id).where(Submission.what == CONTACT)
    along = select(Submission.contact_id).where(
        Submission.what == BROUGHT, col(Submission.contact_id).in_(contacts), col(Submission.contact_id).not_in(told)
    )
    return tx.session.exec(along.order_by(col(Submission.sent_at).desc())).first()


def passed_on(tx: Transaction, contact_id: UUID) -> frozenset[str]:
    """What a contact has told of itself that has been passed on."""
    return frozenset(tx.session.exec(select(Submission.what).where(Submission.contact_id == contact_id)))


def forget_sent(tx: Transaction) -> None:
    """Delete what nobody can send again. Safe to repeat."""
    old = col(Submission.sent_at) <= tx.now - REMEMBERED
    tx.session.connection().execute(delete(Submission).where(old))


def _digest(one: str, other: str) -> bytes:
    return hashlib.sha256(f"{one}:{other}".encode()).digest()
