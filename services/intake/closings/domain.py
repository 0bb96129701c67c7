"""The rules of closings: when a door may be closed, when it is full, and that a way always stays open.

Pure: values in, decision out. A closing whose end has come closes nothing any more, told or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chassis.calendar import HELSINKI, local_date, start_of_day
from chassis.errors import Refused
from contracts.closings import ClosingReason, Door, ReopeningReason
from contracts.intake import Route, RouteReason
from contracts.portal import Origin

LASTING: Final = frozenset({Door.MESSAGE, Door.BOOKING})
"""Ways that keep no hours. One of them stays open: the chat alone would be a dead end at night."""

BY_ROUTE: Final[Mapping[Route, Door]] = {
    Route.CHAT: Door.CHAT,
    Route.CALLBACK: Door.MESSAGE,
    Route.BOOKING: Door.BOOKING,
}
"""By which door a contact of a route goes on."""

BY_ORIGIN: Final[Mapping[Origin, Door]] = {Origin.OMAOLO: Door.OMAOLO, Origin.REFERRAL: Door.REFERRAL}
"""Doors that only lead in: what came by them is counted there, wherever it goes."""


@dataclass(frozen=True, slots=True)
class Closing:
    """A door is closed until a moment."""

    closing_id: UUID
    reason: ClosingReason
    until: datetime


@dataclass(frozen=True, slots=True)
class DoorNow:
    """A door as it stands."""

    door: Door
    closing: Closing | None = None
    per_day: int | None = None
    """Its cap."""
    today: int = 0
    """Contacts on this local day; 0 where nobody has counted."""

    @property
    def full(self) -> bool:
        return self.per_day is not None and self.today >= self.per_day

    def closed(self, now: datetime) -> Closing | None:
        """What closes it at a moment."""
        return self.closing if self.closing and self.closing.until > now else None


Doors = Mapping[Door, DoorNow]
"""Every door of an area."""


def still_open(doors: Doors, now: datetime) -> tuple[Door, ...]:
    """The doors that no closing closes."""
    return tuple(door for door, state in doors.items() if not state.closed(now))


def leaves_a_way(doors: Doors, door: Door, now: datetime) -> bool:
    """Whether a lasting way is open when `door` is not."""
    return bool(LASTING.intersection(still_open(doors, now)) - {door})


def must_leave_a_way(doors: Doors, door: Door, now: datetime) -> None:
    """Nobody may come to a dead end.

    Raises:
        Refused: `last-open-door`.
    """
    if not leaves_a_way(doors, door, now):
        raise Refused("last-open-door", "leaving a message or booking must stay open: the chat keeps hours")


def must_end_soon(until: datetime, *, now: datetime, most_days: int) -> None:
    """A closing ends by itself, after some days at the latest, by the clock on the wall.

    Raises:
        Refused: `closing-in-past`, `closing-too-long`.
    """
    if until <= now:
        raise Refused("closing-in-past", "expected an end that is still to come")
    # Two times of one zone are compared as the clock on the wall shows them, whatever it did in between.
    if until.astimezone(HELSINKI) > now.astimezone(HELSINKI) + timedelta(days=most_days):
        raise Refused("closing-too-long", f"expected an end at most {most_days} days ahead")


def end_of_cap(now: datetime) -> datetime:
    """When a full door opens again: with the next local day."""
    return start_of_day(local_date(now) + timedelta(days=1))


def filled_up(doors: Doors, now: datetime) -> Door | None:
    """A door that is full, not closed, and may close: the last lasting way takes everybody, cap or not."""
    full = (door for door, state in doors.items() if state.full and not state.closed(now))
    return next((door for door in full if leaves_a_way(doors, door, now)), None)


def over(doors: Doors, now: datetime) -> tuple[Door, ...]:
    """Doors whose closing has come to its end, and nobody has told yet."""
    return tuple(door for door, state in doors.items() if state.closing and not state.closed(now))


def shut(doors: Doors, now: datetime) -> Mapping[Door, RouteReason]:
    """Doors that nobody can go by, and why."""
    closings = {door: state.closed(now) for door, state in doors.items()}
    return {
        door: RouteReason.DOOR_FULL if closing.reason is ClosingReason.CAP_REACHED else RouteReason.DOOR_CLOSED
        for door, closing in closings.items()
        if closing
    }


def counted(doors: Doors, used: Iterable[Door]) -> Doors:
    """The doors after one more contact by each of `used`."""
    return {**doors, **{door: replace(doors[door], today=doors[door].today + 1) for door in used}}


def used(route: Route, origin: Origin | None) -> frozenset[Door]:
    """The doors that a contact counts for: the one it goes on by, and one that only leads in, when it has just come."""
    found = (BY_ROUTE.get(route), BY_ORIGIN.get(origin) if origin else None)
    return frozenset(door for door in found if door)


def must_take(doors: Doors, door: Door, now: datetime) -> None:
    """A door that only leads in takes nobody while it is closed: whoever sends is told at once.

    Raises:
        Refused: `door-closed`.
    """
    if doors[door].closed(now):
        raise Refused("door-closed", f"the door {door} is closed; let the person get in touch by another one")


def must_have_room(state: DoorNow) -> None:
    """A door that is full is not opened by hand: its cap is raised.

    Raises:
        Refused: `door-full`.
    """
    if state.full:
        raise Refused("door-full", "the day's cap is reached: raise it, or take it away")


def why_open_again(closing: Closing, now: datetime) -> ReopeningReason:
    """Why a closed door opens now."""
    if closing.until > now:
        return ReopeningReason.BY_STAFF
    return ReopeningReason.NEW_DAY if closing.reason is ClosingReason.CAP_REACHED else ReopeningReason.TIME_OVER
