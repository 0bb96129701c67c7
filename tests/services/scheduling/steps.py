"""What happens before a time is booked, in the words of the tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import Refused, Viewer
from contracts.base import Ask
from contracts.scheduling import (
    BookVisit,
    CalendarView,
    GetTimes,
    HoldSlot,
    HoldView,
    OfferTimes,
    PublishSlots,
    TimesView,
    VisitView,
)
from tests.factories import client, contact_routed, identity_verified, staff
from tests.unit import START, Unit

TOMORROW_AT_NINE = START + timedelta(hours=23)
"""9.00 in Helsinki, the day after the clock's start."""


def publish(unit: Unit, *starts_at: datetime, by: Viewer | None = None, **over: Any) -> CalendarView:
    ask = {"area": "10", "therapist_name": "Aino", "modality": "video", "minutes": 45, "starts_at": starts_at} | over
    view: CalendarView = unit.asks(PublishSlots.model_validate(ask), viewer=by or staff())
    return view


def publish_hours(unit: Unit, first: datetime, count: int, **over: Any) -> CalendarView:
    """Times at every full hour from `first` on."""
    return publish(unit, *(first + timedelta(hours=n) for n in range(count)), **over)


def routed(unit: Unit, **over: Any) -> UUID:
    contact_id: UUID = over.setdefault("contact_id", uuid4())
    unit.hears(contact_routed(**over))
    return contact_id


def identified(unit: Unit, **over: Any) -> UUID:
    contact_id = routed(unit, **over)
    unit.hears(identity_verified(contact_id=contact_id))
    return contact_id


def offered(unit: Unit, *, by: Viewer | None = None, **over: Any) -> UUID:
    """A contact that was offered the times already published."""
    contact_id = identified(unit, **over)
    unit.asks(OfferTimes(contact_id=contact_id), viewer=by or staff())
    return contact_id


def times(unit: Unit, contact_id: UUID, viewer: Viewer | None = None) -> TimesView:
    view: TimesView = unit.asks(GetTimes(contact_id=contact_id), viewer=viewer or client(contact_id))
    return view


def hold(unit: Unit, contact_id: UUID, slot_id: UUID) -> HoldView:
    view: HoldView = unit.asks(HoldSlot(contact_id=contact_id, slot_id=slot_id), viewer=client(contact_id))
    return view


def book(unit: Unit, contact_id: UUID, hold_id: UUID, **over: Any) -> VisitView:
    ask = BookVisit.model_validate({"contact_id": contact_id, "hold_id": hold_id, "language": "fi"} | over)
    view: VisitView = unit.asks(ask, viewer=client(contact_id))
    return view


def booked(unit: Unit, starts_at: datetime = TOMORROW_AT_NINE, *, by: Viewer | None = None, **over: Any) -> VisitView:
    """A visit with `by`, from the published time to the booking."""
    publish(unit, starts_at, by=by)
    contact_id = offered(unit, by=by, **over)
    free: Sequence[Any] = times(unit, contact_id).slots
    return book(unit, contact_id, hold(unit, contact_id, free[0].slot_id).hold_id)


def refusal(unit: Unit, ask: Ask[Any], viewer: Viewer) -> str:
    """The code an ask is refused with."""
    with pytest.raises(Refused) as refused:
        unit.asks(ask, viewer=viewer)
    return refused.value.code
