"""Outbox, inbox, aggregate versions, answers by idempotency key, audit."""

import sqlalchemy as sa
from alembic import op

from chassis.tables import UtcInstant

revision = "chassis_0001"
down_revision = None
branch_labels = None
depends_on = None

_COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", _COUNTER, primary_key=True, autoincrement=True),
        sa.Column("event_id", sa.String(120), nullable=False, unique=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("created_at", UtcInstant, nullable=False),
        sa.Column("published_at", UtcInstant, nullable=True),
    )
    unpublished = sa.text("published_at IS NULL")
    op.create_index("outbox_unpublished", "outbox", ["id"], sqlite_where=unpublished, postgresql_where=unpublished)
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.String(120), primary_key=True),
        sa.Column("event_id", sa.String(120), primary_key=True),
        sa.Column("handled_at", UtcInstant, nullable=False, index=True),
    )
    op.create_table(
        "aggregate_version",
        sa.Column("aggregate_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "answered",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("asked", sa.String(64), nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("answered_at", UtcInstant, nullable=False, index=True),
    )
    op.create_table(
        "audit",
        sa.Column("id", _COUNTER, primary_key=True, autoincrement=True),
        sa.Column("at", UtcInstant, nullable=False),
        sa.Column("viewer_role", sa.String(16), nullable=False),
        sa.Column("viewer_id", sa.Uuid, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("whom", sa.Uuid, nullable=False, index=True),
        sa.Column("what", sa.String(120), nullable=False),
        sa.Column("ground", sa.String(120), nullable=False),
    )
