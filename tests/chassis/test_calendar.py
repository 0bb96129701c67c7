from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pytest

from chassis import calendar
from chassis.calendar import HELSINKI


@dataclass(frozen=True)
class Weekly:
    weekday: int
    opens: time
    closes: time


SOITE = (Weekly(2, time(9), time(11)), Weekly(4, time(9), time(11)))
"""Tue and Thu 9.00-11.00 (mission.md section 2)."""


def local(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=HELSINKI).astimezone(UTC)


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.mark.parametrize(("year", "expected"), [(2026, 252), (2027, 253)])
def test_a_year_has_its_business_days(year: int, expected: int) -> None:
    """Figures: domain.md section 5."""
    assert sum(map(calendar.is_business_day, days(date(year, 1, 1), date(year, 12, 31)))) == expected


@pytest.mark.parametrize(
    ("start", "after_one", "after_five"),
    [
        (date(2026, 6, 16), date(2026, 6, 17), date(2026, 6, 24)),
        (date(2026, 6, 18), date(2026, 6, 22), date(2026, 6, 26)),
        (date(2026, 12, 22), date(2026, 12, 23), date(2026, 12, 31)),
        (date(2026, 12, 23), date(2026, 12, 28), date(2027, 1, 4)),
        (date(2026, 12, 31), date(2027, 1, 4), date(2027, 1, 11)),
        (date(2027, 3, 24), date(2027, 3, 25), date(2027, 4, 2)),
        (date(2026, 4, 1), date(2026, 4, 2), date(2026, 4, 10)),
        (date(2026, 10, 30), date(2026, 11, 2), date(2026, 11, 6)),
    ],
)
def test_business_days_are_counted_from_the_day_after(start: date, after_one: date, after_five: date) -> None:
    """Fixtures: domain.md section 5."""
    assert (calendar.add_business_days(start, 1), calendar.add_business_days(start, 5)) == (after_one, after_five)


@pytest.mark.parametrize(
    "day",
    [
        pytest.param(date(2026, 12, 24), id="christmas_eve"),
        pytest.param(date(2026, 6, 19), id="midsummer_eve"),
        pytest.param(date(2027, 12, 6), id="independence_day"),
        pytest.param(date(2026, 5, 1), id="may_day"),
        pytest.param(date(2026, 11, 28), id="saturday"),
        pytest.param(date(2026, 11, 29), id="sunday"),
    ],
)
def test_is_no_business_day(day: date) -> None:
    """Act 150/1930 section 5 (rule 18)."""
    assert not calendar.is_business_day(day)


def test_a_day_of_the_unofficial_calendar_stays_a_business_day() -> None:
    """Only the public category of the library closes: 23.12 and 31.12 are business days (domain.md section 5)."""
    assert calendar.is_business_day(date(2026, 12, 23))
    assert calendar.is_business_day(date(2026, 12, 31))


def test_a_closing_day_of_the_county_is_skipped() -> None:
    assert calendar.add_business_days(date(2026, 11, 24), 1, [date(2026, 11, 25)]) == date(2026, 11, 26)


def test_no_business_days_cannot_be_added() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        calendar.add_business_days(date(2026, 11, 24), 0)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        pytest.param(local(2026, 11, 24, 8, 59, 59), False, id="tue_08_59_59"),
        pytest.param(local(2026, 11, 24, 9, 0), True, id="tue_09_00"),
        pytest.param(local(2026, 11, 24, 10, 59, 59), True, id="tue_10_59_59"),
        pytest.param(local(2026, 11, 24, 11, 0), False, id="tue_11_00"),
        pytest.param(local(2026, 11, 25, 10, 0), False, id="wednesday"),
        pytest.param(local(2026, 11, 26, 10, 0), True, id="thursday"),
        pytest.param(local(2024, 12, 26, 10, 0), False, id="boxing_day_on_a_thursday"),
        pytest.param(local(2024, 12, 24, 10, 0), False, id="christmas_eve_on_a_tuesday"),
    ],
)
def test_opening_hours_of_soite(at: datetime, is_open: bool) -> None:
    """Fixtures: mission.md section 5."""
    assert calendar.is_open(SOITE, at) is is_open


@pytest.mark.parametrize(
    ("at", "utc_hour"),
    [
        pytest.param(local(2024, 10, 24, 12), 7, id="after_27_10_2024"),
        pytest.param(local(2025, 3, 27, 12), 6, id="after_30_3_2025"),
        pytest.param(local(2026, 3, 26, 12), 6, id="after_29_3_2026"),
        pytest.param(local(2026, 10, 22, 12), 7, id="after_25_10_2026"),
    ],
)
def test_the_week_the_clock_turns_still_opens_at_nine(at: datetime, utc_hour: int) -> None:
    """Fixtures: mission.md section 5 (27.10.2024, 30.3.2025), domain.md section 5 (2026)."""
    opens_at = calendar.next_opening(SOITE, at)
    assert opens_at is not None
    assert (opens_at.hour, opens_at.astimezone(HELSINKI).hour) == (utc_hour, 9)


def test_56_openings_and_112_hours_from_6_8_2024_to_21_2_2025() -> None:
    """Fixture: mission.md section 3; 58 Tuesdays and Thursdays without 24.12 and 26.12."""
    at, end, openings, hours = local(2024, 8, 6), local(2025, 2, 22), 0, timedelta()
    while (opens_at := calendar.next_opening(SOITE, at)) and opens_at < end:
        closes_at = calendar.closes_at(SOITE, opens_at)
        assert closes_at is not None
        openings, hours, at = openings + 1, hours + (closes_at - opens_at), closes_at
    assert (openings, hours) == (56, timedelta(hours=112))


def test_the_next_opening_after_tuesday_is_thursday() -> None:
    assert calendar.next_opening(SOITE, local(2026, 11, 24, 11)) == local(2026, 11, 26, 9)


def test_the_next_opening_skips_a_closed_day() -> None:
    opens_at = calendar.next_opening(SOITE, local(2026, 11, 24, 11), [date(2026, 11, 26)])
    assert opens_at == local(2026, 12, 1, 9)


def test_a_channel_without_periods_never_opens() -> None:
    assert calendar.next_opening((), local(2026, 11, 24, 11)) is None


def test_an_open_period_says_when_it_closes() -> None:
    assert calendar.closes_at(SOITE, local(2026, 11, 24, 10)) == local(2026, 11, 24, 11)


def test_the_earlier_of_two_periods_of_a_day_opens_first() -> None:
    afternoon_first = (Weekly(2, time(13), time(15)), *SOITE)
    assert calendar.next_opening(afternoon_first, local(2026, 11, 24, 7)) == local(2026, 11, 24, 9)


def test_late_evening_in_utc_is_the_next_day_in_finland() -> None:
    assert calendar.local_date(datetime(2026, 11, 24, 22, 30, tzinfo=UTC)) == date(2026, 11, 25)


def test_a_day_ends_with_the_last_instant_before_midnight() -> None:
    end = calendar.end_of_day(date(2026, 11, 24))
    assert calendar.local_date(end) == date(2026, 11, 24)
    assert end + timedelta(microseconds=1) == local(2026, 11, 25)


def test_a_day_begins_at_midnight_in_finland() -> None:
    assert calendar.start_of_day(date(2026, 11, 25)) == local(2026, 11, 25)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 3, 30), 24)])
def test_a_day_is_as_long_as_the_clock_makes_it(day: date, hours: int) -> None:
    """The clock turns on 29.3.2026 and 25.10.2026 (domain.md section 5)."""
    before = calendar.end_of_day(day - timedelta(days=1))
    assert calendar.end_of_day(day) - before == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 11, 24), 3, date(2027, 2, 24)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 8, 31), 3, date(2026, 11, 30)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 1, 31), 12, date(2027, 1, 31)),
    ],
)
def test_some_months_later_is_the_same_day_or_the_months_last(day: date, months: int, later: date) -> None:
    assert calendar.add_months(day, months) == later


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (local(2026, 11, 24, 10), date(2026, 11, 24)),
        (local(2026, 11, 24, 8), date(2026, 11, 24)),
        (local(2026, 11, 24, 11), date(2026, 11, 26)),
    ],
)
def test_the_first_open_day_is_today_while_open_else_that_of_the_next_opening(at: datetime, day: date) -> None:
    assert calendar.first_open_day(SOITE, at) == day


def test_without_an_opening_within_a_year_there_is_no_first_open_day() -> None:
    assert calendar.first_open_day((), local(2026, 11, 24, 10)) is None
