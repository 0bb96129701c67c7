from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.notifications.clients.smtp import PATIENCE_SECONDS
from services.notifications.domain import LEASE, MOST_ATTEMPTS, Result, next_attempt, result_of

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def waits(starts_at: datetime) -> list[timedelta]:
    """Between failed attempts, until it is given up."""
    at, found = NOW, list[timedelta]()
    while (again_at := next_attempt(len(found) + 1, at, starts_at=starts_at)) is not None:
        found.append(again_at - at)
        at = again_at
    return found


def test_an_attempt_is_made_again_soon_then_hourly_for_a_day() -> None:
    expected = [*(timedelta(seconds=seconds) for seconds in (1, 5, 30, 120, 600)), *[timedelta(hours=1)] * 24]
    assert waits(NOW + timedelta(days=7)) == expected


def test_no_attempt_is_made_once_the_visit_begins() -> None:
    assert sum(waits(NOW + timedelta(hours=3)), timedelta()) < timedelta(hours=3)


def test_thirty_attempts_are_made_at_most() -> None:
    assert MOST_ATTEMPTS == 30


@pytest.mark.parametrize("code", [500, 501, 550, 551, 552, 553, 554])
def test_a_5xx_refusal_is_for_good(code: int) -> None:
    assert result_of(code) is Result.REFUSED


@pytest.mark.parametrize("code", [421, 450, 451, 452, 530, 535, 538, -1])
def test_a_4xx_refusal_and_one_for_want_of_a_login_is_not_for_good(code: int) -> None:
    assert result_of(code) is Result.UNREACHABLE


def test_an_attempt_is_never_taken_for_cut_off_while_the_gateway_is_waited_for() -> None:
    assert timedelta(seconds=PATIENCE_SECONDS) * 2 < LEASE
