"""Tables of the notifications service."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chassis.db import UtcInstant

_OPEN = text("state IN ('pending', 'sending')")


class NotificationsTable(SQLModel, registry=registry()):
    """Tables of the notifications service."""


class Delivery(NotificationsTable, table=True):
    """One message to one person: at most one per visit, template and recipient."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("visit_id", "template", "recipient_mark", name="delivery_once_per_recipient"),
        Index("delivery_due", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    notification_id: UUID = Field(primary_key=True)
    visit_id: UUID
    template: str
    recipient_mark: str
    """Digest of the sealed recipient: tells two deliveries apart when the recipient is gone. Says nothing about the
    address: sealing the same one again gives another digest."""
    recipient: str | None = Field(sa_type=Text)
    """Sealed e-mail address; None once it is not needed any more."""
    area: str
    municipality: str
    language: str
    starts_at: datetime = Field(sa_type=UtcInstant)
    ends_at: datetime = Field(sa_type=UtcInstant)
    booked_at: datetime = Field(sa_type=UtcInstant)
    state: str
    attempts: int
    due_at: datetime = Field(sa_type=UtcInstant)
    """When the next attempt may begin; for one that runs, when it counts as cut off."""
    caused_by: str | None = None
    """Id and trace of the fact that asked for it: what is told at the end belongs to the same trace."""
    traceparent: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant)
