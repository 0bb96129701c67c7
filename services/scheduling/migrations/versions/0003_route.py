"""Where a contact goes: who is sent to book picks a time alone."""

import sqlalchemy as sa
from alembic import op

revision = "scheduling_0003"
down_revision = "scheduling_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact", sa.Column("route", sa.String, nullable=True))


def downgrade() -> None:
    op.drop_column("contact", "route")
