"""Deliveries."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "notifications_0001"
down_revision = None
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('pending', 'sending')")


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("notification_id", sa.Uuid, primary_key=True),
        sa.Column("visit_id", sa.Uuid, nullable=False),
        sa.Column("template", sa.String, nullable=False),
        sa.Column("recipient_mark", sa.String, nullable=False),
        sa.Column("recipient", sa.Text, nullable=True),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("municipality", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("starts_at", UtcInstant, nullable=False),
        sa.Column("ends_at", UtcInstant, nullable=False),
        sa.Column("booked_at", UtcInstant, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", UtcInstant, nullable=False),
        sa.Column("caused_by", sa.String, nullable=True),
        sa.Column("traceparent", sa.String, nullable=True),
        sa.Column("ended_at", UtcInstant, nullable=True),
        sa.UniqueConstraint("visit_id", "template", "recipient_mark", name="delivery_once_per_recipient"),
    )
    op.create_index("delivery_due", "delivery", ["due_at"], sqlite_where=_OPEN, postgresql_where=_OPEN)


def downgrade() -> None:
    op.drop_table("delivery")
