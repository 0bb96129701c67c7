"""Invitations and answers, apart."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "feedback_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invitation",
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.Column("about_what", sa.String(), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("invited_at", UtcInstant(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("invitation_id"),
        sa.UniqueConstraint("about_what", "cause_id", name="one_invitation_per_cause"),
    )
    op.create_index("ix_invitation_contact_id", "invitation", ["contact_id"])
    op.create_table(
        "answer",
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("about_what", sa.String(), nullable=False),
        sa.Column("recommend", sa.Integer(), nullable=False),
        sa.Column("useful", sa.Boolean(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("answer_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_answer_area", "answer", ["area"])


def downgrade() -> None:
    op.drop_table("answer")
    op.drop_table("invitation")
