"""What closings do to what comes in, and what is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

from chassis import Transaction
from contracts.areas import Area
from contracts.cases import Happened
from contracts.closings import ClosingReason, Door, DoorClosed, DoorReopened
from contracts.intake import ContactRouted, Route, RouteReason
from contracts.portal import Origin
from services.intake.cases.store import happenings
from services.intake.closings import domain, store
from services.intake.closings.domain import Closing, Doors
from services.intake.domain import reasons_by_message
from services.intake.models import Contact
from services.intake.store import send


def doors_for_a_contact(tx: Transaction, area: Area) -> Doors:
    """The doors as they stand for somebody who comes in; where a cap counts, held until the commit."""
    seen = store.doors(tx.session, area)
    if all(state.per_day is None for state in seen.values()):
        return seen
    return close_filled_up(tx, area, hold(tx, area))


def hold(tx: Transaction, area: Area) -> Doors:
    """The doors of an area, held until the commit; those whose time is over are open, and it is told."""
    doors = store.held_doors(tx.session, area, now=tx.now)
    for door in domain.over(doors, tx.now):
        doors = reopen(tx, area, doors, door)
    return doors


def count(tx: Transaction, area: Area, doors: Doors, *, route: Route, origin: Origin | None) -> None:
    """One more contact has gone its way: a door that it filled closes for the day."""
    close_filled_up(tx, area, domain.counted(doors, domain.used(route, origin)))


def by_message(tx: Transaction, contact: Contact, area: Area, why: RouteReason) -> None:
    """Who was to pick a time leaves a message instead, also when they come back to it; unless they have a time."""
    booked = any(one.what == Happened.VISIT_BOOKED for one in happenings(tx.session, contact.contact_id))
    if contact.route != Route.BOOKING or booked:
        return
    if not send(tx.session, contact, Route.CALLBACK, reasons_by_message(contact.reasons, why), now=tx.now):
        return  # another process was quicker
    count(tx, area, doors_for_a_contact(tx, area), route=Route.CALLBACK, origin=None)  # it was counted where it came in
    tx.publish(ContactRouted.model_validate(contact.model_dump()))


def close_filled_up(tx: Transaction, area: Area, doors: Doors) -> Doors:
    """Close the doors that are full; gives back how the doors stand after it."""
    while door := domain.filled_up(doors, tx.now):
        doors = close(tx, area, doors, door, Closing(uuid4(), ClosingReason.CAP_REACHED, domain.end_of_cap(tx.now)))
    return doors


def close(tx: Transaction, area: Area, doors: Doors, door: Door, closing: Closing) -> Doors:
    """Close a door that is held, and tell; gives back how the doors stand after it."""
    store.close(tx.session, area, door, closing)
    after = _with(doors, door, closing)
    tx.publish(
        DoorClosed(
            area=area.code,
            closing_id=closing.closing_id,
            door=door,
            reason=closing.reason,
            until=closing.until,
            still_open=domain.still_open(after, tx.now),
            closed_at=tx.now,
        )
    )
    tx.hint(area=area.code)
    return after


def reopen(tx: Transaction, area: Area, doors: Doors, door: Door) -> Doors:
    """Open a door that is held and closed, and tell; gives back how the doors stand after it."""
    closing = doors[door].closing
    assert closing is not None
    reason = domain.why_open_again(closing, tx.now)
    store.reopen(tx.session, area, door)
    told = {"closing_id": closing.closing_id, "door": door, "reason": reason, "reopened_at": tx.now}
    tx.publish(DoorReopened(area=area.code, **told))
    tx.hint(area=area.code)
    return _with(doors, door, None)


def _with(doors: Mapping[Door, domain.DoorNow], door: Door, closing: Closing | None) -> Doors:
    return {**doors, door: replace(doors[door], closing=closing)}
