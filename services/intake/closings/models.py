"""Doors that are, or have been, closed or capped."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from chassis.db import UtcInstant
from services.intake.models import IntakeTable


class DoorRow(IntakeTable, table=True):
    """A door of an area. One without a row is open, its cap that of the area file."""

    __tablename__ = "door"

    area: str = Field(primary_key=True, max_length=2)
    door: str = Field(primary_key=True, max_length=16)
    closing_id: UUID | None = None
    """Set while it is closed, with `reason` and `until`."""
    reason: str | None = Field(default=None, max_length=32)
    until: datetime | None = Field(default=None, sa_type=UtcInstant)
    cap_set_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When staff set the cap; None while the area file's holds."""
    per_day: int | None = None
