"""Times of direct access, and who may have one."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "scheduling_0004"
down_revision = "scheduling_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "direct_access",
        sa.Column("contact_id", sa.Uuid, primary_key=True),
        sa.Column("granted_at", UtcInstant, nullable=False),
    )
    op.add_column("slot", sa.Column("direct_access", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("slot", "direct_access")
    op.drop_table("direct_access")
