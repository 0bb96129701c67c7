"""Filled fall-risk forms."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import JSON
from sqlmodel import Field

from chassis.db import UtcInstant
from services.intake.models import IntakeTable


class FallScreen(IntakeTable, table=True):
    """A filled form and how it was weighed. Kept whole, for the professional and for review."""

    __tablename__ = "fall_screen"

    screen_id: UUID = Field(primary_key=True)
    contact_id: UUID = Field(index=True)
    """No key of a contact: a resident fills the form in first, and may never come in."""
    area: str = Field(max_length=2)
    municipality: str = Field(max_length=3)
    form: str = Field(max_length=16)
    filled_by: str = Field(max_length=16)
    source: str = Field(max_length=64)
    answers: list[dict[str, str]] = Field(sa_type=JSON)
    score: int | None
    threshold: int | None
    held: dict[str, bool] = Field(sa_type=JSON)
    outcome: str = Field(max_length=32)
    rule: str = Field(max_length=64)
    rules: str = Field(max_length=16)
    screened_by: UUID | None
    """The member of staff; None: the resident."""
    screened_at: datetime = Field(sa_type=UtcInstant, index=True)
    review_on: date
