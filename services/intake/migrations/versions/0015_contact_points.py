"""Where a person wants to be reached."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "intake_0015"
down_revision = "intake_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for kind in ("phone", "email"):
        op.add_column("person", sa.Column(kind, sa.String, nullable=True))
        op.add_column("person", sa.Column(f"{kind}_given_at", UtcInstant, nullable=True))


def downgrade() -> None:
    for kind in ("email", "phone"):
        op.drop_column("person", f"{kind}_given_at")
        op.drop_column("person", kind)
