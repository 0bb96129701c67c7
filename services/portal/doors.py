"""Closed doors as pages speak of them: what is closed and why, when it opens, and what one can do instead.

What ends in `_of` asks, everything else is pure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from chassis import Refused
from chassis.calendar import is_open, next_opening
from contracts.areas import Area
from contracts.chat import ChannelView, GetChannel
from contracts.closings import ClosingReason, Door, DoorView, GetDoors
from services.portal.edge import PASSER_BY, Edge

FOR_RESIDENTS = (Door.CHAT, Door.BOOKING, Door.MESSAGE, Door.OMAOLO)
"""Doors that a resident may be looking for; a referral is a professional's."""
WAYS = (Door.CHAT, Door.MESSAGE, Door.BOOKING)
"""What one can do instead, in the order the unit would lead there itself."""


class DoorClosed(Refused):
    """A door that leads in is closed to those who send. The refusal names the ways that are open."""

    def __init__(self, door: Door, instead: Iterable[Door]) -> None:
        self.instead = tuple(instead)
        super().__init__("door-closed", f"the door {door} is closed; open ways: {', '.join(self.instead)}")


@dataclass(frozen=True, slots=True)
class ClosedDoor:
    """A door that is closed now."""

    door: Door
    reason: ClosingReason
    opens_at: datetime
    """When one can go by it again: the chat keeps its hours besides."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What residents of a county are told of its doors; false when there is nothing to tell."""

    closed: Mapping[Door, ClosedDoor]
    instead: Door
    """What one can do meanwhile."""

    def __bool__(self) -> bool:
        return bool(self.closed)


Doors = Mapping[Door, DoorView]


async def doors_of(edge: Edge, area: str) -> Doors:
    """The doors of a county as everybody may see them; nothing when intake does not answer."""
    try:
        found = await edge.read(GetDoors(area=area), viewer=PASSER_BY)
    except Refused:
        return {}
    return {one.door: one for one in found.doors}


async def must_be_open(edge: Edge, area: str, door: Door) -> None:
    """Let somebody be sent only by a door that is open. While intake does not answer it is taken to be.

    Raises:
        DoorClosed: `door-closed`.
    """
    doors = await doors_of(edge, area)
    if door in doors and not doors[door].open:
        raise _closed(door, doors)


async def closed_to_senders(edge: Edge, area: str, door: Door) -> DoorClosed:
    """What is said to who sends by a door that intake has refused."""
    return _closed(door, await doors_of(edge, area))


def _closed(door: Door, doors: Doors) -> DoorClosed:
    return DoorClosed(door, (way for way in WAYS if way in doors and doors[way].open))


async def channel_of(edge: Edge, area: str) -> ChannelView | None:
    """The chat of a county by its hours; None when the chat service does not answer."""
    try:
        return await edge.read(GetChannel(area=area), viewer=PASSER_BY)
    except Refused:
        return None


async def notice_of(edge: Edge, area: Area) -> Notice:
    """What residents of a county are to be told of its doors now."""
    channel, doors = await asyncio.gather(channel_of(edge, area.code), doors_of(edge, area.code))
    return notice(doors, area, channel)


def notice(doors: Doors, area: Area, channel: ChannelView | None) -> Notice:
    """What residents are told: doors that are closed to them, and the way the unit would lead them itself."""
    closed = {
        one.door: ClosedDoor(one.door, one.reason, _opens_at(one.door, one.until, area))
        for one in doors.values()
        if one.door in FOR_RESIDENTS and one.reason and one.until
    }
    no_way = {*closed} if channel and channel.open else {*closed, Door.CHAT}
    return Notice(closed, next((way for way in WAYS if way not in no_way), Door.MESSAGE))


def _opens_at(door: Door, until: datetime, area: Area) -> datetime:
    if door is not Door.CHAT or area.chat.practice or is_open(area.chat.periods, until, area.chat_closed_on):
        return until
    return next_opening(area.chat.periods, until, area.chat_closed_on) or until
