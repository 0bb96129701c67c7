"""The newest cases of a county and a kind of trouble are found without looking at all of them."""

from alembic import op

revision = "intake_0017"
down_revision = "intake_0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("cases_of_group", "cases", ["area", "trouble_group", "begun_at"])
