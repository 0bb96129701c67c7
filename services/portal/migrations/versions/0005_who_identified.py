"""Whose a session and a contact are, once somebody has identified."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "portal_0005"
down_revision = "portal_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visitor_session", sa.Column("who_hash", sa.LargeBinary()))
    op.add_column("visitor_contact", sa.Column("identified_at", UtcInstant()))


def downgrade() -> None:
    op.drop_column("visitor_contact", "identified_at")
    op.drop_column("visitor_session", "who_hash")
