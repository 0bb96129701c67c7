"""Persons of the identity vault, contacts, triage runs."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "intake_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column("person_id", sa.Uuid, primary_key=True),
        sa.Column("lookup", sa.String(100), nullable=True, unique=True),
        sa.Column("personal_identity_code", sa.String, nullable=True),
        sa.Column("family_name", sa.String, nullable=False),
        sa.Column("given_names", sa.String, nullable=False),
        sa.Column("birth_date", sa.String, nullable=False),
        sa.Column("first_seen_at", UtcInstant, nullable=False),
        sa.Column("seen_at", UtcInstant, nullable=False),
    )
    op.create_table(
        "contact",
        sa.Column("contact_id", sa.Uuid, primary_key=True),
        sa.Column("area", sa.String(2), nullable=False),
        sa.Column("municipality", sa.String(3), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("trouble", sa.String(64), nullable=False),
        sa.Column("age_band", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("route", sa.String(16), nullable=True),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("declined", sa.String(32), nullable=True),
        sa.Column("opened_at", UtcInstant, nullable=False),
        sa.Column("decided_at", UtcInstant, nullable=False),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.person_id"), nullable=True),
        sa.Column("assurance", sa.String(16), nullable=True),
        sa.Column("identified_at", UtcInstant, nullable=True),
    )
    op.create_index("ix_contact_person_id", "contact", ["person_id"])
    op.create_table(
        "triage_run",
        sa.Column("contact_id", sa.Uuid, sa.ForeignKey("contact.contact_id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rules", sa.String(16), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("flags", sa.JSON, nullable=False),
        sa.Column("ran_at", UtcInstant, nullable=False),
    )
