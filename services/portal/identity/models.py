"""Table of logins that have begun and not yet come back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String
from sqlmodel import Field

from chassis.db import UtcInstant
from services.portal.models import PortalTable


class PendingLogin(PortalTable, table=True):
    """A browser was sent to an identity provider. Used once, by the same browser, within minutes."""

    __tablename__ = "pending_login"

    state_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    """SHA-256 of the state: reading the table lets nobody answer in the browser's place."""
    bound_to: str = Field(sa_type=String)
    """The browser: a resident's session, or the hash of the cookie set at the desk's login."""
    contact_id: UUID | None = None
    """Whom the resident identifies for; None at the desk."""
    language: str = Field(sa_type=String)
    nonce: str = Field(sa_type=String)
    verifier: str = Field(sa_type=String)
    """The PKCE secret behind the challenge that was sent."""
    expires_at: datetime = Field(sa_type=UtcInstant, index=True)
