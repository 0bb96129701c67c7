from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from chassis import Hint, Refused, Viewer
from contracts.closings import (
    CloseDoor,
    ClosingReason,
    Door,
    DoorClosed,
    DoorReopened,
    GetDoors,
    ReopenDoor,
    ReopeningReason,
    SetCap,
)
from contracts.intake import Route, RouteReason
from contracts.portal import Origin
from tests.factories import AINO, client, staff
from tests.services.intake.closings.steps import (
    TOMORROW,
    caps,
    closes,
    comes_in,
    local,
    opens,
    seen,
    time_goes_on,
    utc,
)
from tests.unit import Unit


def test_nothing_is_closed_at_first(intake: Unit) -> None:
    view = intake.asks(GetDoors(area="10"), viewer=client(uuid4()))
    assert [(one.door, one.open, one.reason, one.until) for one in view.doors] == [
        (door, True, None, None) for door in Door
    ]


def test_a_closed_door_says_why_and_until_when_to_everybody_and_it_is_told(intake: Unit) -> None:
    closes(intake, Door.CHAT, reason="technical_fault")
    view = seen(intake, Door.CHAT, client(uuid4()))
    assert (view.open, view.reason, view.until) == (False, ClosingReason.TECHNICAL_FAULT, TOMORROW)
    [told] = intake.told_of(DoorClosed)
    assert (told.area, told.door, told.reason, told.until) == ("10", Door.CHAT, ClosingReason.TECHNICAL_FAULT, TOMORROW)
    assert told.still_open == (Door.BOOKING, Door.MESSAGE, Door.OMAOLO, Door.REFERRAL)


def test_open_pages_of_the_county_read_again(intake: Unit) -> None:
    closes(intake, Door.CHAT)
    opens(intake, Door.CHAT)
    caps(intake, Door.CHAT, 7)
    assert intake.hinted == [Hint(area="10")] * 3


def test_who_comes_in_while_the_chat_is_closed_is_called_back(intake: Unit) -> None:
    closes(intake, Door.CHAT)
    found = comes_in(intake)
    assert (found.route, found.reasons) == (Route.CALLBACK, (RouteReason.NO_RED_FLAG, RouteReason.DOOR_CLOSED))


def test_a_questionnaire_begun_before_the_closing_is_taken_after_it(intake: Unit) -> None:
    """Source: features.md section 2, UK triage."""
    began_at = intake.clock()
    intake.clock.advance(timedelta(minutes=5))
    closes(intake, Door.CHAT)
    assert comes_in(intake, opened_at=began_at).route is Route.CALLBACK


def test_who_came_to_book_is_led_to_the_chat_while_booking_is_closed(intake: Unit) -> None:
    closes(intake, Door.BOOKING)
    assert comes_in(intake, Origin.BOOKING).route is Route.CHAT


@pytest.mark.parametrize("origin", [Origin.OMAOLO, Origin.REFERRAL])
def test_what_comes_by_a_closed_door_all_the_same_is_taken(intake: Unit, origin: Origin) -> None:
    closes(intake, Door(origin.value))
    assert comes_in(intake, origin).route is Route.CHAT


def test_a_closing_in_one_county_is_none_in_another(intake: Unit) -> None:
    closes(intake, Door.CHAT)
    assert comes_in(intake, area="18", municipality="272").route is Route.CHAT


def test_the_last_lasting_way_cannot_be_closed_and_nothing_is_told(intake: Unit) -> None:
    closes(intake, Door.MESSAGE)
    with pytest.raises(Refused, match="last-open-door"):
        closes(intake, Door.BOOKING)
    assert seen(intake, Door.BOOKING).open
    assert len(intake.told_of(DoorClosed)) == 1


def test_the_same_closing_said_again_is_told_once(intake: Unit) -> None:
    for _ in range(2):
        closes(intake, Door.CHAT)
    assert len(intake.told_of(DoorClosed)) == 1


def test_a_closing_with_another_end_is_the_same_closing_told_again(intake: Unit) -> None:
    closes(intake, Door.CHAT)
    closes(intake, Door.CHAT, until=TOMORROW + timedelta(hours=2))
    first, second = intake.told_of(DoorClosed)
    assert first.closing_id == second.closing_id
    assert seen(intake, Door.CHAT).until == TOMORROW + timedelta(hours=2)


def test_staff_open_a_door_and_it_is_told_once(intake: Unit) -> None:
    closes(intake, Door.CHAT)
    for _ in range(2):
        opens(intake, Door.CHAT)
    [told] = intake.told_of(DoorReopened)
    assert told.closing_id == intake.told_of(DoorClosed)[0].closing_id
    assert told.reason is ReopeningReason.BY_STAFF
    assert comes_in(intake).route is Route.CHAT


# By the clock


def test_a_door_opens_at_its_moment_even_before_the_job_comes_round(intake: Unit) -> None:
    closes(intake, Door.CHAT)
    intake.clock.set(TOMORROW - timedelta(seconds=1))
    assert comes_in(intake).route is Route.CALLBACK
    intake.clock.set(TOMORROW)
    assert comes_in(intake).route is Route.CHAT
    assert seen(intake, Door.CHAT).open


def test_the_job_tells_an_opened_door_once(intake: Unit) -> None:
    closes(intake, Door.CHAT)
    for moment in (TOMORROW - timedelta(seconds=1), TOMORROW, TOMORROW + timedelta(seconds=2)):
        time_goes_on(intake, moment)
    [told] = intake.told_of(DoorReopened)
    assert (told.reason, told.reopened_at) == (ReopeningReason.TIME_OVER, TOMORROW)


def test_a_closing_over_the_night_the_clocks_change_ends_by_the_wall(intake: Unit) -> None:
    intake.clock.set(utc(local(2026, 10, 24, 16)))
    closes(intake, Door.CHAT, until=utc(local(2026, 10, 25, 8)))  # 17 hours later
    time_goes_on(intake, local(2026, 10, 25, 7, 59))
    assert intake.told_of(DoorReopened) == []
    time_goes_on(intake, local(2026, 10, 25, 8))
    assert len(intake.told_of(DoorReopened)) == 1


def test_a_door_closed_again_before_the_job_told_its_end_has_two_closings(intake: Unit) -> None:
    closes(intake, Door.CHAT)
    intake.clock.set(TOMORROW)
    closes(intake, Door.CHAT, until=TOMORROW + timedelta(hours=1))
    first, second = intake.told_of(DoorClosed)
    assert first.closing_id != second.closing_id
    assert [told.closing_id for told in intake.told_of(DoorReopened)] == [first.closing_id]


def test_a_closing_of_a_county_that_is_served_no_more_disturbs_nobody(intake: Unit) -> None:
    closes(intake, Door.CHAT)
    intake.transact(lambda tx: tx.session.connection().exec_driver_sql("UPDATE door SET area = '99'"))
    time_goes_on(intake, TOMORROW)
    assert intake.told_of(DoorReopened) == []


# Who


@pytest.mark.parametrize("viewer", [staff(AINO, "18"), client(uuid4())], ids=["staff elsewhere", "a resident"])
@pytest.mark.parametrize(
    "ask",
    [
        CloseDoor(area="10", door=Door.CHAT, reason=ClosingReason.PEAK, until=TOMORROW),
        ReopenDoor(area="10", door=Door.CHAT),
        SetCap(area="10", door=Door.CHAT, per_day=3),
    ],
    ids=lambda ask: type(ask).__name__,
)
def test_doors_are_for_staff_of_the_county(intake: Unit, viewer: Viewer, ask: CloseDoor | ReopenDoor | SetCap) -> None:
    with pytest.raises(Refused, match="not-yours"):
        intake.asks(ask, viewer=viewer)


def test_counts_and_caps_are_shown_to_staff_of_the_county_alone(intake: Unit) -> None:
    caps(intake, Door.CHAT, 9)
    comes_in(intake)
    shown = [seen(intake, Door.CHAT, viewer) for viewer in (staff(), staff(AINO, "18"), client(uuid4()))]
    assert [(one.today, one.per_day) for one in shown] == [(1, 9), (None, None), (None, None)]


def test_every_change_is_on_record(intake: Unit) -> None:
    closes(intake, Door.CHAT)
    opens(intake, Door.CHAT)
    caps(intake, Door.CHAT, 9)
    assert [(one.viewer_id, one.action, one.what) for one in intake.audited] == [
        (AINO, "change", "door chat closed"),
        (AINO, "change", "door chat opened"),
        (AINO, "change", "cap of door chat"),
    ]


def test_an_area_that_nobody_described_has_no_doors(intake: Unit) -> None:
    with pytest.raises(Refused, match="unknown-area"):
        intake.asks(GetDoors(area="99"), viewer=client(uuid4()))


def test_a_full_day_is_no_reason_that_staff_give(intake: Unit) -> None:
    with pytest.raises(ValueError, match="Input should be"):
        closes(intake, Door.CHAT, reason=ClosingReason.CAP_REACHED)
