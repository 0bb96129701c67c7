"""The warning a person went on from."""

import sqlalchemy as sa
from alembic import op

revision = "intake_0009"
down_revision = "intake_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact", sa.Column("alert", sa.String(16), nullable=True))


def downgrade() -> None:
    op.drop_column("contact", "alert")
