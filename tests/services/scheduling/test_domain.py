from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.errors import Refused
from contracts.scheduling import Modality, SlotView
from services.scheduling.domain import Time, asked_times, kept_until, new_times, readable_choice

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


def at(minutes: int, *, length: int = 30, modality: Modality = Modality.VIDEO, area: str = "10") -> Time:
    start = NOW + timedelta(minutes=minutes)
    return Time(area, modality, start, start + timedelta(minutes=length))


def free(*hours: float, therapist: UUID | None = None) -> list[SlotView]:
    by = therapist or uuid4()
    return [
        SlotView(
            slot_id=uuid4(),
            therapist_id=by,
            therapist_name="Aino",
            modality=Modality.VIDEO,
            starts_at=NOW + timedelta(hours=hour),
            ends_at=NOW + timedelta(hours=hour) + HALF_HOUR,
        )
        for hour in hours
    ]


def refused(asked: list[Time], present: list[Time]) -> str:
    with pytest.raises(Refused) as error:
        new_times(asked, present, now=NOW)
    return error.value.code


def test_times_asked_in_any_order_come_out_earliest_first_and_once() -> None:
    starts = [NOW + timedelta(hours=hour) for hour in (3, 1, 3)]
    found = asked_times("10", Modality.VIDEO, starts, HALF_HOUR)
    assert [time.starts_at for time in found] == [NOW + timedelta(hours=1), NOW + timedelta(hours=3)]


def test_times_that_meet_end_to_start_do_not_overlap() -> None:
    assert new_times([at(60), at(90)], [at(30), at(120)], now=NOW) == (at(60), at(90))


def test_a_time_that_is_already_there_is_kept_once() -> None:
    assert new_times([at(60), at(90)], [at(60)], now=NOW) == (at(90),)


def test_a_time_that_starts_now_is_in_the_past() -> None:
    assert refused([at(0), at(60)], []) == "slot-in-past"


def test_asked_times_longer_than_their_steps_overlap() -> None:
    assert refused([at(60, length=45), at(90, length=45)], []) == "slots-overlap"


@pytest.mark.parametrize(
    "present",
    [
        at(45),
        at(75),
        at(60, length=45),
        at(40, length=120),
        at(60, modality=Modality.PHONE),
        at(60, area="18"),
    ],
)
def test_another_time_at_the_same_moment_overlaps(present: Time) -> None:
    assert refused([at(60)], [present]) == "slots-overlap"


def test_a_hold_lasts_the_minutes_of_the_area() -> None:
    assert kept_until(NOW, NOW + timedelta(days=1), minutes=10) == NOW + timedelta(minutes=10)


def test_a_hold_ends_when_the_time_begins() -> None:
    start = NOW + timedelta(minutes=4)
    assert kept_until(NOW, start, minutes=10) == start


def test_at_most_twelve_times_are_shown() -> None:
    shown = readable_choice(free(*range(1, 13), 13, 13.5))
    assert [slot.starts_at for slot in shown] == [NOW + timedelta(hours=hour) for hour in range(1, 13)]


def test_shown_times_are_spread_evenly_over_the_nearest_four_days() -> None:
    full_days = [24 * day + hour / 2 for day in range(6) for hour in range(1, 12)]
    days = [slot.starts_at.day for slot in readable_choice(free(*full_days))]
    assert {day: days.count(day) for day in days} == {24: 3, 25: 3, 26: 3, 27: 3}


def test_a_nearly_full_day_leaves_its_places_to_the_other_days() -> None:
    hours = [1, *(24 + hour / 2 for hour in range(1, 15))]
    days = [slot.starts_at.day for slot in readable_choice(free(*hours))]
    assert {day: days.count(day) for day in days} == {24: 1, 25: 11}


def test_a_day_is_a_day_in_finland() -> None:
    """22.00 UTC is the next day in Helsinki: five nights' last hours make five days, the fifth is not shown."""
    hours = [24 * day + 14 for day in range(5)]
    assert len(readable_choice(free(*hours))) == 4


def test_of_therapists_free_at_the_same_moment_one_is_shown() -> None:
    slots = sorted(free(1, 2) + free(1), key=lambda slot: slot.starts_at)
    assert len(readable_choice(slots)) == 2


def test_the_therapist_who_talked_with_the_person_is_shown_first() -> None:
    mine = uuid4()
    for slots in (free(1) + free(1, therapist=mine), free(1, therapist=mine) + free(1)):
        assert [slot.therapist_id for slot in readable_choice(slots, first=mine)] == [mine]
