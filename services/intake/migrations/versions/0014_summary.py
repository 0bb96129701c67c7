"""Where the summary of an assessment elsewhere is."""

import sqlalchemy as sa
from alembic import op

revision = "intake_0014"
down_revision = "intake_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact", sa.Column("summary", sa.String(200), nullable=True))
