"""Who is looking. Every read of what belongs to somebody takes a viewer; there is no variant without one."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from chassis.errors import Refused

NOBODY = UUID(int=0)


class Role(StrEnum):
    """In which capacity somebody looks."""

    CLIENT = "client"
    STAFF = "staff"
    NEIGHBOUR = "neighbour"
    """Another system of the county, as its token names it."""
    SERVICE = "service"


class Viewer(BaseModel):
    """Somebody at the edge, as the portal has verified them."""

    model_config = ConfigDict(frozen=True)

    role: Role
    id: UUID
    """CLIENT: the contact the session owns. STAFF: the member of staff. NEIGHBOUR: itself. SERVICE: nobody."""
    areas: frozenset[str] = frozenset()
    """Counties a member of staff serves, or a neighbour may send to."""
    name: str = ""
    licensed: bool = False
    """STAFF: whether the law lets them assess whom they meet, as the county's directory says."""

    def may_see(self, contact_id: UUID, area: str) -> bool:
        """Whether what belongs to this contact exists for the viewer; a neighbour sees only what it sent itself."""
        if self.role is Role.CLIENT:
            return self.id == contact_id
        return self.role is Role.SERVICE or (self.role is Role.STAFF and area in self.areas)

    def must_be_staff(self, area: str | None = None) -> None:
        """Let only staff (of this area) pass.

        Raises:
            Refused: `not-yours`.
        """
        if self.role is not Role.STAFF or (area is not None and area not in self.areas):
            raise Refused("not-yours", "this is for staff of the area")

    def must_be_licensed(self) -> None:
        """Let only staff pass who are licensed.

        Raises:
            Refused: `not-yours`; `licence-needed`.
        """
        self.must_be_staff()
        if not self.licensed:
            raise Refused("licence-needed", "only a licensed professional assesses, and closes an assessment")


SERVICE = Viewer(role=Role.SERVICE, id=NOBODY)
"""The viewer of event handlers and jobs: nobody is looking."""
