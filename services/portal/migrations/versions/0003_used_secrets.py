"""What a form told, and when a session's secret was first used."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "portal_0003"
down_revision = "portal_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submission", sa.Column("content", sa.LargeBinary(), nullable=True))
    op.add_column("visitor_session", sa.Column("used_at", UtcInstant(), nullable=True))


def downgrade() -> None:
    op.drop_column("visitor_session", "used_at")
    op.drop_column("submission", "content")
