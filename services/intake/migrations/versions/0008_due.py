"""What is owed by when, what others tell of a contact, since when nothing is going on."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "intake_0008"
down_revision = "intake_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "need",
        sa.Column("contact_id", sa.Uuid, sa.ForeignKey("contact.contact_id"), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("corrected", sa.String(16), nullable=True),
        sa.Column("corrected_by", sa.Uuid, nullable=True),
        sa.Column("corrected_at", UtcInstant, nullable=True),
    )
    op.create_table(
        "due_time",
        sa.Column("due_id", sa.Uuid, primary_key=True),
        sa.Column("contact_id", sa.Uuid, sa.ForeignKey("contact.contact_id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("of_call", sa.Boolean, nullable=False),
        sa.Column("since", UtcInstant, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("warn_on", sa.Date, nullable=True),
        sa.Column("set_at", UtcInstant, nullable=False),
        sa.Column("corrected", sa.String(16), nullable=True),
        sa.Column("next_at", UtcInstant, nullable=True),
        sa.Column("warned_at", UtcInstant, nullable=True),
        sa.Column("missed_at", UtcInstant, nullable=True),
        sa.Column("kept_at", UtcInstant, nullable=True),
        sa.Column("lifted_at", UtcInstant, nullable=True),
    )
    op.create_index("due_time_next", "due_time", ["next_at"])
    op.create_index("ix_due_time_contact_id", "due_time", ["contact_id"])
    op.create_table(
        "happening",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("contact_id", sa.Uuid, sa.ForeignKey("contact.contact_id"), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("about_id", sa.Uuid, nullable=False),
        sa.Column("at", UtcInstant, nullable=False),
        sa.Column("starts_at", UtcInstant, nullable=True),
    )
    op.create_index("ix_happening_contact_id", "happening", ["contact_id"])
    op.add_column("membership", sa.Column("quiet_since", UtcInstant, nullable=True))
    op.create_index("ix_membership_quiet_since", "membership", ["quiet_since"])
    op.execute(
        "UPDATE membership SET quiet_since = (SELECT decided_at FROM contact"
        " WHERE contact.contact_id = membership.contact_id) WHERE closed IS NULL"
    )
