"""What a person is recognised by, under every key of the vault."""

import sqlalchemy as sa
from alembic import op

revision = "intake_0011"
down_revision = "intake_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_lookup",
        sa.Column("lookup", sa.String(100), primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.person_id"), nullable=False),
    )
    op.create_index("ix_person_lookup_person_id", "person_lookup", ["person_id"])
    op.execute(
        "INSERT INTO person_lookup (lookup, person_id) SELECT lookup, person_id FROM person WHERE lookup IS NOT NULL"
    )
    op.execute("UPDATE person SET lookup = NULL")
