"""Tables of intake: contacts here, what belongs to a topic beside its rules. Codes are stored as they travel."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import JSON, Index
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chassis.db import UtcInstant


class IntakeTable(SQLModel, registry=registry()):
    """Tables of the intake service."""

    LOCKED: ClassVar[tuple[str, ...]] = ()
    """Columns whose values only the identity vault opens, each bound to its row; keys rotate over all of them."""
    PLACES: ClassVar[tuple[str, ...]] = ()
    """Columns that tell where a contact's person lives: forgotten when they are under non-disclosure (rule 9)."""


class Contact(IntakeTable, table=True):
    """A contact and what was decided about it."""

    __table_args__ = (Index("contact_of_day", "area", "decided_at"),)
    PLACES: ClassVar = ("municipality",)

    contact_id: UUID = Field(primary_key=True)
    area: str = Field(max_length=2)
    municipality: str = Field(max_length=3)
    origin: str = Field(max_length=16)
    language: str = Field(max_length=2)
    trouble: str = Field(max_length=64)
    age_band: str = Field(max_length=16)
    state: str = Field(max_length=16)
    route: str | None = Field(max_length=16)
    reasons: list[str] = Field(sa_type=JSON)
    declined: str | None = Field(max_length=32)
    alert: str | None = Field(default=None, max_length=16)
    """The warning the person went on from."""
    on_behalf: str | None = Field(default=None, max_length=16)
    """For whom somebody acts; None: the person is the client."""
    interpreter: str | None = Field(default=None, max_length=16)
    non_disclosure: bool = False
    """Its person is under non-disclosure for personal safety."""
    summary: str | None = Field(default=None, max_length=200)
    """Where the summary of the assessment elsewhere is that the person comes from."""
    opened_at: datetime = Field(sa_type=UtcInstant)
    decided_at: datetime = Field(sa_type=UtcInstant)
    person_id: UUID | None = Field(default=None, foreign_key="person.person_id", index=True)
    assurance: str | None = Field(default=None, max_length=16)
    identified_at: datetime | None = Field(default=None, sa_type=UtcInstant)
