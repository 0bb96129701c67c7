"""What the portal has told already. Sessions have their own module (sessions.py)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select

from chassis import Transaction
from chassis.db import upsert
from services.portal.models import Submission

REMEMBERED = timedelta(days=7)
"""How long a sent form is known again; a session that could send it ends much earlier."""

CONTACT, MESSAGE = "contact", "message"


def first_sent(tx: Transaction, *, who: str, key: str, contact_id: UUID, what: str) -> bool:
    """Write down that a form was sent; False when it was before. The primary key decides, also for two at once."""
    row = {"digest": _digest(who, key), "contact_id": contact_id, "what": what, "sent_at": tx.now}
    insert = upsert(tx.session, Submission).values(row).on_conflict_do_nothing()
    return bool(tx.session.connection().execute(insert).rowcount == 1)


def contact_of(tx: Transaction, *, who: str, key: str) -> UUID | None:
    """The contact a form was sent for; None when it was not sent yet."""
    sent = select(Submission.contact_id).where(Submission.digest == _digest(who, key))
    return tx.session.exec(sent).first()


def message_left(tx: Transaction, contact_id: UUID) -> bool:
    """Whether a message of this contact has been passed on."""
    left = select(Submission.digest).where(Submission.contact_id == contact_id, Submission.what == MESSAGE)
    return tx.session.exec(left).first() is not None


def forget_sent(tx: Transaction) -> None:
    """Delete what nobody can send again. Safe to repeat."""
    old = col(Submission.sent_at) <= tx.now - REMEMBERED
    tx.session.connection().execute(delete(Submission).where(old))


def _digest(who: str, key: str) -> bytes:
    return hashlib.sha256(f"{who}:{key}".encode()).digest()
