"""Every contact begins a case; joinings."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "intake_0005"
down_revision = "intake_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("area", sa.String(2), nullable=False),
        sa.Column("trouble", sa.String(64), nullable=False),
        sa.Column("trouble_group", sa.String(16), nullable=False),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.person_id"), nullable=True),
        sa.Column("begun_at", UtcInstant, nullable=False),
    )
    op.create_index("cases_person", "cases", ["person_id", "area"])
    op.create_table(
        "membership",
        sa.Column("contact_id", sa.Uuid, sa.ForeignKey("contact.contact_id"), primary_key=True),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.case_id"), nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.Column("closed", sa.String(16), nullable=True),
        sa.Column("closed_at", UtcInstant, nullable=True),
    )
    op.create_index("ix_membership_case_id", "membership", ["case_id"])
    op.create_table(
        "joining",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("contact_id", sa.Uuid, sa.ForeignKey("contact.contact_id"), nullable=False),
        sa.Column("from_case_id", sa.Uuid, sa.ForeignKey("cases.case_id"), nullable=False),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.case_id"), nullable=False),
        sa.Column("by", sa.String(16), nullable=False),
        sa.Column("by_id", sa.Uuid, nullable=False),
        sa.Column("ground", sa.String(16), nullable=False),
        sa.Column("joined_at", UtcInstant, nullable=False),
        sa.Column("parted", sa.String(16), nullable=True),
        sa.Column("parted_at", UtcInstant, nullable=True),
    )
    op.create_index("ix_joining_contact_id", "joining", ["contact_id"])
    _contacts_so_far()


def _contacts_so_far() -> None:
    """Each is a case of its own, under its own id; its trouble's group stands in no table, so it is like no other's."""
    op.execute(
        "INSERT INTO cases (case_id, area, trouble, trouble_group, person_id, begun_at)"
        " SELECT contact_id, area, trouble, 'other', person_id, opened_at FROM contact"
    )
    op.execute(
        "INSERT INTO membership (contact_id, case_id, settled, closed, closed_at)"
        " SELECT contact_id, contact_id, false,"
        " CASE WHEN state = 'declined' THEN 'declined' WHEN route = 'elsewhere' THEN 'elsewhere' END,"
        " CASE WHEN state = 'declined' OR route = 'elsewhere' THEN decided_at END FROM contact"
    )
