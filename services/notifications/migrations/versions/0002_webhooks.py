"""Facts that are posted to neighbours, and who wants nothing any more."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "notifications_0002"
down_revision = "notifications_0001"
branch_labels = None
depends_on = None

_UNPOSTED = sa.text("state IN ('waiting', 'posting')")


def upgrade() -> None:
    op.create_table(
        "webhook_post",
        sa.Column("neighbour", sa.String, primary_key=True),
        sa.Column("event_id", sa.String, primary_key=True),
        sa.Column("stream", sa.String, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("apart", sa.Boolean, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("taken_at", UtcInstant, nullable=False),
        sa.Column("tried_from", UtcInstant, nullable=False),
        sa.Column("due_at", UtcInstant, nullable=False),
        sa.Column("answer", sa.String, nullable=True),
        sa.Column("status", sa.Integer, nullable=True),
        sa.Column("ended_at", UtcInstant, nullable=True),
    )
    op.create_index(
        "webhook_post_line",
        "webhook_post",
        ["neighbour", "stream", "sequence"],
        sqlite_where=_UNPOSTED,
        postgresql_where=_UNPOSTED,
    )
    op.create_index("webhook_post_log", "webhook_post", ["neighbour", "taken_at"])
    op.create_index("webhook_post_ended", "webhook_post", ["ended_at"])
    op.create_table(
        "webhook_stop",
        sa.Column("neighbour", sa.String, primary_key=True),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("stopped_at", UtcInstant, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("webhook_stop")
    op.drop_table("webhook_post")
