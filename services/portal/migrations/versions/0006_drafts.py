"""Questionnaires left unfinished."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "portal_0006"
down_revision = "portal_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("municipality", sa.String(3), nullable=False),
        sa.Column("trouble", sa.String(64), nullable=False),
        sa.Column("draft_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("kept_at", UtcInstant, nullable=False),
        sa.PrimaryKeyConstraint("session_id", "municipality", "trouble"),
        sa.ForeignKeyConstraint(["session_id"], ["visitor_session.session_id"], ondelete="CASCADE"),
    )
    op.create_index("ix_draft_kept_at", "draft", ["kept_at"])
