"""A contact may be under non-disclosure: of its person no place is known, and the number is told on record alone."""

import sqlalchemy as sa
from alembic import op

revision = "chat_0007"
down_revision = "chat_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact", sa.Column("non_disclosure", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("contact", sa.Column("non_disclosure_version", sa.Integer, nullable=False, server_default="0"))
