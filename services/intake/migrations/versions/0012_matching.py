"""What professionals decide about persons without a personal identity code."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "intake_0012"
down_revision = "intake_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_match",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("contact_id", sa.Uuid, sa.ForeignKey("contact.contact_id"), nullable=False),
        sa.Column("told_person_id", sa.Uuid, sa.ForeignKey("person.person_id"), nullable=False),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.person_id"), nullable=True),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("decided_by", sa.Uuid, nullable=False),
        sa.Column("decided_at", UtcInstant, nullable=False),
        sa.Column("reopened", sa.String(16), nullable=True),
        sa.Column("reopened_by", sa.Uuid, nullable=True),
        sa.Column("reopened_at", UtcInstant, nullable=True),
    )
    holds = sa.text("reopened_at IS NULL")
    op.create_index(
        "person_match_holds", "person_match", ["contact_id"], unique=True, sqlite_where=holds, postgresql_where=holds
    )
