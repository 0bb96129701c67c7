"""Triage runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON
from sqlmodel import Field

from chassis.db import UtcInstant
from services.intake.models import IntakeTable


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
    trace: list[dict[str, Any]] | None = Field(default=None, sa_type=JSON, nullable=True)
    """Step by step why; None of a run from before steps were kept."""
    ran_at: datetime = Field(sa_type=UtcInstant)
