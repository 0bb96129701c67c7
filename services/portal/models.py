"""Tables of the portal: the web edge keeps sessions, what it has told, and its outbox; nothing of the domain."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chassis.db import UtcInstant


class PortalTable(SQLModel, registry=registry()):
    """Tables of the portal."""


class Submission(PortalTable, table=True):
    """A form whose fact has been told: the same form sent again tells nothing more."""

    __tablename__ = "submission"

    digest: bytes = Field(sa_type=LargeBinary, primary_key=True)
    """SHA-256 of session and one-time key."""
    content: bytes | None = Field(default=None, sa_type=LargeBinary)
    """SHA-256 of the key and what was told, where the key alone does not show that it is the same sender's."""
    contact_id: UUID = Field(index=True)
    what: str = Field(sa_type=String)
    """What was told: contact, message, answers, warning, earlier_text; or that a filled fall form is taken along."""
    sent_at: datetime = Field(sa_type=UtcInstant, index=True)
