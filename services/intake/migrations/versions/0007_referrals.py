"""Referrals."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "intake_0007"
down_revision = "intake_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "referral",
        sa.Column("referral_id", sa.Uuid, primary_key=True),
        sa.Column("contact_id", sa.Uuid, sa.ForeignKey("contact.contact_id"), nullable=False, unique=True),
        sa.Column("area", sa.String(2), nullable=False),
        sa.Column("municipality", sa.String(3), nullable=False),
        sa.Column("sender_role", sa.String(16), nullable=False),
        sa.Column("sender_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.String(100), nullable=True, unique=True),
        sa.Column("content", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("urgency", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("code", sa.String(16), nullable=True),
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("red_flags_checked", sa.Boolean, nullable=False),
        sa.Column("words", sa.String, nullable=False),
        sa.Column("route", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("sent_at", UtcInstant, nullable=False),
        sa.Column("changed_at", UtcInstant, nullable=False),
    )
    op.create_index("ix_referral_area", "referral", ["area"])


def downgrade() -> None:
    op.drop_table("referral")
