"""Posting that fails: once and in order all the same, or again; nobody waits for anybody; a process may die."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import httpx
import pytest
from prometheus_client import REGISTRY
from standardwebhooks import Webhook, WebhookVerificationError

from chassis import Transact, clock
from services.notifications.webhooks import receivers, store
from services.notifications.webhooks.jobs import begin, post_due
from services.notifications.webhooks.receivers import Receivers
from services.notifications.webhooks.store import Line
from tests.receiver import WebReceiver
from tests.services.notifications.posting import LINE, NAME, Serve, completed, go_on, keyring, many, states, taken
from tests.stack import eventually
from tests.unit import Unit


def test_a_receiver_that_fails_for_ten_minutes_gets_everything_once_and_in_order(
    unit: Unit, receiver: WebReceiver
) -> None:
    began = unit.clock()
    receiver.answers = lambda _: 503 if unit.clock() < began + timedelta(minutes=10) else 204
    told = []
    for _ in range(240):  # twenty minutes
        told += many(unit, 1)
        go_on(unit, timedelta(seconds=5))
    assert receiver.took == told
    assert len(receiver.came) == len(told) + 4  # it is asked now and then, not with everything that waits
    assert set(states(unit)) == {"delivered"}


def test_an_attempt_is_signed_with_the_time_it_is_made(unit: Unit, receiver: WebReceiver) -> None:
    """Else the receiver would take a second attempt for an old request played back."""
    receiver.answers = lambda _: 500
    unit.clock.set(clock.now() - timedelta(minutes=6))  # the receiver looks at a clock of its own
    many(unit, 1)
    unit.runs(post_due)
    go_on(unit, timedelta(minutes=6))
    first, second = receiver.came
    (secret,) = keyring(unit).of(NAME)
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(secret).verify(first.body, first.headers)
    assert Webhook(secret).verify(second.body, second.headers)
    assert (first.id, first.body) == (second.id, second.body)


def test_one_that_is_refused_steps_aside_and_is_tried_by_itself(unit: Unit, receiver: WebReceiver) -> None:
    ids = many(unit, 4)
    receiver.answers = lambda posted: 422 if posted.id == ids[1] else 204
    unit.runs(post_due)
    assert receiver.took == [ids[0], *ids[2:]]
    receiver.answers = lambda _: 204
    go_on(unit, timedelta(seconds=5))
    assert receiver.took == [ids[0], *ids[2:], ids[1]]


def test_one_on_which_the_receiver_always_breaks_holds_up_the_others_for_a_quarter_of_an_hour(
    unit: Unit, receiver: WebReceiver
) -> None:
    bad, *good = many(unit, 4)
    receiver.answers = lambda posted: 500 if posted.id == bad else 204
    unit.runs(post_due)
    for seconds in (5, 60, 300):
        go_on(unit, timedelta(seconds=seconds))
        assert receiver.took == []
    go_on(unit, timedelta(minutes=10))
    assert receiver.took == good


def test_what_nobody_takes_in_three_days_is_given_up_and_stays_on_record(unit: Unit, receiver: WebReceiver) -> None:
    receiver.answers = lambda _: 500
    many(unit, 1)
    given_up = REGISTRY.get_sample_value("digi_notifications_webhook_failed_total", {"neighbour": NAME}) or 0
    for _ in range(3 * 24 + 1):
        go_on(unit, timedelta(hours=1))
    assert (states(unit), len(receiver.came)) == (["failed"], 16)
    assert REGISTRY.get_sample_value("digi_notifications_webhook_failed_total", {"neighbour": NAME}) == given_up + 1
    assert unit.database.read(lambda session: store.log(session, NAME, most=5, failed=True))[0].status == 500


def test_a_redirect_is_not_followed(unit: Unit, receiver: WebReceiver, serve: Serve) -> None:
    elsewhere = serve("elsewhere")
    receiver.answers, receiver.more = lambda _: 307, {"location": elsewhere.address}
    many(unit, 1)
    unit.runs(post_due)
    assert (len(receiver.came), elsewhere.came, states(unit, "status")) == (1, [], [307])


def test_an_answer_without_end_is_not_listened_to(unit: Unit, receiver: WebReceiver) -> None:
    receiver.talks_on = True
    ids = many(unit, 2)
    unit.runs(post_due)
    assert (receiver.took, states(unit)) == (ids, ["delivered", "delivered"])


def test_a_receiver_that_nobody_reaches_is_tried_again(unit: Unit, serve: Serve) -> None:
    serve(webhook="http://127.0.0.1:1/")
    many(unit, 1)
    unit.runs(post_due)
    assert (states(unit), states(unit, "answer")) == (["waiting"], ["unreachable"])


def test_a_receiver_that_never_answers_is_not_waited_for(
    unit: Unit, receiver: WebReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receivers, "ANSWER_SECONDS", 0.2)
    receiver.open.clear()
    many(unit, 1)
    unit.runs(post_due)
    assert (states(unit), states(unit, "answer")) == (["waiting"], ["timeout"])


def test_a_receiver_that_hangs_keeps_nobody_else_waiting(unit: Unit, serve: Serve) -> None:
    hanging, well = serve("hanging"), serve("well")
    hanging.open.clear()
    many(unit, 3, Line("hanging", "EVT"))
    first = many(unit, 20, Line("well", "EVT"))
    with ThreadPoolExecutor() as threads:
        running = threads.submit(unit.runs, post_due)
        wait_for(lambda: well.took == first)
        later = many(unit, 20, Line("well", "EVT"))  # while the run is still waiting for the other
        wait_for(lambda: well.took == first + later)
        assert (len(hanging.came), hanging.took, running.done()) == (1, [], False)
        hanging.open.set()
        running.result()
    assert len(hanging.took) == 3


def wait_for(holds: Callable[[], bool]) -> None:
    asyncio.run(eventually(holds))


def test_facts_of_two_streams_do_not_wait_for_each_other(unit: Unit, receiver: WebReceiver) -> None:
    (bad,) = many(unit, 1)
    receiver.answers = lambda posted: 500 if posted.id == bad else 204
    good = many(unit, 2, Line(NAME, "PUB"))
    unit.runs(post_due)
    assert receiver.took == good


def test_two_processes_post_everything_once_and_in_order(units: list[Unit], receiver: WebReceiver) -> None:
    ids = many(units[0], 40)
    with clock.using(units[0].clock), ThreadPoolExecutor(len(units)) as processes:
        list(processes.map(lambda unit: unit.runs(post_due), units))
    units[0].runs(post_due)  # one may have gone home while the other had the last in hand
    assert receiver.took == ids


async def dies_after_posting(transact: Transact, known: Receivers) -> None:
    """Stands for a process that was killed: the post is out, nobody wrote it down."""
    receiver = known.one(NAME)
    assert receiver
    attempt = await transact(partial(begin, line=LINE, receiver=receiver))
    assert attempt is not None
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.post(attempt.address, headers=attempt.headers, content=attempt.body)


def test_an_attempt_cut_off_is_made_again_after_its_lease_under_the_same_id(unit: Unit, receiver: WebReceiver) -> None:
    ids = many(unit, 2)
    unit.runs(dies_after_posting)
    go_on(unit, timedelta(seconds=59))
    assert receiver.took == ids[:1]
    go_on(unit, timedelta(seconds=1))
    assert receiver.took == [ids[0], *ids]


def test_a_late_word_on_an_attempt_that_was_taken_for_cut_off_changes_nothing(
    unit: Unit, receiver: WebReceiver
) -> None:
    async def is_slow(transact: Transact, known: Receivers) -> None:
        await dies_after_posting(transact, known)
        unit.clock.advance(timedelta(minutes=2))

    many(unit, 1)
    unit.runs(is_slow)
    unit.runs(post_due)
    assert (states(unit), states(unit, "attempts")) == (["delivered"], [2])


def test_attempts_that_are_always_cut_off_come_to_an_end(unit: Unit, receiver: WebReceiver) -> None:
    many(unit, 1)
    for _ in range(3):
        unit.runs(dies_after_posting)
        unit.clock.advance(timedelta(days=1, minutes=1))
    unit.runs(post_due)
    assert states(unit) == ["failed"]


def test_the_same_fact_taken_twice_is_posted_once(unit: Unit, receiver: WebReceiver) -> None:
    fact = completed()
    for _ in range(2):
        taken(unit, fact, **{"ce-id": "the-same"})
        unit.runs(post_due)
    assert receiver.took == ["the-same"]


def test_what_is_no_fact_is_let_go_and_the_rest_is_taken(unit: Unit, receiver: WebReceiver) -> None:
    taken(unit, completed(), **{"ce-type": "fi.digiterapia.nobody.knows.v1"})
    taken(unit, completed(), **{"ce-id": ""})
    good = many(unit, 1)
    unit.runs(post_due)
    assert receiver.took == good
