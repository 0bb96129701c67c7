"""What is posted to neighbours, to whom, and again: a real web server takes it, both databases, time stands still."""

from __future__ import annotations

import base64
import os
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY, generate_latest
from standardwebhooks import Webhook, WebhookVerificationError
from structlog.testing import capture_logs

from chassis import Transact, TryLater, clock, neighbours
from chassis.feed import Feed
from contracts.scheduling import VisitCompleted
from services.notifications.webhooks import store
from services.notifications.webhooks.jobs import forget, lines_with_room, post_due, take
from services.notifications.webhooks.keyring import Keyring
from services.notifications.webhooks.receivers import Receivers
from services.notifications.webhooks.store import Line
from tests.factories import visit_booked
from tests.receiver import WebReceiver
from tests.services.notifications.posting import LINE, NAME, Serve, completed, go_on, keyring, many, states, taken
from tests.unit import Unit


def test_a_fact_is_posted_as_one_signed_document(unit: Unit, receiver: WebReceiver) -> None:
    fact = completed()
    (event_id,) = taken(unit, fact)
    unit.runs(post_due)
    (posted,) = receiver.came
    assert posted.headers["content-type"] == "application/cloudevents+json"
    assert posted.event["id"] == posted.headers["webhook-id"] == event_id
    assert posted.event["type"] == "fi.digiterapia.scheduling.visit_completed.v1"
    assert VisitCompleted.model_validate(posted.event["data"]) == fact
    (secret,) = keyring(unit).of(NAME)
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
    (secret,) = keyring(unit).of(NAME)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(posted.body, posted.headers)


def test_a_secret_is_changed_without_a_gap(unit: Unit, receiver: WebReceiver) -> None:
    """Whatever secret the receiver has at the moment, everything it gets verifies."""
    (old,) = keyring(unit).of(NAME)
    fresh = keyring(unit).add(NAME)
    many(unit, 1)
    unit.runs(post_due)
    keyring(unit).retire(NAME)
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
    keyring(unit).forget(NAME)
    ids = many(unit, 2)
    unit.runs(post_due)
    assert (receiver.came, states(unit, "answer")) == ([], ["unsigned", None])
    keyring(unit).add(NAME)
    go_on(unit, timedelta(seconds=5))
    assert receiver.took == ids


def test_410_stops_and_resuming_goes_on_with_everything(unit: Unit, receiver: WebReceiver) -> None:
    ids = many(unit, 3)
    receiver.answers = lambda _: 410
    unit.runs(post_due)
    receiver.answers = lambda _: 204
    go_on(unit, timedelta(days=4))
    assert (len(receiver.came), receiver.took) == (1, [])
    there, _ = Receivers(unit.service.settings).all()
    assert unit.transact(partial(lines_with_room, there=there)) == {}  # the stream keeps what comes
    unit.database.write(lambda session: store.resume(session, NAME, unit.clock()))
    unit.runs(post_due)
    assert receiver.took == ids


def test_a_stopped_neighbour_with_a_new_address_is_posted_to(unit: Unit, receiver: WebReceiver, serve: Serve) -> None:
    ids = many(unit, 2)
    receiver.answers = lambda _: 410
    unit.runs(post_due)
    moved = serve(NAME)
    unit.runs(post_due)
    assert moved.took == ids


def withdrawn() -> float:
    labels = {"neighbour": NAME}
    return REGISTRY.get_sample_value("digi_notifications_webhook_withdrawn_total", labels) or 0.0


def test_a_neighbour_whose_grants_are_taken_back_gets_nothing_more(unit: Unit, receiver: WebReceiver) -> None:
    many(unit, 3)
    before = withdrawn()
    folder = unit.service.settings.neighbours_dir
    granted = neighbours.one(folder, NAME)
    neighbours.remove(folder, NAME)
    unit.runs(post_due)
    with capture_logs() as said:
        unit.transact(partial(lines_with_room, there={}))
    neighbours.save(folder, granted)  # and not either when it is let in anew
    unit.runs(post_due)
    assert (receiver.came, set(states(unit)), withdrawn()) == ([], {"withdrawn"}, before + 3)
    assert [(line["log_level"], line["neighbour"], line["count"]) for line in said] == [("warning", NAME, 3)]


class Nothing(Feed):
    """Stands for a bus on which nothing waits, and remembers whether it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def take(self, *_: Any, **__: Any) -> int:
        self.asked += 1
        return 0


def takes(unit: Unit, feed: Feed, known: Receivers) -> None:
    async def job(transact: Transact) -> None:
        await take(transact, feed, known)

    unit.runs(job)


def test_while_the_grants_are_out_of_reach_nothing_is_withdrawn_taken_or_posted(
    unit: Unit, receiver: WebReceiver
) -> None:
    """The folder is another disk's, and that was unmounted for a moment."""
    ids, feed = many(unit, 2), Nothing()
    folder = unit.service.settings.neighbours_dir
    away = folder.rename(folder.with_name("away"))
    with pytest.raises(TryLater, match="grants-not-there"):
        takes(unit, feed, Receivers(unit.service.settings))  # also for a process that has just begun
    unit.runs(post_due)
    assert (feed.asked, receiver.came, states(unit)) == (0, [], ["waiting", "waiting"])
    away.rename(folder)
    unit.runs(post_due)
    assert receiver.took == ids


def test_grants_that_were_there_and_are_not_are_an_error_also_when_nothing_waits(
    unit: Unit, receiver: WebReceiver
) -> None:
    known, feed = Receivers(unit.service.settings), Nothing()
    takes(unit, feed, known)
    unit.service.settings.neighbours_dir.rename(unit.service.settings.neighbours_dir.with_name("away"))
    with pytest.raises(TryLater, match="grants-not-there"):
        takes(unit, feed, known)
    assert feed.asked == 1


def test_where_nobody_was_ever_granted_anything_there_is_nothing_to_do(unit: Unit) -> None:
    feed = Nothing()
    takes(unit, feed, Receivers(unit.service.settings))
    assert feed.asked == 0


def test_a_neighbour_whose_file_makes_no_sense_is_in_nobody_elses_way_and_loses_nothing(
    unit: Unit, receiver: WebReceiver, serve: Serve
) -> None:
    other = serve("data-lake")
    mine, theirs = many(unit, 2), many(unit, 2, Line("data-lake", "EVT"))
    file = unit.service.settings.neighbours_dir / f"{NAME}.toml"
    whole = file.read_text()
    file.write_text("reads = 7")
    known, feed = Receivers(unit.service.settings), Nothing()
    with capture_logs() as said:
        for _ in range(2):
            takes(unit, feed, known)
            unit.runs(post_due)
    assert (other.took, receiver.came, states(unit)) == (theirs, [], ["waiting", "waiting", "delivered", "delivered"])
    assert feed.asked == 2  # both times for the other alone
    bad = [(line["log_level"], line["neighbour"]) for line in said if line.get("code") == "bad-neighbour-file"]
    assert bad == [("error", NAME)] * 2  # whoever reads says it once: here one to take and one to post
    file.write_text(whole)
    unit.runs(post_due)
    assert receiver.took == mine


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
    there, _ = Receivers(unit.service.settings).all()
    many(unit, 999)
    assert unit.transact(partial(lines_with_room, there=there)) == {LINE: 1}
    many(unit, 1)
    assert unit.transact(partial(lines_with_room, there=there)) == {}


def test_the_age_of_the_oldest_waiting_fact_is_measured(unit: Unit, receiver: WebReceiver) -> None:
    there, _ = Receivers(unit.service.settings).all()
    many(unit, 2)
    unit.clock.advance(timedelta(minutes=7))
    with clock.using(unit.clock):
        unit.transact(partial(lines_with_room, there=there))
    assert REGISTRY.get_sample_value("digi_notifications_webhook_oldest_seconds", {"neighbour": NAME}) == 420


def test_one_is_sent_again_with_the_same_id_and_body(unit: Unit, receiver: WebReceiver) -> None:
    first, _ = many(unit, 2)
    unit.runs(post_due)
    again = partial(store.send_again, neighbour=NAME, now=unit.clock(), event_id=first)
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
    again = partial(store.send_again, neighbour=NAME, now=unit.clock(), since=unit.clock())
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
