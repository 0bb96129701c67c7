"""Every statement on doors.

Whoever changes a door, or counts against a cap, holds the rows of all doors of the area until the commit: so a cap is
exact and a way stays open, whichever process comes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from chassis.calendar import local_date, start_of_day
from chassis.db import upsert
from contracts.areas import Area
from contracts.closings import ClosingReason, Door
from contracts.intake import Route
from contracts.portal import Origin
from services.intake.closings.domain import Closing, DoorNow, Doors, used
from services.intake.closings.models import DoorRow
from services.intake.models import Contact

_FRESH = {"populate_existing": True}
"""Believe the database, not what this session read before."""


def doors(session: Session, area: Area) -> Doors:
    """The doors of an area, nobody having counted."""
    return _doors(area, session.exec(_rows(area), execution_options=_FRESH).all(), {})


def counted_doors(session: Session, area: Area, *, now: datetime) -> Doors:
    """The doors of an area and their contacts of the local day."""
    return _doors(area, session.exec(_rows(area), execution_options=_FRESH).all(), _today(session, area, now))


def held_doors(session: Session, area: Area, *, now: datetime) -> Doors:
    """The same; nobody else changes or counts them before this transaction is over."""
    rows = [{"area": area.code, "door": door.value} for door in sorted(Door)]
    session.connection().execute(upsert(session, DoorRow).values(rows).on_conflict_do_nothing())
    held = session.exec(_rows(area).with_for_update(), execution_options=_FRESH).all()
    return _doors(area, held, _today(session, area, now))


def _rows(area: Area) -> SelectOfScalar[DoorRow]:
    return select(DoorRow).where(DoorRow.area == area.code).order_by(col(DoorRow.door))


def _doors(area: Area, rows: Sequence[DoorRow], today: dict[Door, int]) -> Doors:
    kept = {Door(row.door): row for row in rows}
    return {door: _door(area, door, kept.get(door), today.get(door, 0)) for door in Door}


def _door(area: Area, door: Door, row: DoorRow | None, today: int) -> DoorNow:
    per_day = row.per_day if row and row.cap_set_at else area.caps.get(door)
    closing = None
    if row and row.closing_id and row.reason and row.until:
        closing = Closing(row.closing_id, ClosingReason(row.reason), row.until)
    return DoorNow(door, closing, per_day, today)


def _today(session: Session, area: Area, now: datetime) -> dict[Door, int]:
    """Contacts by door on the local day of `now`: counted, not kept beside, so that no count can go astray."""
    day = local_date(now)
    statement = (
        select(Contact.route, Contact.origin, func.count())
        .where(
            Contact.area == area.code,
            col(Contact.route).is_not(None),
            col(Contact.decided_at) >= start_of_day(day),
            col(Contact.decided_at) < start_of_day(day + timedelta(days=1)),
        )
        .group_by(col(Contact.route), col(Contact.origin))
    )
    found: dict[Door, int] = {}
    for route, origin, count in session.exec(statement):
        for door in used(Route(str(route)), Origin(origin)):
            found[door] = found.get(door, 0) + count
    return found


def close(session: Session, area: Area, door: Door, closing: Closing) -> None:
    """Close a door that is held."""
    values = {"closing_id": closing.closing_id, "reason": closing.reason.value, "until": closing.until}
    _change(session, area, door, values)


def reopen(session: Session, area: Area, door: Door) -> None:
    """Open a door that is held."""
    _change(session, area, door, {"closing_id": None, "reason": None, "until": None})


def set_cap(session: Session, area: Area, door: Door, per_day: int | None, *, now: datetime) -> None:
    """Give a door that is held a cap of its own, or none."""
    _change(session, area, door, {"cap_set_at": now, "per_day": per_day})


def _change(session: Session, area: Area, door: Door, values: Mapping[str, object]) -> None:
    which = (col(DoorRow.area) == area.code, col(DoorRow.door) == door.value)
    session.connection().execute(update(DoorRow).where(*which).values(values))


def due(session: Session, *, now: datetime) -> Sequence[str]:
    """Areas with a closing whose end has come."""
    statement = select(DoorRow.area).where(col(DoorRow.until) <= now).distinct().order_by(col(DoorRow.area))
    return session.exec(statement).all()
