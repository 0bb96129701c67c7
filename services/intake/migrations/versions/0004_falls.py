"""Filled fall-risk forms."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "intake_0004"
down_revision = "intake_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fall_screen",
        sa.Column("screen_id", sa.Uuid, primary_key=True),
        sa.Column("contact_id", sa.Uuid, nullable=False, index=True),
        sa.Column("area", sa.String(2), nullable=False),
        sa.Column("municipality", sa.String(3), nullable=False),
        sa.Column("form", sa.String(16), nullable=False),
        sa.Column("filled_by", sa.String(16), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("score", sa.Integer, nullable=True),
        sa.Column("threshold", sa.Integer, nullable=True),
        sa.Column("held", sa.JSON, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("rules", sa.String(16), nullable=False),
        sa.Column("screened_by", sa.Uuid, nullable=True),
        sa.Column("screened_at", UtcInstant, nullable=False, index=True),
        sa.Column("review_on", sa.Date, nullable=False),
    )
