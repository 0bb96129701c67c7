"""Forms whose fact has been told."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "portal_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "submission",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("sent_at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_submission_contact_id", "submission", ["contact_id"])
    op.create_index("ix_submission_sent_at", "submission", ["sent_at"])


def downgrade() -> None:
    op.drop_table("submission")
