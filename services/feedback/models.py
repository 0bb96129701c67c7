"""Tables of the feedback service: two that share no key, no moment and no order of writing.

An answer keeps the area, the kind of occasion, the day and what was said. It has no contact, no invitation, no
municipality and no language: in a small municipality the last two would be a name.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chassis.db import UtcInstant


class FeedbackTable(SQLModel, registry=registry()):
    """Tables of the feedback service."""


class Invitation(FeedbackTable, table=True):
    """Who was asked about what. That they answered is kept, when is not.

    An area's counts grow at once, so whoever watches them sees that somebody answered; the words come a day later.
    """

    __table_args__ = (UniqueConstraint("about_what", "cause_id", name="one_invitation_per_cause"),)

    invitation_id: UUID = Field(primary_key=True)
    about_what: str = Field(sa_type=String)
    cause_id: UUID
    """The conversation, callback or visit."""
    contact_id: UUID = Field(index=True)
    area: str = Field(sa_type=String)
    invited_at: datetime = Field(sa_type=UtcInstant)
    answered: bool = False


class Answer(FeedbackTable, table=True):
    """What somebody said. Stored by its random id: SQLite would otherwise number the rows in the order they came."""

    __table_args__ = {"sqlite_with_rowid": False}  # SQLAlchemy's own name and shape

    answer_id: UUID = Field(primary_key=True)
    area: str = Field(sa_type=String, index=True)
    about_what: str = Field(sa_type=String)
    recommend: int
    useful: bool | None = None
    text: str = Field(default="", sa_type=Text)
    given_on: date
    told: bool = False
    """Whether FeedbackGiven has left, and the text is shown."""
