"""Contacts, therapists, slots, holds and visits."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "scheduling_0001"
down_revision = None
branch_labels = None
depends_on = None

_ACTIVE = sa.text("state IN ('booked', 'completed')")
_BOOKED = sa.text("state = 'booked'")


def upgrade() -> None:
    op.create_table(
        "contact",
        sa.Column("contact_id", sa.Uuid, primary_key=True),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("municipality", sa.String, nullable=False),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("routed_version", sa.Integer, nullable=False),
        sa.Column("identified_at", UtcInstant, nullable=True),
        sa.Column("offered_modality", sa.String, nullable=True),
        sa.Column("offered_by", sa.Uuid, nullable=True),
    )
    op.create_table(
        "therapist",
        sa.Column("therapist_id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
    )
    op.create_table(
        "slot",
        sa.Column("slot_id", sa.Uuid, primary_key=True),
        sa.Column("therapist_id", sa.Uuid, sa.ForeignKey("therapist.therapist_id"), nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("modality", sa.String, nullable=False),
        sa.Column("starts_at", UtcInstant, nullable=False),
        sa.Column("ends_at", UtcInstant, nullable=False),
        sa.Column("published_at", UtcInstant, nullable=False),
        sa.UniqueConstraint("therapist_id", "starts_at", name="slot_once_per_therapist"),
    )
    op.create_index("slot_by_area", "slot", ["area", "starts_at"])
    op.create_table(
        "hold",
        sa.Column("slot_id", sa.Uuid, sa.ForeignKey("slot.slot_id"), primary_key=True),
        sa.Column("hold_id", sa.Uuid, nullable=False),
        sa.Column("contact_id", sa.Uuid, sa.ForeignKey("contact.contact_id"), nullable=False),
        sa.Column("expires_at", UtcInstant, nullable=False, index=True),
        sa.UniqueConstraint("hold_id", name="hold_by_id"),
        sa.UniqueConstraint("contact_id", name="hold_once_per_contact"),
    )
    op.create_table(
        "visit",
        sa.Column("visit_id", sa.Uuid, primary_key=True),
        sa.Column("slot_id", sa.Uuid, sa.ForeignKey("slot.slot_id"), nullable=False),
        sa.Column("contact_id", sa.Uuid, sa.ForeignKey("contact.contact_id"), nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("booked_at", UtcInstant, nullable=False),
        sa.Column("completed_at", UtcInstant, nullable=True),
    )
    op.create_index(
        "visit_one_active_per_slot", "visit", ["slot_id"], unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE
    )
    op.create_index(
        "visit_one_booked_per_contact",
        "visit",
        ["contact_id"],
        unique=True,
        sqlite_where=_BOOKED,
        postgresql_where=_BOOKED,
    )
    op.create_index("visit_by_contact", "visit", ["contact_id", "booked_at"])


def downgrade() -> None:
    for table in ("visit", "hold", "slot", "therapist", "contact"):
        op.drop_table(table)
