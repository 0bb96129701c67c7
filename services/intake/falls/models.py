"""Filled fall-risk forms, measures of visits, ways onward."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON
from sqlmodel import Field

from chassis.db import UtcInstant
from services.intake.models import IntakeTable


class FallScreen(IntakeTable, table=True):
    """A filled form and how it was weighed. Kept whole, for the professional and for review."""

    __tablename__ = "fall_screen"
    PLACES: ClassVar = ("municipality",)

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


class FallMeasures(IntakeTable, table=True):
    """What was measured at a visit. Health data: it leaves by an audited query alone."""

    __tablename__ = "fall_measures"

    measures_id: UUID = Field(primary_key=True)
    contact_id: UUID = Field(foreign_key="contact.contact_id", index=True)
    tug_hundredths: int | None
    """Hundredths of a second."""
    berg_points: int | None
    berg_band: str | None = Field(max_length=16)
    sppb_points: int | None
    fsq_items: list[dict[str, Any]] = Field(sa_type=JSON)
    fsq_scores: dict[str, float] = Field(sa_type=JSON)
    signs: list[str] = Field(sa_type=JSON)
    raised_risk: bool
    rules: str = Field(max_length=16)
    recorded_by: UUID
    recorded_at: datetime = Field(sa_type=UtcInstant)


class FallWay(IntakeTable, table=True):
    """A way onward that was chosen; the last one counts."""

    __tablename__ = "fall_route"

    route_id: UUID = Field(primary_key=True)
    contact_id: UUID = Field(foreign_key="contact.contact_id", index=True)
    route: str = Field(max_length=32)
    reason: str = Field(max_length=32)
    chosen_by: UUID
    chosen_at: datetime = Field(sa_type=UtcInstant)
