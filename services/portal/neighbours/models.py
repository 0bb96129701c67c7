"""Tables of what neighbours have posted: whose contact it is, and which events are known already."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String
from sqlmodel import Field

from chassis.db import UtcInstant
from services.portal.models import PortalTable


class PostedEvent(PortalTable, table=True):
    """An event a neighbour has posted and we have told: the same one again tells nothing more."""

    __tablename__ = "posted_event"

    event_id: UUID = Field(primary_key=True)
    neighbour: str = Field(sa_type=String)
    """Who posted it."""
    content: bytes = Field(sa_type=LargeBinary)
    """SHA-256 of what it says."""
    posted_at: datetime = Field(sa_type=UtcInstant, index=True)


class PostedContact(PortalTable, table=True):
    """A contact belongs to the neighbour that opened it: no other may say who the person is, or that they want a call.

    Kept without end, like the number of facts told about it: an id, and nothing of the person.
    """

    __tablename__ = "posted_contact"

    contact_id: UUID = Field(primary_key=True)
    neighbour: str = Field(sa_type=String)
    area: str = Field(sa_type=String)
    """The county it was opened in; what follows is told there."""
