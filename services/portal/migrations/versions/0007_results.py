"""Results of symptom assessments elsewhere, and one-time links into contacts."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "portal_0007"
down_revision = "portal_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "taken_result",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("neighbour", sa.String, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("contact_id", sa.Uuid, nullable=False),
        sa.Column("taken_at", UtcInstant, nullable=False),
    )
    op.create_index("ix_taken_result_taken_at", "taken_result", ["taken_at"])
    op.create_table(
        "link",
        sa.Column("secret_hash", sa.LargeBinary, primary_key=True),
        sa.Column("contact_id", sa.Uuid, nullable=False),
        sa.Column("expires_at", UtcInstant, nullable=False),
        sa.Column("used_at", UtcInstant, nullable=True),
    )
    op.create_index("ix_link_expires_at", "link", ["expires_at"])
