"""A contact may be under non-disclosure: of its person no place is known, and the page may take no booking."""

import sqlalchemy as sa
from alembic import op

revision = "scheduling_0006"
down_revision = "scheduling_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact", sa.Column("non_disclosure", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("contact", sa.Column("non_disclosure_version", sa.Integer, nullable=False, server_default="0"))
