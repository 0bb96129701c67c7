"""Referrals."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlmodel import Field

from chassis.db import UtcInstant
from services.intake.models import IntakeTable


class Referral(IntakeTable, table=True):
    """A professional's referral or recommendation. The person is the contact's; what was written is locked."""

    LOCKED: ClassVar = ("words",)
    PLACES: ClassVar = ("municipality", "site")

    referral_id: UUID = Field(primary_key=True)
    contact_id: UUID = Field(foreign_key="contact.contact_id", unique=True)
    area: str = Field(max_length=2, index=True)
    municipality: str = Field(max_length=3)
    sender_role: str = Field(max_length=16)
    sender_id: UUID
    number: str | None = Field(unique=True, max_length=100)
    """Keyed hash of the sender and what the sender calls it: one row per number. None: it has none."""
    content: str = Field(max_length=100)
    """Keyed hash of everything that was sent."""
    kind: str = Field(max_length=16)
    urgency: str = Field(max_length=16)
    reason: str = Field(max_length=16)
    code: str | None = Field(max_length=16)
    site: str = Field(max_length=64)
    red_flags_checked: bool
    words: str
    """Unit, role, phone and text, and what both hashes are of; locked for this row."""
    route: str = Field(max_length=16)
    """Where the person went first."""
    status: str = Field(max_length=16)
    returned: str | None = Field(default=None, max_length=16)
    """Why it was given back."""
    sent_at: datetime = Field(sa_type=UtcInstant)
    changed_at: datetime = Field(sa_type=UtcInstant)
