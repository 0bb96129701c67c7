"""Persons of the identity vault."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from chassis.db import UtcInstant
from services.intake.models import IntakeTable


class Person(IntakeTable, table=True):
    """Somebody strongly identified, or sent by a professional.

    What names a person is locked, each value for its own row and column.
    """

    person_id: UUID = Field(primary_key=True)
    lookup: str | None = Field(unique=True, max_length=100)
    """Keyed hash of the personal identity code: one row per person. None: no code, never merged by itself (rule 7)."""
    personal_identity_code: str | None
    family_name: str
    given_names: str
    birth_date: str
    first_seen_at: datetime = Field(sa_type=UtcInstant)
    seen_at: datetime = Field(sa_type=UtcInstant)
