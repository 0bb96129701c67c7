"""Posting to neighbours: a real web server takes it, the database is of both kinds, time stands still."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from prometheus_client import REGISTRY, generate_latest
from sqlalchemy import text
from standardwebhooks import Webhook, WebhookVerificationError

from chassis import Transact, clock, neighbours
from chassis.envelope import headers_for
from chassis.inbox import Received
from chassis.neighbours import Neighbour
from contracts.base import Event
from contracts.scheduling import VisitCompleted
from services.notifications.webhooks import receivers, store
from services.notifications.webhooks.jobs import begin, forget, keep, lines_with_room, post_due
from services.notifications.webhooks.keyring import Keyring
from services.notifications.webhooks.receivers import Receivers
from services.notifications.webhooks.store import Line
from tests.factories import like_the_example, visit_booked
from tests.receiver import WebReceiver, web_receiver
from tests.stack import DATABASES, eventually
from tests.unit import Unit

READS = ("scheduling.visit_completed.v1",)
LINE = Line("aids-centre", "EVT")
Serve = Callable[..., WebReceiver]


@pytest.fixture(params=DATABASES)
def units(request: pytest.FixtureRequest, set_up: Callable[..., Unit]) -> list[Unit]:
    """The service twice over the same database, as production may run it. The time is now, and stands still."""
    url = request.getfixturevalue("postgres").make(["notifications"]) if request.param == "postgresql" else None
    made = [set_up(url) for _ in range(2)]
    for unit in made:
        unit.clock = made[0].clock
    made[0].clock.set(clock.now())
    return made


@pytest.fixture
def unit(units: list[Unit]) -> Unit:
    return units[0]


@pytest.fixture
def serve(unit: Unit) -> Iterator[Serve]:
    """Let a neighbour be posted to: its web server."""
    with ExitStack() as servers:

        def start(name: str = "aids-centre", **over: Any) -> WebReceiver:
            receiver = servers.enter_context(web_receiver())
            granted = {"name": name, "since": clock.now(), "reads": READS, "webhook": receiver.address} | over
            neighbours.save(unit.service.settings.neighbours_dir, Neighbour(**granted))
            if not keyring(unit).of(name):
                keyring(unit).add(name)
            return receiver

        yield start


@pytest.fixture
def receiver(serve: Serve) -> WebReceiver:
    return serve()


def keyring(unit: Unit) -> Keyring:
    return Keyring(unit.service.settings.webhook_secrets_dir)


def completed(**over: Any) -> Event:
    return like_the_example(VisitCompleted, **{"visit_id": uuid4()} | over)


_sequence = iter(range(1, 1_000_000))


def taken(unit: Unit, *facts: Event, line: Line = LINE, **headers: str) -> list[str]:
    """Let facts be taken from the durable of a neighbour; their ids."""
    ids = [str(uuid4()) for _ in facts]
    messages = []
    for event_id, fact in zip(ids, facts, strict=True):
        told = headers_for(fact, event_id=event_id, at=clock.now(), version=1, cause=None, traceparent=None) | headers
        messages.append(Received(fact.subject, told, fact.model_dump_json().encode(), next(_sequence), 1))
    with clock.using(unit.clock):
        unit.transact(partial(keep, line=line, messages=messages))
    return ids


def many(unit: Unit, count: int, line: Line = LINE) -> list[str]:
    return taken(unit, *(completed() for _ in range(count)), line=line)


def states(unit: Unit, column: str = "state") -> list[Any]:
    statement = text(f"SELECT {column} FROM webhook_post ORDER BY sequence")
    return list(unit.database.read(lambda session: session.connection().execute(statement).scalars().all()))


def go_on(unit: Unit, by: timedelta) -> None:
    unit.clock.advance(by)
    unit.runs(post_due)


# --- what is posted ---


def test_a_fact_is_posted_as_one_signed_document(unit: Unit, receiver: WebReceiver) -> None:
    fact = completed()
    (event_id,) = taken(unit, fact)
    unit.runs(post_due)
    (posted,) = receiver.came
    assert posted.headers["content-type"] == "application/cloudevents+json"
    assert posted.event["id"] == posted.headers["webhook-id"] == event_id
    assert posted.event["type"] == "fi.digiterapia.scheduling.visit_completed.v1"
    assert VisitCompleted.model_validate(posted.event["data"]) == fact
    (secret,) = keyring(unit).of("aids-centre")
    assert Webhook(secret).verify(posted.body, posted.headers) == posted.event
    assert states(unit) == ["delivered"]


@pytest.mark.parametrize("what", ["body", "webhook-timestamp", "webhook-id", "webhook-signature"])
def test_what_was_tampered_with_is_detected_by_the_public_library(unit: Unit, receiver: WebReceiver, what: str) -> None:
    many(unit, 1)
    unit.runs(post_due)
    (posted,) = receiver.came
    if what == "body":
        posted = replace(posted, body=posted.body.replace(b'"area":"10"', b'"area":"18"'))
    elif what == "webhook-timestamp":
        posted = replace(posted, headers=posted.headers | {what: str(int(posted.headers[what]) + 1)})
    elif what == "webhook-id":
        posted = replace(posted, headers=posted.headers | {what: str(uuid4())})
    else:
        forged = base64.b64encode(os.urandom(32)).decode()
        posted = replace(posted, headers=posted.headers | {what: f"v1,{forged}"})
    (secret,) = keyring(unit).of("aids-centre")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(posted.body, posted.headers)


def test_a_secret_is_changed_without_a_gap(unit: Unit, receiver: WebReceiver) -> None:
    """Whatever secret the receiver has at the moment, everything it gets verifies."""
    (old,) = keyring(unit).of("aids-centre")
    fresh = keyring(unit).add("aids-centre")
    many(unit, 1)
    unit.runs(post_due)
    keyring(unit).retire("aids-centre")
    many(unit, 1)
    unit.runs(post_due)
    during, after = receiver.came
    for secret in (old, fresh):
        Webhook(secret).verify(during.body, during.headers)
    Webhook(fresh).verify(after.body, after.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(after.body, after.headers)


def test_a_third_secret_and_retiring_the_last_one_are_refused(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "webhooks")
    first = ring.add("lake")
    with pytest.raises(ValueError, match="--new-secret first"):
        ring.retire("lake")
    second = ring.add("lake")
    with pytest.raises(ValueError, match="--retire-secret first"):
        ring.add("lake")
    assert ring.of("lake") == (second, first)
    assert (tmp_path / "webhooks" / "lake.secret").stat().st_mode & 0o777 == 0o600


def test_without_a_secret_nothing_is_sent_and_nothing_lost(unit: Unit, receiver: WebReceiver) -> None:
    keyring(unit).forget("aids-centre")
    ids = many(unit, 2)
    unit.runs(post_due)
    assert (receiver.came, states(unit, "answer")) == ([], ["unsigned", None])
    keyring(unit).add("aids-centre")
    go_on(unit, timedelta(seconds=5))
    assert receiver.took == ids


# --- once, in order, or again ---


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
    unit.clock.advance(-timedelta(minutes=6))
    many(unit, 1)
    unit.runs(post_due)
    go_on(unit, timedelta(minutes=6))
    first, second = receiver.came
    (secret,) = keyring(unit).of("aids-centre")
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
    given_up = REGISTRY.get_sample_value("digi_webhook_failed_total", {"neighbour": "aids-centre"}) or 0
    for _ in range(3 * 24 + 1):
        go_on(unit, timedelta(hours=1))
    assert (states(unit), len(receiver.came)) == (["failed"], 16)
    assert REGISTRY.get_sample_value("digi_webhook_failed_total", {"neighbour": "aids-centre"}) == given_up + 1
    assert unit.database.read(lambda session: store.log(session, "aids-centre", most=5, failed=True))[0].status == 500


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
    good = many(unit, 2, Line("aids-centre", "PUB"))
    unit.runs(post_due)
    assert receiver.took == good


# --- several processes, and one that dies ---


def test_two_processes_post_everything_once_and_in_order(units: list[Unit], receiver: WebReceiver) -> None:
    ids = many(units[0], 40)
    with clock.using(units[0].clock), ThreadPoolExecutor(len(units)) as processes:
        list(processes.map(lambda unit: unit.runs(post_due), units))
    units[0].runs(post_due)  # one may have gone home while the other had the last in hand
    assert receiver.took == ids


async def dies_after_posting(transact: Transact, known: Receivers) -> None:
    """Stands for a process that was killed: the post is out, nobody wrote it down."""
    receiver = known.one("aids-centre")
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


# --- grants ---


def test_410_stops_and_resuming_goes_on_with_everything(unit: Unit, receiver: WebReceiver) -> None:
    ids = many(unit, 3)
    receiver.answers = lambda _: 410
    unit.runs(post_due)
    receiver.answers = lambda _: 204
    go_on(unit, timedelta(days=4))
    assert (len(receiver.came), receiver.took) == (1, [])
    known = Receivers(unit.service.settings)
    assert unit.transact(partial(lines_with_room, there=known.all())) == []  # the stream keeps what comes
    unit.database.write(lambda session: store.resume(session, "aids-centre", unit.clock()))
    unit.runs(post_due)
    assert receiver.took == ids


def test_a_stopped_neighbour_with_a_new_address_is_posted_to(unit: Unit, receiver: WebReceiver, serve: Serve) -> None:
    ids = many(unit, 2)
    receiver.answers = lambda _: 410
    unit.runs(post_due)
    moved = serve("aids-centre")
    unit.runs(post_due)
    assert moved.took == ids


def test_a_neighbour_whose_grants_are_taken_back_gets_nothing_more(unit: Unit, receiver: WebReceiver) -> None:
    many(unit, 3)
    folder = unit.service.settings.neighbours_dir
    granted = neighbours.one(folder, "aids-centre")
    neighbours.remove(folder, "aids-centre")
    unit.runs(post_due)
    unit.transact(partial(lines_with_room, there={}))
    neighbours.save(folder, granted)  # and not either when it is let in anew
    unit.runs(post_due)
    assert (receiver.came, set(states(unit))) == ([], {"withdrawn"})


def test_an_event_or_area_whose_grant_is_taken_back_is_not_posted(
    unit: Unit, receiver: WebReceiver, serve: Serve
) -> None:
    taken(unit, visit_booked())
    taken(unit, completed(area="18", municipality="272"))
    here = many(unit, 1)
    narrower = serve(areas=("10",))
    unit.runs(post_due)
    assert (narrower.took, states(unit)) == (here, ["withdrawn", "withdrawn", "delivered"])


def test_more_than_a_thousand_waiting_facts_are_not_taken(unit: Unit, receiver: WebReceiver) -> None:
    there = Receivers(unit.service.settings).all()
    many(unit, 999)
    assert unit.transact(partial(lines_with_room, there=there)) == [LINE]
    many(unit, 1)
    assert unit.transact(partial(lines_with_room, there=there)) == []


def test_the_age_of_the_oldest_waiting_fact_is_measured(unit: Unit, receiver: WebReceiver) -> None:
    there = Receivers(unit.service.settings).all()
    many(unit, 2)
    unit.clock.advance(timedelta(minutes=7))
    with clock.using(unit.clock):
        unit.transact(partial(lines_with_room, there=there))
    assert REGISTRY.get_sample_value("digi_webhook_oldest_seconds", {"neighbour": "aids-centre"}) == 420


# --- sending again, forgetting ---


def test_one_is_sent_again_with_the_same_id_and_body(unit: Unit, receiver: WebReceiver) -> None:
    first, _ = many(unit, 2)
    unit.runs(post_due)
    again = partial(store.send_again, neighbour="aids-centre", now=unit.clock(), event_id=first)
    assert unit.database.write(again) == 1
    unit.runs(post_due)
    assert [posted.id for posted in receiver.came].count(first) == 2
    assert len({posted.body for posted in receiver.came if posted.id == first}) == 1


def test_everything_from_a_day_on_is_sent_again_in_order(unit: Unit, receiver: WebReceiver) -> None:
    many(unit, 2)
    unit.runs(post_due)
    unit.clock.advance(timedelta(days=1))
    later = many(unit, 3)
    unit.runs(post_due)
    receiver.took.clear()
    again = partial(store.send_again, neighbour="aids-centre", now=unit.clock(), since=unit.clock())
    assert unit.database.write(again) == 3
    unit.runs(post_due)
    assert receiver.took == later


def test_what_has_ended_is_on_record_for_thirty_days(unit: Unit, receiver: WebReceiver) -> None:
    many(unit, 1)
    unit.runs(post_due)
    unit.clock.advance(timedelta(days=30))
    unit.runs(forget)
    assert states(unit) == ["delivered"]
    unit.clock.advance(timedelta(seconds=1))
    unit.runs(forget)
    assert states(unit) == []


def test_neither_log_nor_metrics_say_what_was_posted_or_answered(
    unit: Unit, receiver: WebReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    fact = completed()
    receiver.answers = lambda _: 500
    (event_id,) = taken(unit, fact)
    unit.runs(post_due)
    said = "".join(capsys.readouterr()) + generate_latest().decode()
    assert "not delivered" in said
    for word in (event_id, str(fact.about), receiver.address):
        assert word not in said
