"""Contacts as they are counted."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from chassis.db import UtcInstant
from services.intake.models import IntakeTable


class Demand(IntakeTable, table=True):
    """One contact as it is counted: why, where, when, by which door, and where it went."""

    __table_args__ = (Index("ix_demand_area_week", "area", "week"),)
    PLACES: ClassVar = ("site",)

    contact_id: UUID = Field(primary_key=True, foreign_key="contact.contact_id")
    area: str = Field(max_length=2)
    site: str = Field(max_length=64)
    week: str = Field(max_length=8)
    """Of the local day it came in, as ISO 8601 writes it: "2023-W47"."""
    origin: str = Field(max_length=16)
    reason: str = Field(max_length=16)
    """As told by the person, until a professional says otherwise."""
    destination: str = Field(max_length=16)
    code: str | None = Field(default=None, max_length=8)
    recorded_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When a professional gave the reason; from then on what the person told changes it no more."""
