"""What tests of closings do: somebody comes in, staff close and open doors, time goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from chassis import Viewer
from chassis.calendar import HELSINKI
from contracts.closings import CloseDoor, Door, DoorsView, DoorView, GetDoors, ReopenDoor, SetCap
from contracts.intake import ContactView, GetContact
from contracts.portal import Origin
from services.intake.closings.jobs import reopen_due
from tests.factories import client, contact_opened, staff
from tests.services.intake.builders import answers
from tests.unit import Unit


def local(*parts: int) -> datetime:
    """A moment as the clock on the wall in Finland shows it."""
    return datetime(*parts, tzinfo=HELSINKI)  # type: ignore[misc, arg-type]  # year, month, day, hour, minute …


def utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


TOMORROW = utc(local(2026, 11, 25, 8))


def closes(unit: Unit, door: Door, *, area: str = "10", viewer: Viewer | None = None, **over: Any) -> DoorsView:
    told = {"reason": "staff_shortage", "until": TOMORROW} | over
    return unit.asks(CloseDoor(area=area, door=door, **told), viewer=viewer or staff())  # type: ignore[no-any-return]


def opens(unit: Unit, door: Door) -> DoorsView:
    return unit.asks(ReopenDoor(area="10", door=door), viewer=staff())  # type: ignore[no-any-return]


def caps(unit: Unit, door: Door, per_day: int | None) -> DoorsView:
    return unit.asks(SetCap(area="10", door=door, per_day=per_day), viewer=staff())  # type: ignore[no-any-return]


def seen(unit: Unit, door: Door, viewer: Viewer | None = None) -> DoorView:
    """A door as staff see it, unless somebody else looks."""
    view: DoorsView = unit.asks(GetDoors(area="10"), viewer=viewer or staff())
    return next(one for one in view.doors if one.door is door)


def comes_in(unit: Unit, origin: Origin = Origin.CHAT, **over: Any) -> ContactView:
    """Somebody with a knee comes in; what was decided."""
    contact_id: UUID = uuid4()
    unit.hears(contact_opened(contact_id=contact_id, origin=origin, **{"answers": answers()} | over))
    return unit.asks(GetContact(contact_id=contact_id), viewer=client(contact_id))  # type: ignore[no-any-return]


def time_goes_on(unit: Unit, to: datetime) -> None:
    """The clock moves and the job comes round."""
    unit.clock.set(utc(to))
    unit.runs(reopen_due)
