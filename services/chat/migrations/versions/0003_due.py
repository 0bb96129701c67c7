"""A promised call moves with what intake says is due."""

import sqlalchemy as sa
from alembic import op

revision = "chat_0003"
down_revision = "chat_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("callback", sa.Column("due_version", sa.Integer, nullable=False, server_default="0"))
