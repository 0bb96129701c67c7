"""One-time links in the database."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, delete, update
from sqlmodel import Field, col

from chassis import Refused, Transaction
from chassis.db import UtcInstant
from chassis.seal import Sealer
from services.portal.models import PortalTable
from services.portal.sessions import VISITOR_IDLE, Visitor, own

LIFE = VISITOR_IDLE
"""From being made to being used: as long as a session that nobody uses."""
PURPOSE = "links into contacts"


class Link(PortalTable, table=True):
    """A way into one contact, for whoever holds the secret, once."""

    __tablename__ = "link"

    secret_hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    contact_id: UUID
    expires_at: datetime = Field(sa_type=UtcInstant, index=True)
    used_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class Links:
    """Makes the secrets of links.

    Args:
        sealer: the portal's, whose keys they follow from.
    """

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def secret(self, contact_id: UUID) -> str:
        """The secret of a contact's link: the same each time, while the portal's key is the same."""
        key, *_ = self._sealer.derived(PURPOSE)
        return base64.urlsafe_b64encode(hmac.digest(key, contact_id.bytes, "sha256")).decode().rstrip("=")


def make(tx: Transaction, contact_id: UUID, secret: str) -> None:
    """Let a secret open a contact, once."""
    tx.session.add(Link(secret_hash=_hash(secret), contact_id=contact_id, expires_at=tx.now + LIFE))
    tx.session.flush()


def look(tx: Transaction, secret: str) -> Link:
    """The link of a secret, used or not.

    Raises:
        Refused: `link-over`: there is none such, or its day is over.
    """
    link = tx.session.get(Link, _hash(secret))
    if link is None or link.expires_at <= tx.now:
        raise link_over()
    return link


def use(tx: Transaction, secret: str, visitor: Visitor) -> UUID:
    """Make the contact of a link the session's own; the link is used. The same session may come again.

    Raises:
        Refused: `link-over`: it is used, or over.
    """
    link = look(tx, secret)
    if link.contact_id in visitor.contacts:
        return link.contact_id
    unused = (col(Link.secret_hash) == link.secret_hash, col(Link.used_at).is_(None))
    taken = update(Link).where(*unused).values(used_at=tx.now).returning(col(Link.contact_id))
    if tx.session.connection().execute(taken).first() is None:
        raise link_over()
    own(tx, visitor, link.contact_id)
    return link.contact_id


def link_over() -> Refused:
    """What is said of a link that opens nothing (any more)."""
    return Refused("link-over", "the link was used, or its day is over")


def forget_links(tx: Transaction) -> None:
    """Delete what nobody can use any more. Safe to repeat."""
    tx.session.connection().execute(delete(Link).where(col(Link.expires_at) <= tx.now))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
