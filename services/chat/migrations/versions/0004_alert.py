"""The warning a person went on from: of a contact and of its conversation."""

import sqlalchemy as sa
from alembic import op

revision = "chat_0004"
down_revision = "chat_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("contact", "conversation"):
        op.add_column(table, sa.Column("alert", sa.String(20), nullable=True))


def downgrade() -> None:
    for table in ("contact", "conversation"):
        op.drop_column(table, "alert")
