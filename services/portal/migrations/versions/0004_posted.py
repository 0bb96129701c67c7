"""What neighbours have posted, and whose contacts they are."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "portal_0004"
down_revision = "portal_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "posted_event",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("neighbour", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("posted_at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index("ix_posted_event_posted_at", "posted_event", ["posted_at"])
    op.create_table(
        "posted_contact",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("neighbour", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id"),
    )


def downgrade() -> None:
    for table in ("posted_contact", "posted_event"):
        op.drop_table(table)
