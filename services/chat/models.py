"""Tables of the chat service. What must be unique is a constraint here, whichever process writes first."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Enum, Index, Integer, Text, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chassis.db import UtcInstant
from contracts.base import Language
from contracts.callbacks import CallbackState
from contracts.chat import ConversationState, Speaker
from contracts.portal import InterpreterLanguage, OnBehalf, PromiseKind, WarningShown

_QUEUED = text("state = 'queued'")
_OPEN = text("state = 'open'")
_PROMISED = text("state = 'promised'")


def _wire(kind: type[StrEnum]) -> Any:
    """Column type of a closed list: stored as the wire value, read as the enumeration."""
    return Enum(kind, native_enum=False, length=20, values_callable=lambda kind: [one.value for one in kind])


class ChatTable(SQLModel, registry=registry()):
    """Tables of the chat service."""


class Contact(ChatTable, table=True):
    """What the chat remembers of a contact, whichever fact about it came first. No personal data."""

    contact_id: UUID = Field(primary_key=True)
    language: Language | None = Field(default=None, sa_type=_wire(Language))
    alert: WarningShown | None = Field(default=None, sa_type=_wire(WarningShown))
    on_behalf: OnBehalf | None = Field(default=None, sa_type=_wire(OnBehalf))
    interpreter: InterpreterLanguage | None = Field(default=None, sa_type=_wire(InterpreterLanguage))
    non_disclosure: bool = False
    """Its person is under non-disclosure: of them no place is kept, and their number is told on record alone."""
    non_disclosure_version: int = 0
    """Which word of intake on it counts; 0 while it has said none."""
    identified_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    declined_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    earlier_accepted: bool | None = None
    """What the person has said of the text from before identifying."""
    earlier_decided_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class Conversation(ChatTable, table=True):
    """One per contact."""

    __table_args__ = (
        CheckConstraint(
            "state in ('queued', 'abandoned') or therapist_id is not null", name="conversation_has_therapist"
        ),
        Index("conversation_waiting", "area", "channel", "number", sqlite_where=_QUEUED, postgresql_where=_QUEUED),
        Index("conversation_of_therapist", "therapist_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    number: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    """Order of joining the queue."""
    conversation_id: UUID = Field(unique=True)
    contact_id: UUID = Field(unique=True)
    area: str
    municipality: str
    language: Language = Field(sa_type=_wire(Language))
    trouble: str
    alert: WarningShown | None = Field(default=None, sa_type=_wire(WarningShown))
    """Such a conversation stands first."""
    channel: str
    state: ConversationState = Field(sa_type=_wire(ConversationState))
    queued_at: datetime = Field(sa_type=UtcInstant)
    therapist_id: UUID | None = None
    therapist_name: str | None = None
    accepted_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    identity_requested_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    last_sequence: int = 0


class Message(ChatTable, table=True):
    """One message. Its place is given in the transaction that raised `Conversation.last_sequence` to it."""

    conversation_id: UUID = Field(primary_key=True, foreign_key="conversation.conversation_id")
    sequence: int = Field(primary_key=True)
    speaker: Speaker = Field(sa_type=_wire(Speaker))
    name: str
    words: str = Field(sa_type=Text)
    sent_at: datetime = Field(sa_type=UtcInstant)


class Callback(ChatTable, table=True):
    """A promised call, kept or not. A contact has one open promise at most."""

    __table_args__ = (
        Index("callback_once_open", "contact_id", unique=True, sqlite_where=_PROMISED, postgresql_where=_PROMISED),
        Index("callback_contact", "contact_id"),
        Index("callback_promised", "area", "due_on", sqlite_where=_PROMISED, postgresql_where=_PROMISED),
        Index("callback_kept", "area", "kept_at"),
    )

    callback_id: UUID = Field(primary_key=True)
    contact_id: UUID
    area: str
    municipality: str
    kind: PromiseKind = Field(sa_type=_wire(PromiseKind))
    state: CallbackState = Field(sa_type=_wire(CallbackState))
    due_on: date
    phone: str
    words: str = Field(sa_type=Text)
    attempts: int = 0
    requested_at: datetime = Field(sa_type=UtcInstant)
    kept_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    due_version: int = 0
    """Which word of intake on the due day counts; 0 while it has said none."""
