"""Doors that are closed or capped, and what counting their contacts of a day needs."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "intake_0006"
down_revision = "intake_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "door",
        sa.Column("area", sa.String(2), primary_key=True),
        sa.Column("door", sa.String(16), primary_key=True),
        sa.Column("closing_id", sa.Uuid, nullable=True),
        sa.Column("reason", sa.String(32), nullable=True),
        sa.Column("until", UtcInstant, nullable=True),
        sa.Column("cap_set_at", UtcInstant, nullable=True),
        sa.Column("per_day", sa.Integer, nullable=True),
    )
    op.create_index("contact_of_day", "contact", ["area", "decided_at"])


def downgrade() -> None:
    op.drop_index("contact_of_day", "contact")
    op.drop_table("door")
