"""A triage run keeps why, step by step."""

import sqlalchemy as sa
from alembic import op

revision = "intake_0002"
down_revision = "intake_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("triage_run", sa.Column("trace", sa.JSON, nullable=True))
