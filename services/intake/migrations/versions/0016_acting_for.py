"""For whom somebody acts, and which interpreter is needed."""

import sqlalchemy as sa
from alembic import op

revision = "intake_0016"
down_revision = "intake_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact", sa.Column("on_behalf", sa.String(16), nullable=True))
    op.add_column("contact", sa.Column("interpreter", sa.String(16), nullable=True))
