"""Days and opening hours in Europe/Helsinki: business days, public holidays, weekly periods.

Pure: every function takes its moment and days as arguments. Instants go in aware and come out in UTC; days are local.
Source of the business day: Act 150/1930 §§2 and 5 (domain.md section 5, rule 18).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

import holidays

HELSINKI = ZoneInfo("Europe/Helsinki")

_SATURDAY = 6
_HORIZON_DAYS = 366
"""How far ahead an opening is looked for."""


class Opening(Protocol):
    """A weekly opening period: local times, `opens` included, `closes` not."""

    @property
    def weekday(self) -> int:
        """ISO weekday, 1 = Monday."""

    @property
    def opens(self) -> time:
        """First moment open, local."""

    @property
    def closes(self) -> time:
        """First moment closed, local."""


def local_date(instant: datetime) -> date:
    """The day it is in Finland at an instant."""
    return instant.astimezone(HELSINKI).date()


def start_of_day(day: date) -> datetime:
    """The first instant of a local day, as UTC. A day is 23 or 25 hours long when the clocks change."""
    return _instant(day, time.min)


def end_of_day(day: date) -> datetime:
    """The last instant that still belongs to a local day, as UTC."""
    return _instant(day, time.max)


def is_holiday(day: date) -> bool:
    """Whether a day is a public holiday, Christmas Eve or Midsummer Eve. An ordinary Sunday is none."""
    return day in _public_holidays(day.year)


def is_business_day(day: date, closing_days: Collection[date] = ()) -> bool:
    """Whether a day is Monday to Friday and neither a public holiday nor one of `closing_days`."""
    return day.isoweekday() < _SATURDAY and not is_holiday(day) and day not in closing_days


def add_business_days(day: date, n: int, closing_days: Collection[date] = ()) -> date:
    """The `n`-th business day after a day; the starting day is not counted (Act 150/1930 §2).

    Raises:
        ValueError: `n` is below 1.
    """
    if n < 1:
        raise ValueError(f"a number of business days is at least 1, got {n}")
    for _ in range(n):
        day += timedelta(days=1)
        while not is_business_day(day, closing_days):
            day += timedelta(days=1)
    return day


def add_months(day: date, n: int) -> date:
    """The same day some months later; the month's last day where it has no such day (30.11. + 3 = 28.2. or 29.2.)."""
    month = day.year * 12 + day.month - 1 + n
    year, month = divmod(month, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def age_on(birth_date: date, day: date) -> int:
    """Years a person has turned by a local day.

    Who was born on 29 February turns on 1 March in a common year. Assumed: no act says so of ages. Act 150/1930 section
    3 would let a term of years end on 28 February; the later day takes nobody a day too early.
    Source: rule 2 and section 11 ("has turned").
    """
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def is_open(periods: Iterable[Opening], at: datetime, closed_on: Collection[date] = ()) -> bool:
    """Whether an instant lies in a weekly period on a day that is neither a public holiday nor in `closed_on`."""
    return closes_at(periods, at, closed_on) is not None


def closes_at(periods: Iterable[Opening], at: datetime, closed_on: Collection[date] = ()) -> datetime | None:
    """When the period that is open at an instant ends, as UTC; None when none is open."""
    day, moment = local_date(at), at.astimezone(HELSINKI).time()
    for period in _periods_of(day, periods, closed_on):
        if period.opens <= moment < period.closes:
            return _instant(day, period.closes)
    return None


def next_opening(periods: Iterable[Opening], at: datetime, closed_on: Collection[date] = ()) -> datetime | None:
    """The first opening later than an instant, as UTC; None when none comes within a year."""
    weekly = tuple(periods)
    first = local_date(at)
    for ahead in range(_HORIZON_DAYS):
        day = first + timedelta(days=ahead)
        for period in _periods_of(day, weekly, closed_on):
            opens_at = _instant(day, period.opens)
            if opens_at > at:
                return opens_at
    return None


def first_open_day(periods: Iterable[Opening], at: datetime, closed_on: Collection[date] = ()) -> date | None:
    """The local day of an instant that lies in a weekly period, else of the next opening; None when none comes."""
    weekly = tuple(periods)
    opens_at = at if is_open(weekly, at, closed_on) else next_opening(weekly, at, closed_on)
    return None if opens_at is None else local_date(opens_at)


def _periods_of(day: date, periods: Iterable[Opening], closed_on: Collection[date]) -> Iterator[Opening]:
    """The periods of one day, earliest first; none on a closed day."""
    if is_holiday(day) or day in closed_on:
        return iter(())
    return iter(sorted((one for one in periods if one.weekday == day.isoweekday()), key=lambda one: one.opens))


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=HELSINKI).astimezone(UTC)


@lru_cache(maxsize=64)
def _public_holidays(year: int) -> frozenset[date]:
    # Only the public category: the others would close the unit on Mother's Day and the like.
    return frozenset(holidays.country_holidays("FI", years=year, categories=(holidays.PUBLIC,)))
