"""Contacts of referrals, in the session of the person who was sent."""

import sqlalchemy as sa
from alembic import op

revision = "portal_0008"
down_revision = "portal_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visitor_contact", sa.Column("sent", sa.Boolean, nullable=False, server_default=sa.false()))
