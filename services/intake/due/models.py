"""Due times, and of each contact whether it needs an assessment."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from chassis.db import UtcInstant
from services.intake.models import IntakeTable


class Need(IntakeTable, table=True):
    """What a contact needs first, as its answers led to it or a professional has corrected it."""

    contact_id: UUID = Field(primary_key=True, foreign_key="contact.contact_id")
    kind: str = Field(max_length=16)
    corrected: str | None = Field(default=None, max_length=16)
    corrected_by: UUID | None = None
    corrected_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class DueTime(IntakeTable, table=True):
    """What is owed by a day. Rows stay: a contact's history is read from them."""

    __tablename__ = "due_time"
    __table_args__ = (Index("due_time_next", "next_at"),)

    due_id: UUID = Field(primary_key=True)
    contact_id: UUID = Field(foreign_key="contact.contact_id", index=True)
    kind: str = Field(max_length=16)
    of_call: bool = False
    """A promised call: it is kept by that call alone."""
    since: datetime = Field(sa_type=UtcInstant)
    due_on: date
    warn_on: date | None = None
    set_at: datetime = Field(sa_type=UtcInstant)
    corrected: str | None = Field(default=None, max_length=16)
    next_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When the clock next has something to tell of it; None when nothing more."""
    warned_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    missed_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    kept_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    lifted_at: datetime | None = Field(default=None, sa_type=UtcInstant)
