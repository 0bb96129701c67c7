from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime

from chassis import clock

EARLIER, LATER = (clock.SetClock(datetime(2026, 11, day, tzinfo=UTC)) for day in (1, 2))


def test_the_last_clock_that_was_put_in_place_tells() -> None:
    with clock.using(EARLIER), clock.using(LATER):
        assert clock.now() == LATER()


def test_clocks_may_be_put_away_in_any_order_and_none_stays() -> None:
    """Threads that each put one in place need not leave in the order they came."""
    first, second = ExitStack(), ExitStack()
    first.enter_context(clock.using(EARLIER))
    second.enter_context(clock.using(LATER))
    first.close()
    assert clock.now() == LATER()
    second.close()
    assert clock.now() not in (EARLIER(), LATER())
