"""The plumbing's own tables, the same in every service's database. Core statements write them: the hot path."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    Uuid,
    text,
)


class UtcInstant(TypeDecorator[datetime]):
    """An instant in UTC, aware on both sides; SQLite keeps it as text that sorts like time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time, store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give back UTC."""
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


plumbing = MetaData()

outbox = Table(
    "outbox",
    plumbing,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("event_id", String(120), nullable=False, unique=True),
    Column("subject", String(200), nullable=False),
    Column("headers", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("created_at", UtcInstant, nullable=False),
    Column("published_at", UtcInstant, nullable=True),
    Column("stream_sequence", BigInteger, nullable=True),
    Index(
        "outbox_unpublished",
        "id",
        sqlite_where=text("published_at IS NULL"),
        postgresql_where=text("published_at IS NULL"),
    ),
)
"""What this service has to tell. A row is kept for a day after publishing, with its place in the stream, so that a
stream that has lost it can be rebuilt in its order (chassis.reconcile)."""

inbox = Table(
    "inbox",
    plumbing,
    Column("consumer", String(120), primary_key=True),
    Column("event_id", String(120), primary_key=True),
    Column("handled_at", UtcInstant, nullable=False, index=True),
    Column("digest", String(64), nullable=True),
)
"""What this service has already acted on: the reason why twice the same message has one effect."""

aggregate_version = Table(
    "aggregate_version",
    plumbing,
    Column("aggregate_id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
)
"""How many facts this service has told about an aggregate; travels as `ce-aggregateversion`."""

answered = Table(
    "answered",
    plumbing,
    Column("key", String(200), primary_key=True),
    Column("asked", String(64), nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("answered_at", UtcInstant, nullable=False, index=True),
)
"""First answer to each command, by idempotency key: a second click gets the first answer."""

audit = Table(
    "audit",
    plumbing,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", UtcInstant, nullable=False),
    Column("viewer_role", String(16), nullable=False),
    Column("viewer_id", Uuid, nullable=False),
    Column("action", String(16), nullable=False),
    Column("whom", Uuid, nullable=False, index=True),
    Column("what", String(120), nullable=False),
    Column("ground", String(120), nullable=False),
)
"""Who read or changed whose personal data, when and on what ground. Append-only. Source: Act 703/2023; rule 32."""
