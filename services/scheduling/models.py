"""Tables of the scheduling service. What one person gets is a key or a unique index here, never a lock in Python."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chassis.db import UtcInstant

_ACTIVE = text("state IN ('booked', 'completed')")
_BOOKED = text("state = 'booked'")


class SchedulingTable(SQLModel, registry=registry()):
    """Tables of the scheduling service."""


class Contact(SchedulingTable, table=True):
    """What scheduling knows of a contact: where it belongs, and whether it may book."""

    __tablename__ = "contact"

    contact_id: UUID = Field(primary_key=True)
    area: str
    municipality: str
    origin: str
    route: str | None = None
    """Where it goes; who is sent to book picks a time without being offered one."""
    on_behalf: str | None = None
    """For whom somebody acts; whoever identifies then is not the client."""
    routed_version: int
    """Aggregate version of the decision this row holds; an older one changes nothing."""
    non_disclosure: bool = False
    """Its person is under non-disclosure: of them no place is kept."""
    non_disclosure_version: int = 0
    """Which word of intake on it counts; 0 while it has said none."""
    identified_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    offered_modality: str | None = None
    """Set while times are on offer: from OfferTimes until the visit has taken place."""
    offered_by: UUID | None = None


class Declined(SchedulingTable, table=True):
    """A contact that gets no times, whichever fact about it came first."""

    __tablename__ = "declined"

    contact_id: UUID = Field(primary_key=True)
    declined_at: datetime = Field(sa_type=UtcInstant)


class DirectAccess(SchedulingTable, table=True):
    """A contact that may have a time of direct access, whichever fact about it came first."""

    __tablename__ = "direct_access"

    contact_id: UUID = Field(primary_key=True)
    granted_at: datetime = Field(sa_type=UtcInstant)


class Therapist(SchedulingTable, table=True):
    """A therapist who has published times."""

    __tablename__ = "therapist"

    therapist_id: UUID = Field(primary_key=True)
    name: str


class Slot(SchedulingTable, table=True):
    """A published time."""

    __tablename__ = "slot"
    __table_args__ = (
        UniqueConstraint("therapist_id", "starts_at", name="slot_once_per_therapist"),
        Index("slot_by_area", "area", "starts_at"),
    )

    slot_id: UUID = Field(primary_key=True)
    therapist_id: UUID = Field(foreign_key="therapist.therapist_id")
    area: str
    modality: str
    direct_access: bool = False
    starts_at: datetime = Field(sa_type=UtcInstant)
    ends_at: datetime = Field(sa_type=UtcInstant)
    published_at: datetime = Field(sa_type=UtcInstant)


class Hold(SchedulingTable, table=True):
    """A time kept for one contact: one per slot by its key, one per contact by its constraint."""

    __tablename__ = "hold"
    __table_args__ = (
        UniqueConstraint("hold_id", name="hold_by_id"),
        UniqueConstraint("contact_id", name="hold_once_per_contact"),
    )

    slot_id: UUID = Field(primary_key=True, foreign_key="slot.slot_id")
    hold_id: UUID
    contact_id: UUID = Field(foreign_key="contact.contact_id")
    expires_at: datetime = Field(sa_type=UtcInstant, index=True)


class Visit(SchedulingTable, table=True):
    """A booked time: one active visit per slot, at most one booked per contact."""

    __tablename__ = "visit"
    __table_args__ = (
        Index("visit_one_active_per_slot", "slot_id", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
        Index(
            "visit_one_booked_per_contact", "contact_id", unique=True, sqlite_where=_BOOKED, postgresql_where=_BOOKED
        ),
        Index("visit_by_contact", "contact_id", "booked_at"),
    )

    visit_id: UUID = Field(primary_key=True)
    slot_id: UUID = Field(foreign_key="slot.slot_id")
    contact_id: UUID = Field(foreign_key="contact.contact_id")
    language: str
    state: str
    booked_at: datetime = Field(sa_type=UtcInstant)
    completed_at: datetime | None = Field(default=None, sa_type=UtcInstant)
