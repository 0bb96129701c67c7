from __future__ import annotations

from datetime import timedelta

import pytest

from chassis import Refused
from contracts.scheduling import CalendarView, GetCalendar, PublishSlots, SlotsPublished
from tests.factories import AINO, MATTI, client, staff
from tests.services.scheduling.steps import (
    TOMORROW_AT_NINE,
    book,
    hold,
    offered,
    publish,
    publish_hours,
    refusal,
    times,
)
from tests.unit import START, Unit

AT_TEN = TOMORROW_AT_NINE + timedelta(hours=1)


def ask_for(*starts_at, **over) -> PublishSlots:
    fields = {"area": "10", "therapist_name": "Aino", "modality": "video", "minutes": 45, "starts_at": starts_at}
    return PublishSlots.model_validate(fields | over)


def calendar(unit: Unit, viewer) -> CalendarView:
    return unit.asks(GetCalendar(), viewer=viewer)


def test_published_times_stand_in_the_calendar_under_the_name_of_the_therapist(scheduling: Unit) -> None:
    view = publish(scheduling, AT_TEN, TOMORROW_AT_NINE)
    assert [(slot.starts_at, slot.ends_at - slot.starts_at, slot.therapist_name) for slot in view.slots] == [
        (TOMORROW_AT_NINE, timedelta(minutes=45), "Aino"),
        (AT_TEN, timedelta(minutes=45), "Aino"),
    ]


def test_publishing_is_told_with_how_many_became_free(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE, AT_TEN)
    assert scheduling.told == [
        SlotsPublished(
            area="10",
            therapist_id=AINO,
            modality="video",
            slots=2,
            first_starts_at=TOMORROW_AT_NINE,
            last_ends_at=AT_TEN + timedelta(minutes=45),
            published_at=START,
        )
    ]


def test_a_time_already_there_is_kept_once(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    assert len(publish(scheduling, TOMORROW_AT_NINE, AT_TEN).slots) == 2


def test_publishing_only_times_already_there_tells_nothing_new(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    publish(scheduling, TOMORROW_AT_NINE)
    assert len(scheduling.told) == 1


def test_a_time_overlapping_one_of_the_calendar_is_refused(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    assert refusal(scheduling, ask_for(TOMORROW_AT_NINE + timedelta(minutes=30)), staff()) == "slots-overlap"


def test_a_refused_publishing_adds_none_of_its_times(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    refusal(scheduling, ask_for(TOMORROW_AT_NINE + timedelta(minutes=30), AT_TEN + timedelta(hours=3)), staff())
    assert len(calendar(scheduling, staff()).slots) == 1


def test_a_time_overlapping_a_booked_one_is_refused(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    book(scheduling, contact_id, hold(scheduling, contact_id, times(scheduling, contact_id).slots[0].slot_id).hold_id)
    assert refusal(scheduling, ask_for(TOMORROW_AT_NINE, minutes=30), staff()) == "slots-overlap"


def test_two_therapists_may_be_free_at_the_same_moment(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    assert len(publish(scheduling, TOMORROW_AT_NINE, by=staff(MATTI)).slots) == 1


def test_a_time_in_the_past_is_refused(scheduling: Unit) -> None:
    assert refusal(scheduling, ask_for(START), staff()) == "slot-in-past"


def test_a_therapist_of_another_county_publishes_nothing_here(scheduling: Unit) -> None:
    assert refusal(scheduling, ask_for(TOMORROW_AT_NINE), staff(AINO, "18")) == "not-yours"


def test_a_resident_publishes_nothing(scheduling: Unit) -> None:
    assert refusal(scheduling, ask_for(TOMORROW_AT_NINE), client(AINO)) == "not-yours"


def test_a_second_click_with_the_same_key_publishes_once(scheduling: Unit) -> None:
    for _ in range(2):
        scheduling.asks(ask_for(TOMORROW_AT_NINE), viewer=staff(), key="one-click")
    assert len(scheduling.told) == 1


def test_a_calendar_shows_only_own_times(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    assert calendar(scheduling, staff(MATTI)).slots == ()


def test_a_calendar_leaves_out_what_has_begun_or_is_booked(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 3)
    contact_id = offered(scheduling)
    book(scheduling, contact_id, hold(scheduling, contact_id, times(scheduling, contact_id).slots[1].slot_id).hold_id)
    scheduling.clock.set(TOMORROW_AT_NINE)
    assert [slot.starts_at for slot in calendar(scheduling, staff()).slots] == [TOMORROW_AT_NINE + timedelta(hours=2)]


def test_a_resident_sees_no_calendar(scheduling: Unit) -> None:
    with pytest.raises(Refused, match="not-yours"):
        calendar(scheduling, client(AINO))


def test_a_new_name_stands_on_every_time_of_the_therapist(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    view = publish(scheduling, AT_TEN, therapist_name="Aino K.")
    assert {slot.therapist_name for slot in view.slots} == {"Aino K."}


@pytest.mark.parametrize("day", ["2026-10-25", "2027-03-28"])
def test_hourly_times_of_a_night_when_the_clock_moves_do_not_overlap(scheduling: Unit, day: str) -> None:
    """Summer time ends 25.10.2026 and begins 28.3.2027: rule 19."""
    first = START.fromisoformat(f"{day}T00:00:00+00:00")
    scheduling.clock.set(first - timedelta(days=1))
    assert len(publish_hours(scheduling, first, 4, minutes=60).slots) == 4
