"""A contact may be under non-disclosure: of its person no place is known."""

import sqlalchemy as sa
from alembic import op

revision = "intake_0018"
down_revision = "intake_0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact", sa.Column("non_disclosure", sa.Boolean, nullable=False, server_default=sa.false()))
