"""Tables of the notifications service."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chassis.db import UtcInstant

_OPEN = text("state IN ('pending', 'sending')")
_UNPOSTED = text("state IN ('waiting', 'posting')")


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


class WebhookPost(NotificationsTable, table=True):
    """One fact for one neighbour that is posted to: what waits, and what became of it."""

    __tablename__ = "webhook_post"
    __table_args__ = (
        Index(
            "webhook_post_line", "neighbour", "stream", "sequence", sqlite_where=_UNPOSTED, postgresql_where=_UNPOSTED
        ),
        Index("webhook_post_log", "neighbour", "taken_at"),
        Index("webhook_post_ended", "ended_at"),
    )

    neighbour: str = Field(primary_key=True)
    event_id: str = Field(primary_key=True)
    """Its `ce-id`, and the `webhook-id` of every attempt."""
    stream: str
    sequence: int = Field(sa_type=BigInteger)
    """Where it stands in the stream: it is posted in that order."""
    event: str
    """Key of the event: `scheduling.visit_completed.v1`."""
    area: str
    body: str = Field(sa_type=Text)
    """What is posted, the same each time."""
    state: str
    apart: bool
    """Whether it is tried by itself, and holds up nothing."""
    attempts: int
    taken_at: datetime = Field(sa_type=UtcInstant)
    tried_from: datetime = Field(sa_type=UtcInstant)
    """When its three days began: taken, or sent again by an operator."""
    due_at: datetime = Field(sa_type=UtcInstant)
    """When the next attempt may begin; for one that runs, when it counts as cut off."""
    answer: str | None = None
    """How the last attempt ended."""
    status: int | None = None
    """The HTTP status of the last attempt, where there was one."""
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class WebhookStop(NotificationsTable, table=True):
    """A neighbour that answered 410: nothing more is posted to that address."""

    __tablename__ = "webhook_stop"

    neighbour: str = Field(primary_key=True)
    address: str
    stopped_at: datetime = Field(sa_type=UtcInstant)
