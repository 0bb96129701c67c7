"""Contacts, conversations, messages, callbacks."""

import sqlalchemy as sa
from alembic import op

from chassis.db import UtcInstant

revision = "chat_0001"
down_revision = None
branch_labels = None
depends_on = None

_QUEUED = sa.text("state = 'queued'")
_OPEN = sa.text("state = 'open'")
_PROMISED = sa.text("state = 'promised'")


def upgrade() -> None:
    op.create_table(
        "contact",
        sa.Column("contact_id", sa.Uuid, primary_key=True),
        sa.Column("language", sa.String(20)),
        sa.Column("identified_at", UtcInstant),
    )
    _create_conversations()
    _create_callbacks()


def _create_conversations() -> None:
    op.create_table(
        "conversation",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("conversation_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("contact_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("municipality", sa.String, nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("trouble", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("queued_at", UtcInstant, nullable=False),
        sa.Column("therapist_id", sa.Uuid),
        sa.Column("therapist_name", sa.String),
        sa.Column("accepted_at", UtcInstant),
        sa.Column("identity_requested_at", UtcInstant),
        sa.Column("ended_at", UtcInstant),
        sa.Column("last_sequence", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "state in ('queued', 'abandoned') or therapist_id is not null", name="conversation_has_therapist"
        ),
    )
    op.create_index(
        "conversation_waiting",
        "conversation",
        ["area", "channel", "number"],
        sqlite_where=_QUEUED,
        postgresql_where=_QUEUED,
    )
    op.create_index(
        "conversation_of_therapist", "conversation", ["therapist_id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_table(
        "message",
        sa.Column("conversation_id", sa.Uuid, sa.ForeignKey("conversation.conversation_id"), primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("speaker", sa.String(20), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("sent_at", UtcInstant, nullable=False),
    )


def _create_callbacks() -> None:
    op.create_table(
        "callback",
        sa.Column("callback_id", sa.Uuid, primary_key=True),
        sa.Column("contact_id", sa.Uuid, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("municipality", sa.String, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("phone", sa.String, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("requested_at", UtcInstant, nullable=False),
        sa.Column("kept_at", UtcInstant),
    )
    op.create_index(
        "callback_once_open",
        "callback",
        ["contact_id"],
        unique=True,
        sqlite_where=_PROMISED,
        postgresql_where=_PROMISED,
    )
    op.create_index("callback_contact", "callback", ["contact_id"])
    op.create_index(
        "callback_promised", "callback", ["area", "due_on"], sqlite_where=_PROMISED, postgresql_where=_PROMISED
    )
    op.create_index("callback_kept", "callback", ["area", "kept_at"])
