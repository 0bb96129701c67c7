"""Closings: a door of the unit that is closed in an emergency or full for the day, and opens again by itself.

Owned by intake. A closing turns nobody away who comes: they are led to a way that is open. Who sends somebody by a
closed door hears it at once.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from contracts.base import AreaCode, Ask, Event, Id, Instant, View, command, event, query

_CLOSING = Id("3f1a7c52-8f0e-4a57-9a3e-5d0c7b1e2f44")

CAP_MAX = 10_000
"""Highest daily cap that makes sense."""


class Door(StrEnum):
    """A way in that can be closed by itself.

    Chat, message and booking also lead on: they are the ways a contact can go. Omaolo and referral only lead in.
    """

    CHAT = "chat"
    BOOKING = "booking"
    MESSAGE = "message"
    """Leaving a message, to be called back."""
    OMAOLO = "omaolo"
    REFERRAL = "referral"


class ClosingReason(StrEnum):
    """Why a door is closed."""

    STAFF_SHORTAGE = "staff_shortage"
    TECHNICAL_FAULT = "technical_fault"
    PEAK = "peak"
    OTHER_EMERGENCY = "other_emergency"
    CAP_REACHED = "cap_reached"
    """As many contacts as the day's cap allows; nobody closed it by hand."""


class ReopeningReason(StrEnum):
    """Why a door is open again."""

    BY_STAFF = "by_staff"
    TIME_OVER = "time_over"
    NEW_DAY = "new_day"
    """The cap counts from the beginning."""


Cap = Annotated[int, Field(ge=1, le=CAP_MAX)]
"""Most contacts of one local day."""


@event(
    owner="intake",
    version=1,
    about="closing_id",
    external="the health-station chat and the county's switchboard: which way is closed, and which ones are open",
)
class DoorClosed(Event):
    """A door is closed until a moment; the ways in `still_open` go on.

    Sent: when a door closes, and again when reason or end change; the later one has a higher aggregate version.
    """

    closing_id: Id
    """The same until the door opens again."""
    door: Door
    reason: ClosingReason
    until: Instant
    """When it opens by itself."""
    still_open: Annotated[tuple[Door, ...], Field(max_length=5)]
    """By closings alone: the chat keeps its hours besides."""
    closed_at: Instant


DoorClosed.example = DoorClosed.shown(
    municipality="000", closing_id=_CLOSING, door="chat", reason="staff_shortage", until="2026-11-25T06:00:00Z",
    still_open=["booking", "message", "omaolo", "referral"], closed_at="2026-11-24T08:00:00Z",
)  # fmt: skip


@event(
    owner="intake",
    version=1,
    about="closing_id",
    external="the health-station chat and the county's switchboard: which way is open again",
)
class DoorReopened(Event):
    """A closed door is open again.

    Sent: once per closing: when staff open it, or by the clock when its time is over.
    """

    closing_id: Id
    door: Door
    reason: ReopeningReason
    reopened_at: Instant


DoorReopened.example = DoorReopened.shown(
    municipality="000", closing_id=_CLOSING, door="chat", reason="time_over", reopened_at="2026-11-25T06:00:00Z"
)


class DoorView(View):
    """One door as it stands now."""

    door: Door
    open: bool
    """By closings and caps; whether the chat keeps its hours is GetChannel's to say."""
    reason: ClosingReason | None
    """Why it is closed."""
    until: Instant | None
    """When it opens again by itself."""
    per_day: int | None
    """Its daily cap. For staff; None when there is none."""
    today: int | None
    """Contacts by this door on this local day. For staff."""


class DoorsView(View):
    """Every door of an area."""

    area: AreaCode
    doors: tuple[DoorView, ...]


@query(owner="intake", version=1)
class GetDoors(Ask[DoorsView]):
    """Which doors are open. For everybody; caps and counts for staff of the area. Refused: `unknown-area`."""

    area: AreaCode


@command(owner="intake", version=1)
class CloseDoor(Ask[DoorsView]):
    """Close a door, or change reason and end of a closing. Staff of the area.

    Refused: `last-open-door`: leaving a message or booking must stay open, for the chat keeps hours;
    `closing-too-long`, `closing-in-past`, `not-yours`, `unknown-area`.
    """

    area: AreaCode
    door: Door
    reason: Literal[
        ClosingReason.STAFF_SHORTAGE,
        ClosingReason.TECHNICAL_FAULT,
        ClosingReason.PEAK,
        ClosingReason.OTHER_EMERGENCY,
    ]
    until: Instant


@command(owner="intake", version=1)
class ReopenDoor(Ask[DoorsView]):
    """Open a closed door; one that is open stays so. Staff of the area.

    Refused: `door-full`: raise the cap instead; `not-yours`, `unknown-area`.
    """

    area: AreaCode
    door: Door


@command(owner="intake", version=1)
class SetCap(Ask[DoorsView]):
    """Set or take away (None) the daily cap of a door: at once, and for the days to come. Staff of the area.

    A door that is full by the new cap closes, one that is full no more opens. Refused: `not-yours`, `unknown-area`.
    """

    area: AreaCode
    door: Door
    per_day: Cap | None
