"""Contacts that were declined."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "chat_0002"
down_revision = "chat_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact", sa.Column("declined_at", UtcInstant))


def downgrade() -> None:
    op.drop_column("contact", "declined_at")
