"""Tables of what has come from symptom assessments elsewhere."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String
from sqlmodel import Field

from chassis.db import UtcInstant
from services.portal.models import PortalTable


class TakenResult(PortalTable, table=True):
    """A result that has opened a contact: the same one again opens none."""

    __tablename__ = "taken_result"

    digest: bytes = Field(sa_type=LargeBinary, primary_key=True)
    """SHA-256 of the neighbour and the maker's own id."""
    neighbour: str = Field(sa_type=String)
    content: bytes = Field(sa_type=LargeBinary)
    """SHA-256 of what it says."""
    contact_id: UUID
    taken_at: datetime = Field(sa_type=UtcInstant, index=True)
