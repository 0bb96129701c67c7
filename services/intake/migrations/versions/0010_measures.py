"""Measures of visits for the risk of falling, and ways onward."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "intake_0010"
down_revision = "intake_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fall_measures",
        sa.Column("measures_id", sa.Uuid, primary_key=True),
        sa.Column("contact_id", sa.Uuid, sa.ForeignKey("contact.contact_id"), nullable=False, index=True),
        sa.Column("tug_hundredths", sa.Integer, nullable=True),
        sa.Column("berg_points", sa.Integer, nullable=True),
        sa.Column("berg_band", sa.String(16), nullable=True),
        sa.Column("sppb_points", sa.Integer, nullable=True),
        sa.Column("fsq_items", sa.JSON, nullable=False),
        sa.Column("fsq_scores", sa.JSON, nullable=False),
        sa.Column("signs", sa.JSON, nullable=False),
        sa.Column("raised_risk", sa.Boolean, nullable=False),
        sa.Column("rules", sa.String(16), nullable=False),
        sa.Column("recorded_by", sa.Uuid, nullable=False),
        sa.Column("recorded_at", UtcInstant, nullable=False),
    )
    op.create_table(
        "fall_route",
        sa.Column("route_id", sa.Uuid, primary_key=True),
        sa.Column("contact_id", sa.Uuid, sa.ForeignKey("contact.contact_id"), nullable=False, index=True),
        sa.Column("route", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("chosen_by", sa.Uuid, nullable=False),
        sa.Column("chosen_at", UtcInstant, nullable=False),
    )
