"""Every statement about pending logins."""

from __future__ import annotations

import hashlib

from sqlalchemy import delete
from sqlmodel import col

from chassis import Refused, Transaction
from services.portal.identity.models import PendingLogin


def remember(tx: Transaction, login: PendingLogin) -> None:
    """Keep a login until it comes back; drop those that never did."""
    forget_expired(tx)
    tx.session.add(login)
    tx.session.flush()


def take(tx: Transaction, state: str, bound_to: str) -> PendingLogin:
    """Use a pending login up: of two that bring the same state, one gets it.

    Raises:
        Refused: `identity-expired`: unknown, used, too late, or begun in another browser.
    """
    table = PendingLogin
    mine = (col(table.state_hash) == state_hash(state), col(table.bound_to) == bound_to, col(table.expires_at) > tx.now)
    columns = table.__table__.c  # type: ignore[attr-defined]  # set by SQLModel
    row = tx.session.connection().execute(delete(table).where(*mine).returning(*columns)).first()
    if row is None:
        raise Refused("identity-expired", "no login of this browser waits for this answer; begin again")
    return PendingLogin(**row._asdict())


def forget_expired(tx: Transaction) -> None:
    """Delete logins that nobody came back from. Safe to repeat."""
    tx.session.connection().execute(delete(PendingLogin).where(col(PendingLogin.expires_at) <= tx.now))


def state_hash(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
