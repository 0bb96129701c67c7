"""What tells a message from another one under the same id; which place the bus has given a row."""

import sqlalchemy as sa
from alembic import op

revision = "chassis_0002"
down_revision = "chassis_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbox", sa.Column("digest", sa.String(64), nullable=True))
    op.add_column("outbox", sa.Column("stream_sequence", sa.BigInteger, nullable=True))
