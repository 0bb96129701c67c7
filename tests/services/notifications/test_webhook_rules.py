from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest
from standardwebhooks import Webhook

from chassis import clock
from services.notifications.webhooks.domain import (
    APART_FOR,
    HELD_FOR,
    Again,
    Answer,
    meaning,
    must_not_be_posted_to,
    next_try,
    signature,
    structured,
)

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SECRETS = ["whsec_bmV3ZXIgc2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXM=", "whsec_b2xkZXIgc2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXM="]
FAILURES = sorted(set(Answer) - {Answer.TAKEN, Answer.GONE})


def tries(answer: Answer) -> list[Again | None]:
    """What follows each failed attempt of a fact that nobody ever takes."""
    found: list[Again | None] = [Again(NOW, apart=False)]
    while (last := found[-1]) is not None:
        found.append(next_try(answer, len(found), tried_from=NOW, now=last.due_at))
    return found


@pytest.mark.parametrize("answer", FAILURES)
def test_a_fact_that_nobody_takes_is_tried_17_times_in_not_quite_three_days(answer: Answer) -> None:
    *made, end = tries(answer)
    assert (len(made), end) == (17, None)
    (*_, last) = made
    assert last is not None
    assert timedelta(hours=71) < last.due_at - NOW < timedelta(days=3)


def test_the_pauses_are_those_that_neighbours_are_told() -> None:
    due = [again.due_at - NOW for again in tries(Answer.FAILING) if again]
    pauses = [timedelta(0), *HELD_FOR, *APART_FOR, *[APART_FOR[-1]] * 7]
    assert due == list(accumulate(pauses))
    assert [pause.total_seconds() for pause in HELD_FOR] == [5, 60, 300, 600]
    assert [pause.total_seconds() / 3600 for pause in APART_FOR] == [0.5, 1, 2, 4, 8]


def test_what_comes_after_waits_for_a_quarter_of_an_hour() -> None:
    assert [again.apart for again in tries(Answer.FAILING) if again][:6] == [False] * 5 + [True]


def test_what_comes_after_a_refused_one_does_not_wait() -> None:
    assert [again.apart for again in tries(Answer.REFUSED) if again][1:] == [True] * 16


def test_what_has_waited_three_days_behind_others_is_tried_once() -> None:
    assert next_try(Answer.TIMEOUT, 1, tried_from=NOW - timedelta(days=3), now=NOW) is None


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        *((status, Answer.TAKEN) for status in (200, 202, 204)),
        *((status, Answer.REFUSED) for status in (400, 409, 413, 415, 422)),
        *((status, Answer.FAILING) for status in (100, 301, 302, 307, 401, 403, 404, 405, 408, 425, 429, 500, 503)),
        (410, Answer.GONE),
    ],
)
def test_a_status_means_what_neighbours_are_told(status: int, answer: Answer) -> None:
    assert meaning(status) is answer


@pytest.mark.parametrize("secret", SECRETS)
def test_while_two_secrets_sign_either_verifies(secret: str) -> None:
    at = clock.now()
    body = '{"id":"a","data":{"note":"ä"}}'
    headers = {
        "webhook-id": "a",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature(SECRETS, "a", at, body),
    }
    assert Webhook(secret).verify(body, headers) == json.loads(body)


def test_a_fact_in_one_document_says_everything_its_headers_and_body_say() -> None:
    headers = {"ce-id": "1", "ce-type": "t", "Nats-Msg-Id": "1", "traceparent": "00-1-1-00"}
    assert json.loads(structured(headers, b'{"area":"10"}')) == {
        "id": "1",
        "type": "t",
        "traceparent": "00-1-1-00",
        "data": {"area": "10"},
    }


@pytest.mark.parametrize(
    ("address", "practice", "may"),
    [
        ("https://receiver.example/events", False, True),
        ("http://receiver.example/events", False, False),
        ("http://127.0.0.1:9000/events", False, False),
        ("https://receiver.example/events", True, True),
        ("http://127.0.0.1:9000/events", True, True),
        ("http://localhost:9000", True, True),
        ("http://[::1]:9000", True, True),
        ("http://receiver.example/events", True, False),
        ("http://127.0.0.1.receiver.example/", True, False),
        ("http://localhost@receiver.example/", True, False),
    ],
)
def test_facts_leave_the_machine_encrypted_or_not_at_all(address: str, practice: bool, may: bool) -> None:
    assert (must_not_be_posted_to(address, practice=practice) == "") is may
