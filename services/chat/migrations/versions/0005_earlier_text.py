"""What people say of the text from before identifying."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "chat_0005"
down_revision = "chat_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact", sa.Column("earlier_accepted", sa.Boolean))
    op.add_column("contact", sa.Column("earlier_decided_at", UtcInstant))


def downgrade() -> None:
    op.drop_column("contact", "earlier_decided_at")
    op.drop_column("contact", "earlier_accepted")
