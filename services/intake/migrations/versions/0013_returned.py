"""Why a referral was given back."""

import sqlalchemy as sa
from alembic import op

revision = "intake_0013"
down_revision = "intake_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("referral", sa.Column("returned", sa.String(16), nullable=True))
