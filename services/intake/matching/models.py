"""Decisions about persons without a personal identity code."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from chassis.db import UtcInstant
from services.intake.models import IntakeTable

_HOLDS = text("reopened_at IS NULL")


class PersonMatch(IntakeTable, table=True):
    """Who decided what about a contact, and why. One decision holds at a time: of two at once one wins.

    Rows are never deleted; taking one back says so in it.
    """

    __tablename__ = "person_match"
    __table_args__ = (
        Index("person_match_holds", "contact_id", unique=True, sqlite_where=_HOLDS, postgresql_where=_HOLDS),
    )

    number: int | None = Field(default=None, primary_key=True)
    contact_id: UUID = Field(foreign_key="contact.contact_id")
    told_person_id: UUID = Field(foreign_key="person.person_id")
    """Who identified: without a code, and kept."""
    person_id: UUID | None = Field(foreign_key="person.person_id")
    """Whom the contact was linked to; None: kept apart."""
    reason: str = Field(max_length=16)
    decided_by: UUID
    decided_at: datetime = Field(sa_type=UtcInstant)
    reopened: str | None = Field(default=None, max_length=16)
    """Why it was taken back; None while it holds."""
    reopened_by: UUID | None = None
    reopened_at: datetime | None = Field(default=None, sa_type=UtcInstant)
