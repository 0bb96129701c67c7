from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.notifications.clients.smtp import PATIENCE_SECONDS
from services.notifications.domain import LEASE, MOST_ATTEMPTS, Result, is_address, next_attempt, result_of

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["aada@example.fi", "a@b.fi", "aada.asiakas+aika@posti.example.fi", "o'neil@example.fi", "x_1-y@xn--4ca.fi"]
)
def test_a_plain_address_is_accepted(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "aada@example.fi\n",
        "aada@example.fi\r\nBcc: x@example.fi",
        "aada\r@example.fi",
        "aada@exam\nple.fi",
        "aada@example.fi\x00",
        " aada@example.fi",
        "aada @example.fi",
        '"aada asiakas"@example.fi',
        "Aada <aada@example.fi>",
        "aada@example.fi,x@example.fi",
        "aada@example.fi;x@example.fi",
        "aada@@example.fi",
        ".aada@example.fi",
        "aada.@example.fi",
        "aa..da@example.fi",
        "aada@example",
        "aada@example..fi",
        "aada@-example.fi",
        "aada@example-.fi",
        "aada@[127.0.0.1]",
        "aada@127.0.0.1",
        "äidin@example.fi",
        "aada@éxample.fi",
        "aada＠example.fi",
        "@example.fi",
        "a" * 65 + "@example.fi",
        "a@" + "b" * 64 + ".fi",
        "a@" + "b." * 130 + "fi",
        "",
        None,
        7,
        {"email": "aada@example.fi"},
    ],
)
def test_anything_else_is_no_address(text: object) -> None:
    assert not is_address(text)


def test_an_attempt_is_made_again_after_1_5_30_120_and_600_seconds_and_then_no_more() -> None:
    waits = [next_attempt(attempts, NOW) for attempts in range(1, 7)]
    assert waits == [*(NOW + timedelta(seconds=seconds) for seconds in (1, 5, 30, 120, 600)), None]


def test_six_attempts_are_made() -> None:
    assert MOST_ATTEMPTS == 6


@pytest.mark.parametrize("code", [500, 501, 550, 551, 552, 553, 554])
def test_a_5xx_refusal_is_for_good(code: int) -> None:
    assert result_of(code) is Result.REFUSED


@pytest.mark.parametrize("code", [421, 450, 451, 452, 530, 535, 538, -1])
def test_a_4xx_refusal_and_one_for_want_of_a_login_is_not_for_good(code: int) -> None:
    assert result_of(code) is Result.UNREACHABLE


def test_an_attempt_is_never_taken_for_cut_off_while_the_gateway_is_waited_for() -> None:
    assert timedelta(seconds=PATIENCE_SECONDS) * 2 < LEASE
