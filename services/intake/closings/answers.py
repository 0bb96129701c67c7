"""What intake answers about its doors, and what staff do to them."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from chassis import Answers, Refused, Role, Transaction
from contracts.areas import Area, Areas
from contracts.closings import (
    CloseDoor,
    ClosingReason,
    DoorsView,
    DoorView,
    GetDoors,
    ReopenDoor,
    SetCap,
)
from services.intake.closings import domain, handlers, store
from services.intake.closings.domain import Closing, DoorNow, Doors

GROUND = "management of the unit"
"""Why staff change a door: nobody's care in particular."""

answers = Answers()


@answers(GetDoors)
def doors(ask: GetDoors, tx: Transaction, areas: Areas) -> DoorsView:
    """For everybody; only staff of the area are told caps and counts."""
    area = _area(areas, ask.area)
    if tx.viewer.role is Role.STAFF and ask.area in tx.viewer.areas:
        return _view(tx, area, store.counted_doors(tx.session, area, now=tx.now))
    seen = store.doors(tx.session, area)
    view = _view(tx, area, seen)
    return DoorsView(area=view.area, doors=tuple(_in_public(one) for one in view.doors))


@answers(CloseDoor)
def close(ask: CloseDoor, tx: Transaction, areas: Areas) -> DoorsView:
    """Close a door; the same closing said again tells nothing new."""
    area, seen = _hold(tx, areas, ask.area)
    domain.must_end_soon(ask.until, now=tx.now, most_days=area.closing_most_days)
    domain.must_leave_a_way(seen, ask.door, tx.now)
    standing = seen[ask.door].closing
    closing = Closing(standing.closing_id if standing else uuid4(), ask.reason, ask.until)
    if closing == standing:
        return _view(tx, area, seen)
    tx.audit("change", whom=closing.closing_id, what=f"door {ask.door} closed", ground=GROUND)
    return _view(tx, area, handlers.close(tx, area, seen, ask.door, closing))


@answers(ReopenDoor)
def reopen(ask: ReopenDoor, tx: Transaction, areas: Areas) -> DoorsView:
    """Open a door; one that is open already tells nothing new."""
    area, seen = _hold(tx, areas, ask.area)
    standing = seen[ask.door].closing
    if standing is None:
        return _view(tx, area, seen)
    domain.must_have_room(seen[ask.door])
    tx.audit("change", whom=standing.closing_id, what=f"door {ask.door} opened", ground=GROUND)
    after = handlers.reopen(tx, area, seen, ask.door)
    return _view(tx, area, handlers.close_filled_up(tx, area, after))


@answers(SetCap)
def set_cap(ask: SetCap, tx: Transaction, areas: Areas) -> DoorsView:
    """Set a cap; a door that it makes full closes, one that is full no more opens."""
    area, seen = _hold(tx, areas, ask.area)
    store.set_cap(tx.session, area, ask.door, ask.per_day, now=tx.now)
    tx.audit("change", whom=tx.viewer.id, what=f"cap of door {ask.door}", ground=GROUND)
    tx.hint(area=area.code)
    seen = {**seen, ask.door: replace(seen[ask.door], per_day=ask.per_day)}
    if _only_full(seen[ask.door]) and not seen[ask.door].full:
        seen = handlers.reopen(tx, area, seen, ask.door)
    return _view(tx, area, handlers.close_filled_up(tx, area, seen))


def _only_full(state: DoorNow) -> bool:
    return state.closing is not None and state.closing.reason is ClosingReason.CAP_REACHED


def _hold(tx: Transaction, areas: Areas, code: str) -> tuple[Area, Doors]:
    tx.viewer.must_be_staff(code)
    area = _area(areas, code)
    return area, handlers.hold(tx, area)


def _area(areas: Areas, code: str) -> Area:
    if code not in areas:
        raise Refused("unknown-area", f"no file describes area {code}")
    return areas[code]


def _view(tx: Transaction, area: Area, doors: Doors) -> DoorsView:
    return DoorsView(area=area.code, doors=tuple(_door(tx, state) for state in doors.values()))


def _door(tx: Transaction, state: DoorNow) -> DoorView:
    closing = state.closed(tx.now)
    return DoorView(
        door=state.door,
        open=closing is None,
        reason=closing.reason if closing else None,
        until=closing.until if closing else None,
        per_day=state.per_day,
        today=state.today,
    )


def _in_public(one: DoorView) -> DoorView:
    return one.model_copy(update={"per_day": None, "today": None})
