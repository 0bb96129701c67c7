"""Contacts as they are counted."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "intake_0003"
down_revision = "intake_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "demand",
        sa.Column("contact_id", sa.Uuid, sa.ForeignKey("contact.contact_id"), primary_key=True),
        sa.Column("area", sa.String(2), nullable=False),
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("destination", sa.String(16), nullable=False),
        sa.Column("code", sa.String(8), nullable=True),
        sa.Column("recorded_at", UtcInstant, nullable=True),
    )
    op.create_index("ix_demand_area_week", "demand", ["area", "week"])
