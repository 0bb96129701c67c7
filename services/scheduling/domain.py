"""Rules of free times: what may be published, what is shown, and how long a time is kept. Values in, decision out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise, zip_longest
from uuid import UUID

from chassis.calendar import local_date
from chassis.errors import Refused
from contracts.areas import DirectAccess
from contracts.base import AreaCode
from contracts.scheduling import Modality, SlotView

REMOTE = (Modality.VIDEO, Modality.PHONE, Modality.CHAT)
"""How a remote visit may take place. Source: domain.md section 6 (contact types)."""

LEAD = timedelta(minutes=15)
"""A time is shown no later than this before it starts: the person and the therapist need a moment to get ready."""

MOST_TIMES = 12
"""How many times a person is shown at once: what fits one screen."""

MOST_DAYS = 4
"""Over how many of the nearest days with free times they are spread."""


@dataclass(frozen=True, slots=True)
class Time:
    """A time in a therapist's calendar. Two of the same therapist are one when they are equal."""

    area: AreaCode
    modality: Modality
    starts_at: datetime
    ends_at: datetime
    direct_access: bool = False

    def overlaps(self, other: Time) -> bool:
        """Whether both take the same minute; meeting end to start is no overlap."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def asked_times(
    area: AreaCode, modality: Modality, starts: Iterable[datetime], length: timedelta, *, direct_access: bool = False
) -> tuple[Time, ...]:
    """The times a therapist asks to publish, earliest first; the same start twice is one time."""
    return tuple(Time(area, modality, start, start + length, direct_access) for start in sorted(set(starts)))


def must_have_begun(starts_at: datetime, now: datetime, *, held_early: bool) -> None:
    """Let a visit be marked as held only when its time has come, or the therapist says it was held before.

    Raises:
        Refused: `visit-ahead`.
    """
    if now < starts_at and not held_early:
        raise Refused("visit-ahead", "the time of the visit has not come yet")


def must_be_direct_access(times: Iterable[Time], county: DirectAccess | None, licensed: Callable[[date], bool]) -> None:
    """Let times of direct access be published only as the county has them, by whoever is licensed on their day.

    Args:
        times: what is to be published.
        county: its criteria; None when it has no direct access.
        licensed: whether the therapist is, on a local day.

    Raises:
        Refused: `no-direct-access`, `direct-access-length`, `not-licensed`.

    Source: rule 22.
    """
    if county is None:
        raise Refused("no-direct-access", "the county has no direct access")
    for time in times:
        if time.ends_at - time.starts_at != timedelta(minutes=county.minutes):
            raise Refused("direct-access-length", f"a time of direct access takes {county.minutes} minutes")
        if not licensed(local_date(time.starts_at)):
            raise Refused("not-licensed", "the therapist has no licence for direct access on that day")


def new_times(asked: Sequence[Time], present: Iterable[Time], *, now: datetime) -> tuple[Time, ...]:
    """Which of the asked times are to be added to a therapist's calendar.

    Args:
        asked: as from `asked_times`.
        present: what the calendar already holds around them.
        now: nothing is published at or before it.

    Returns:
        The asked times that are not there yet; one that is already there is kept once.

    Raises:
        Refused: `slot-in-past`; `slots-overlap` (with each other, or with a different time of the calendar).
    """
    if any(time.starts_at <= now for time in asked):
        raise Refused("slot-in-past", "every published time starts in the future")
    if any(earlier.overlaps(later) for earlier, later in pairwise(asked)):
        raise Refused("slots-overlap", "the published times are longer than the steps between them")
    there = frozenset(present)
    fresh = tuple(time for time in asked if time not in there)
    if any(time.overlaps(other) for time in fresh for other in there):
        raise Refused("slots-overlap", "the calendar already holds another time at the same moment")
    return fresh


class Choice(StrEnum):
    """Whether a contact may pick a time."""

    FREE = "free"
    AFTER_IDENTIFYING = "after_identifying"
    NONE = "none"


def choice(
    *, offered: bool, sent_to_book: bool, taken: bool, identified: bool, met: bool, with_staff: bool | None = None
) -> Choice:
    """Whether a contact may pick a time.

    Args:
        offered: a therapist has offered times, and the visit has not taken place yet.
        sent_to_book: the contact was routed to booking: it picks its one time without being offered any.
        taken: the unit takes the contact.
        identified: somebody has strongly identified for it. Nobody gets a time without (rule 8).
        met: a visit has taken place; the next one is for the therapist to offer.
        with_staff: None, or what holds where the county has a professional pick the time together with the person
            (rule 9): whether a professional asks.
    """
    if with_staff is not None:
        return Choice.FREE if with_staff and taken and identified else Choice.NONE
    if offered:
        return Choice.FREE
    if not sent_to_book or not taken or met:
        return Choice.NONE
    return Choice.FREE if identified else Choice.AFTER_IDENTIFYING


def must_choose(found: Choice) -> None:
    """Let only somebody pick who may.

    Raises:
        Refused: `identify-first`, `not-offered`.
    """
    if found is Choice.AFTER_IDENTIFYING:
        raise Refused("identify-first", "a time needs strong identification first (rule 8)")
    if found is Choice.NONE:
        raise not_offered()


def not_offered() -> Refused:
    """What is said to somebody whom no times are offered."""
    return Refused("not-offered", "a therapist offers times first")


def kept_until(now: datetime, starts_at: datetime, *, minutes: int) -> datetime:
    """When a hold taken now ends: after the area's minutes, and never after the time itself has begun."""
    return min(now + timedelta(minutes=minutes), starts_at)


def readable_choice(free: Iterable[SlotView], *, first: UUID | None = None) -> tuple[SlotView, ...]:
    """A choice a person can overlook at a glance: few times, spread over the nearest days.

    From each of the nearest days in turn its next time, until there are enough. Of several therapists free at the same
    moment one is shown.

    Args:
        free: every free time, earliest first.
        first: the therapist to show where several are free at the same moment: who has talked with the person.

    Returns:
        At most MOST_TIMES times of at most MOST_DAYS days, earliest first.
    """
    moments = [
        min(at_once, key=lambda slot: slot.therapist_id != first)
        for _, at_once in groupby(free, key=lambda slot: slot.starts_at)
    ]
    days = [list(times) for _, times in groupby(moments, key=lambda slot: local_date(slot.starts_at))][:MOST_DAYS]
    in_turn = [slot for turn in zip_longest(*days) for slot in turn if slot]
    return tuple(sorted(in_turn[:MOST_TIMES], key=lambda slot: slot.starts_at))
