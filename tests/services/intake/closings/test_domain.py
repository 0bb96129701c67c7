from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from uuid import UUID

import pytest

from chassis import Refused
from contracts.closings import ClosingReason, Door, ReopeningReason
from contracts.intake import Route, RouteReason, TriageOutcome
from contracts.portal import Origin
from services.intake.closings import domain
from services.intake.closings.domain import Closing, DoorNow, Doors
from services.intake.domain import route
from services.intake.triage.domain import Triage
from tests.services.intake.closings.steps import local, utc

NOW = utc(local(2026, 11, 24, 10))
FRIDAY_BEFORE_WINTER_TIME = local(2026, 10, 23, 12)
FRIDAY_BEFORE_SUMMER_TIME = local(2026, 3, 27, 12)
MILD = Triage(TriageOutcome.PT_REMOTE, (), not_ours=False, trace=())


def closing(until: datetime, reason: ClosingReason = ClosingReason.PEAK) -> Closing:
    return Closing(UUID(int=1), reason, until)


def doors(*closed: Door, full: frozenset[Door] = frozenset()) -> Doors:
    """Doors of which some are closed for an hour, and some have reached a cap of 3."""
    ends = closing(NOW + timedelta(hours=1))
    return {
        door: DoorNow(door, ends if door in closed else None, 3 if door in full else None, 3 if door in full else 0)
        for door in Door
    }


# How long


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (local(2026, 11, 24, 10), local(2026, 11, 28, 10)),
        (FRIDAY_BEFORE_WINTER_TIME, local(2026, 10, 27, 12)),
        (FRIDAY_BEFORE_SUMMER_TIME, local(2026, 3, 31, 12)),
    ],
    ids=["96 hours", "97 hours over the night with an hour twice", "95 hours over the night that lacks an hour"],
)
def test_a_door_is_closed_for_four_days_by_the_clock_on_the_wall_and_not_a_minute_more(
    now: datetime, until: datetime
) -> None:
    """4 days. Source: features.md section 2, UK triage."""
    domain.must_end_soon(utc(until), now=utc(now), most_days=4)
    with pytest.raises(Refused, match="closing-too-long"):
        domain.must_end_soon(utc(until + timedelta(minutes=1)), now=utc(now), most_days=4)


@pytest.mark.parametrize("ahead", [timedelta(0), -timedelta(minutes=1)])
def test_a_closing_ends_in_the_future(ahead: timedelta) -> None:
    with pytest.raises(Refused, match="closing-in-past"):
        domain.must_end_soon(NOW + ahead, now=NOW, most_days=4)


def test_a_closing_closes_nothing_from_its_end_on() -> None:
    state = DoorNow(Door.CHAT, closing(NOW))
    assert state.closed(NOW - timedelta(microseconds=1))
    assert state.closed(NOW) is None


@pytest.mark.parametrize(
    ("now", "hours"),
    [(local(2026, 10, 25, 0), 25), (local(2026, 3, 29, 0), 23), (local(2026, 11, 24, 0), 24)],
    ids=["an hour twice", "an hour lacking", "an ordinary day"],
)
def test_a_full_door_opens_at_the_next_midnight_in_finland(now: datetime, hours: int) -> None:
    assert domain.end_of_cap(utc(now)) - utc(now) == timedelta(hours=hours)


# A way stays open


@pytest.mark.parametrize("last", sorted(domain.LASTING))
def test_the_last_way_that_keeps_no_hours_cannot_be_closed(last: Door) -> None:
    (other,) = domain.LASTING - {last}
    with pytest.raises(Refused, match="last-open-door"):
        domain.must_leave_a_way(doors(other), last, NOW)


@pytest.mark.parametrize("door", list(Door))
def test_any_one_door_may_be_closed(door: Door) -> None:
    domain.must_leave_a_way(doors(), door, NOW)


@pytest.mark.parametrize("last", sorted(domain.LASTING))
def test_a_cap_never_closes_the_last_way(last: Door) -> None:
    (other,) = domain.LASTING - {last}
    assert domain.filled_up(doors(other, full=frozenset({last})), NOW) is None


def test_of_two_full_ways_one_stays_open() -> None:
    both = doors(full=domain.LASTING)
    first = domain.filled_up(both, NOW)
    assert first in domain.LASTING
    assert domain.filled_up({**both, first: DoorNow(first, closing(NOW + timedelta(hours=9)))}, NOW) is None


@pytest.mark.parametrize("shut", list(product([None, RouteReason.DOOR_CLOSED, RouteReason.DOOR_FULL], repeat=3)))
@pytest.mark.parametrize("origin", list(Origin))
def test_whatever_is_closed_a_contact_goes_to_a_professional(
    origin: Origin, shut: tuple[RouteReason | None, RouteReason | None, RouteReason | None]
) -> None:
    """A contact is never refused because of a closing, and goes by an open way as long as there is one."""
    closed = {door: why for door, why in zip((Door.CHAT, Door.MESSAGE, Door.BOOKING), shut, strict=True) if why}
    found = route(MILD, origin=origin, shut=closed)
    assert found.route in domain.BY_ROUTE
    assert domain.BY_ROUTE[found.route] not in closed or set(closed) >= set(domain.BY_ROUTE.values())


@pytest.mark.parametrize(
    ("origin", "closed", "goes", "because"),
    [
        (Origin.CHAT, {Door.CHAT: RouteReason.DOOR_CLOSED}, Route.CALLBACK, (RouteReason.DOOR_CLOSED,)),
        (Origin.CHAT, {Door.CHAT: RouteReason.DOOR_FULL}, Route.CALLBACK, (RouteReason.DOOR_FULL,)),
        (
            Origin.CHAT,
            {Door.CHAT: RouteReason.CHAT_CLOSED, Door.MESSAGE: RouteReason.DOOR_CLOSED},
            Route.BOOKING,
            (RouteReason.CHAT_CLOSED, RouteReason.DOOR_CLOSED),
        ),
        (
            Origin.BOOKING,
            {Door.BOOKING: RouteReason.DOOR_CLOSED},
            Route.CHAT,
            (RouteReason.DOOR_CLOSED, RouteReason.CHAT_OPEN),
        ),
        (
            Origin.BOOKING,
            {Door.BOOKING: RouteReason.DOOR_FULL, Door.CHAT: RouteReason.CHAT_CLOSED},
            Route.CALLBACK,
            (RouteReason.DOOR_FULL, RouteReason.CHAT_CLOSED),
        ),
        (Origin.OMAOLO, {Door.OMAOLO: RouteReason.DOOR_CLOSED}, Route.CHAT, (RouteReason.CHAT_OPEN,)),
    ],
)
def test_a_closed_door_leads_to_the_next_way_and_says_so(
    origin: Origin, closed: dict[Door, RouteReason], goes: Route, because: tuple[RouteReason, ...]
) -> None:
    found = route(MILD, origin=origin, shut=closed)
    assert (found.route, found.reasons) == (goes, (RouteReason.NO_RED_FLAG, *because))


# What counts for which door


@pytest.mark.parametrize(
    ("goes", "origin", "counts"),
    [
        (Route.CHAT, Origin.CHAT, {Door.CHAT}),
        (Route.CALLBACK, Origin.CHAT, {Door.MESSAGE}),
        (Route.CHAT, Origin.BOOKING, {Door.CHAT}),
        (Route.BOOKING, Origin.REFERRAL, {Door.BOOKING, Door.REFERRAL}),
        (Route.ELSEWHERE, Origin.OMAOLO, {Door.OMAOLO}),
        (Route.ELSEWHERE, Origin.CHAT, set()),
    ],
)
def test_a_contact_counts_for_the_way_it_goes_and_for_a_door_that_only_leads_in(
    goes: Route, origin: Origin, counts: set[Door]
) -> None:
    assert domain.used(goes, origin) == counts


@pytest.mark.parametrize(
    ("reason", "until", "why"),
    [
        (ClosingReason.PEAK, NOW, ReopeningReason.TIME_OVER),
        (ClosingReason.CAP_REACHED, NOW, ReopeningReason.NEW_DAY),
        (ClosingReason.PEAK, NOW + timedelta(seconds=1), ReopeningReason.BY_STAFF),
    ],
)
def test_a_door_says_why_it_is_open_again(reason: ClosingReason, until: datetime, why: ReopeningReason) -> None:
    assert domain.why_open_again(closing(until, reason), NOW) is why
