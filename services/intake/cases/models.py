"""Cases, which contact belongs to which, and the joinings behind it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from chassis.db import UtcInstant
from services.intake.models import IntakeTable


class Case(IntakeTable, table=True):
    """One person and one trouble. Whether it is going on is for its contacts to say."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("cases_person", "person_id", "area"),
        Index("cases_of_group", "area", "trouble_group", "begun_at"),
    )

    case_id: UUID = Field(primary_key=True)
    area: str = Field(max_length=2)
    trouble: str = Field(max_length=64)
    trouble_group: str = Field(max_length=16)
    person_id: UUID | None = Field(default=None, foreign_key="person.person_id")
    """Whose it is, once one of its contacts was identified; claimed only while it is nobody else's."""
    begun_at: datetime = Field(sa_type=UtcInstant)


class Membership(IntakeTable, table=True):
    """A contact belongs to one case at a time: the primary key sees to it."""

    contact_id: UUID = Field(primary_key=True, foreign_key="contact.contact_id")
    case_id: UUID = Field(foreign_key="cases.case_id", index=True)
    settled: bool = False
    """Somebody has said which case it belongs to: nothing is offered any more."""
    closed: str | None = Field(default=None, max_length=16)
    """Why it is over; None while it is going on."""
    closed_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    quiet_since: datetime | None = Field(default=None, sa_type=UtcInstant, index=True)
    """Since when nothing is going on about a contact that is not over; None while something is."""


class Happening(IntakeTable, table=True):
    """What chat and scheduling have told of a contact. Rows are only added."""

    number: int | None = Field(default=None, primary_key=True)
    contact_id: UUID = Field(foreign_key="contact.contact_id", index=True)
    what: str = Field(max_length=32)
    about_id: UUID
    """Of the conversation, the callback or the visit."""
    at: datetime = Field(sa_type=UtcInstant)
    starts_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """Of a visit."""


class Joining(IntakeTable, table=True):
    """A contact was moved into another case. Undoing the last one of a contact puts it back; rows are never deleted."""

    number: int | None = Field(default=None, primary_key=True)
    contact_id: UUID = Field(foreign_key="contact.contact_id", index=True)
    from_case_id: UUID = Field(foreign_key="cases.case_id")
    case_id: UUID = Field(foreign_key="cases.case_id")
    by: str = Field(max_length=16)
    by_id: UUID
    ground: str = Field(max_length=16)
    joined_at: datetime = Field(sa_type=UtcInstant)
    parted: str | None = Field(default=None, max_length=16)
    """Why it was undone; None while it holds."""
    parted_at: datetime | None = Field(default=None, sa_type=UtcInstant)
