"""Contacts that get no times."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "scheduling_0002"
down_revision = "scheduling_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "declined",
        sa.Column("contact_id", sa.Uuid, primary_key=True),
        sa.Column("declined_at", UtcInstant, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("declined")
