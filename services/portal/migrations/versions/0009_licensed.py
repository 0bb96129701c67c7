"""Which sessions of staff are of somebody licensed."""

import sqlalchemy as sa
from alembic import op

revision = "portal_0009"
down_revision = "portal_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff_session", sa.Column("licensed", sa.Boolean, nullable=False, server_default=sa.false()))
