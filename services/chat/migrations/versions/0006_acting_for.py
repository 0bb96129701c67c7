"""For whom somebody acts, and which interpreter is needed."""

import sqlalchemy as sa
from alembic import op

revision = "chat_0006"
down_revision = "chat_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact", sa.Column("on_behalf", sa.String(20), nullable=True))
    op.add_column("contact", sa.Column("interpreter", sa.String(20), nullable=True))
