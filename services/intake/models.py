"""Tables of intake: contacts, triage runs, and the persons of the identity vault. Codes are stored as they travel."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chassis.db import UtcInstant


class IntakeTable(SQLModel, registry=registry()):
    """Tables of the intake service."""


class Person(IntakeTable, table=True):
    """Somebody strongly identified. What names a person is locked, each value for its own row and column."""

    person_id: UUID = Field(primary_key=True)
    lookup: str | None = Field(unique=True, max_length=100)
    """Keyed hash of the personal identity code: one row per person. None: no code, never merged by itself (rule 7)."""
    personal_identity_code: str | None
    family_name: str
    given_names: str
    birth_date: str
    first_seen_at: datetime = Field(sa_type=UtcInstant)
    seen_at: datetime = Field(sa_type=UtcInstant)


class Contact(IntakeTable, table=True):
    """A contact and what was decided about it."""

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
    opened_at: datetime = Field(sa_type=UtcInstant)
    decided_at: datetime = Field(sa_type=UtcInstant)
    person_id: UUID | None = Field(default=None, foreign_key="person.person_id", index=True)
    assurance: str | None = Field(default=None, max_length=16)
    identified_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class TriageRun(IntakeTable, table=True):
    """Answers weighed by one version of the rules. Kept whole, for the professional and for review (rule 12)."""

    __tablename__ = "triage_run"

    contact_id: UUID = Field(primary_key=True, foreign_key="contact.contact_id")
    number: int = Field(primary_key=True)
    """1, 2, 3 … per contact; the last one counts."""
    rules: str = Field(max_length=16)
    mode: str = Field(max_length=16)
    answers: list[dict[str, str]] = Field(sa_type=JSON)
    outcome: str = Field(max_length=32)
    flags: list[str] = Field(sa_type=JSON)
    ran_at: datetime = Field(sa_type=UtcInstant)
