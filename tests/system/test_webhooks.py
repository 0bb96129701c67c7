"""Facts posted to a neighbour without NATS: a real server with the permissions of `make run`, a real web server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from standardwebhooks import Webhook

from chassis import TryLater, clock, neighbours, provision
from chassis.neighbours import Neighbour
from chassis.running import Running
from contracts.base import Event
from contracts.public import VisitCounted
from contracts.scheduling import VisitBooked, VisitCompleted
from services.cli import main
from services.notifications.webhooks.keyring import Keyring
from services.unit import build
from tests import child
from tests.county import County, county
from tests.receiver import WebReceiver, web_receiver
from tests.stack import DATABASES, Stack, eventually, stack

pytestmark = [pytest.mark.live, pytest.mark.system]
NAME, NOTIFICATIONS = "aids-centre", "notifications"


@dataclass
class Around:
    """A county whose notifications are at work, and the web server of one of its neighbours."""

    county: County
    notifications: Running
    receiver: WebReceiver

    async def grant(self, *events: str, **more: Any) -> Neighbour:
        ring = Keyring(self.county.settings.webhook_secrets_dir)
        if not ring.of(NAME):
            ring.add(NAME)
        return await self.county.grant(NAME, *events, **{"nkey": None, "webhook": self.receiver.address} | more)

    async def took(self, ids: list[str]) -> None:
        await eventually(lambda: sorted(self.receiver.took) == sorted(ids), "the neighbour has everything once")

    async def settled(self, granted: Neighbour) -> None:
        async def nothing_waits() -> bool:
            return await provision.waiting(self.county.bus, granted) == 0

        await eventually(nothing_waits, "nothing waits on the bus")


@pytest.fixture
def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Around]:
    with county(tmp_path) as made, web_receiver() as receiver:
        running = Running(build(NOTIFICATIONS, made.settings), made.url)
        made.run(running.start())
        made.run(eventually(lambda: running.ready))
        monkeypatch.setenv("DIGI_DATA_DIR", str(made.settings.data_dir))
        monkeypatch.setenv("DIGI_NATS_URL", made.url)
        try:
            yield Around(made, running, receiver)
        finally:
            made.run(running.stop())


def completed(count: int) -> list[Event]:
    return [VisitCompleted.example for _ in range(count)]


def test_what_a_neighbour_is_granted_is_posted_from_the_bus_and_nothing_else(around: Around) -> None:
    async def case() -> None:
        granted = await around.grant("visit_completed", "pub")
        _, visits = await around.county.tell(VisitBooked.example), await around.county.tell(*completed(300))
        counts = await around.county.tell(VisitCounted.example)
        await around.took(visits + counts)
        await around.settled(granted)
        assert [id for id in around.receiver.took if id in visits] == visits
        (secret,) = Keyring(around.county.settings.webhook_secrets_dir).of(NAME)
        for posted in around.receiver.came:
            assert Webhook(secret).verify(posted.body, posted.headers)["id"] == posted.id

    around.county.run(case())


def test_grants_that_come_and_go_need_no_restart_and_leave_the_service_ready(around: Around) -> None:
    """It may ask a moment before the server knows, or after it knows no more: that is refused, and no fault of ours."""

    async def case() -> None:
        asked = await around.grant("visit_completed")
        before = await around.county.tell(*completed(2))
        await around.took(before)
        await provision.serve(around.county.bus, asked.model_copy(update={"reads": ()}))
        neighbours.remove(around.county.settings.neighbours_dir, NAME)
        await around.county.tell(*completed(3))
        for _ in range(3):
            await around.notifications.run_jobs()
        again = await around.grant("visit_completed")
        later = await around.county.tell(*completed(1))
        await around.took(before + later)
        await around.settled(again)
        assert (around.notifications.bus.failures, around.notifications.ready) == ([], True)

    around.county.run(case())


def test_a_bus_that_is_never_told_of_the_grant_is_counted_as_denying_it(around: Around) -> None:
    """Whoever runs a bus of another making forgot to reload it: our client says what it is, and goes on."""

    async def never(_: Any) -> None:
        raise AssertionError("there is nothing")

    before = denied()
    with pytest.raises(TryLater, match="feed-not-there"):
        around.county.run(around.notifications.feed.take("EVT", "neighbour-stranger", never))
    around.county.run(eventually(lambda: denied() == before + 1, "the refusal is heard"))
    assert (around.notifications.bus.failures, around.notifications.ready) == ([], True)


def denied() -> float:
    labels = {"service": NOTIFICATIONS, "kind": "permission"}
    return REGISTRY.get_sample_value("digi_bus_errors_total", labels) or 0.0


def test_a_receiver_that_fails_for_ten_minutes_gets_what_was_told_meanwhile_once_and_in_order(around: Around) -> None:
    async def case(time: clock.SetClock) -> None:
        began = time()
        around.receiver.answers = lambda _: 503 if time() < began + timedelta(minutes=10) else 200
        granted = await around.grant("visit_completed", since=began - timedelta(hours=1))
        told: list[str] = []
        for _ in range(20):
            told += await around.county.tell(*completed(5))
            await around.notifications.run_jobs()
            time.advance(timedelta(minutes=1))
        await around.took(told)
        await around.settled(granted)
        assert around.receiver.took == told
        assert len(around.receiver.came) <= len(told) + 4

    time = clock.SetClock(clock.now())
    with clock.using(time):
        around.county.run(case(time))


def test_after_410_the_stream_keeps_everything_until_an_operator_resumes(
    around: Around, capsys: pytest.CaptureFixture[str]
) -> None:
    async def stops() -> list[str]:
        granted = await around.grant("visit_completed")
        around.receiver.answers = lambda _: 410
        first = await around.county.tell(*completed(1))
        await eventually(lambda: around.receiver.came, "it is posted to")
        await eventually(lambda: rows(around, "webhook_stop"), "it has stopped")
        later = await around.county.tell(*completed(3))
        await around.notifications.run_jobs()
        assert await provision.waiting(around.county.bus, granted) == 3
        assert len(around.receiver.came) == 1
        return first + later

    told = around.county.run(stops())
    around.receiver.answers = lambda _: 200
    assert "STOPPED" in digi(capsys, "webhook", NAME)
    digi(capsys, "webhook", NAME, "--resume")
    around.county.run(around.took(told))
    assert "STOPPED" not in digi(capsys, "webhook", NAME)


def test_no_more_than_a_thousand_are_taken_from_a_stream_for_one_neighbour(around: Around) -> None:
    async def case() -> None:
        around.receiver.answers = lambda _: 503
        granted = await around.grant("visit_completed")
        await around.county.tell(*completed(600))
        await eventually(lambda: rows(around, "webhook_post") == 600, "all are taken")
        await around.county.tell(*completed(600))
        await eventually(lambda: rows(around, "webhook_post") >= 1000, "as many as there is room for are taken")
        await around.notifications.run_jobs()
        assert rows(around, "webhook_post") == 1000
        assert await provision.waiting(around.county.bus, granted) == 200

    around.county.run(case())


def rows(around: Around, table: str) -> int:
    counted = text(f"SELECT count(*) FROM {table}")
    database = around.notifications.database
    return int(database.read(lambda session: session.connection().execute(counted).scalar_one()))


def digi(capsys: pytest.CaptureFixture[str], *words: str, exits: int = 0) -> str:
    """What `digi bus …` prints."""
    with pytest.raises(SystemExit) as ended:
        main(["bus", *words])
    said = "".join(capsys.readouterr())
    assert ended.value.code == exits, said
    return said


def secret_in(said: str) -> str:
    (found,) = [word for word in said.split() if word.startswith("whsec_")]
    return found


def test_an_operator_grants_looks_sends_again_changes_the_secret_and_revokes(
    around: Around, capsys: pytest.CaptureFixture[str]
) -> None:
    address = around.receiver.address
    said = digi(capsys, "grant", NAME, "--reads", "visit_completed", "--webhook", address)
    first = secret_in(said)
    assert "whsec_" not in digi(capsys, "grant", NAME, "--reads", "visit_booked")
    told = around.county.run(around.county.tell(*completed(2)))
    around.county.run(around.took(told))

    async def on_record() -> bool:
        """The answer is written down after it has come."""
        said = await asyncio.to_thread(digi, capsys, "webhook", NAME, "--json", "--last", "1")
        posts = [(each["event_id"], each["state"], each["status"]) for each in json.loads(said)["posts"]]
        return posts == [(told[1], "delivered", 204)]

    around.county.run(eventually(on_record, "the last one is on record as delivered"))
    assert all(id in digi(capsys, "webhook", NAME) for id in told)
    assert told[0] not in digi(capsys, "webhook", NAME, "--failed")

    digi(capsys, "webhook", NAME, "--replay", told[0])
    around.county.run(around.took([*told, told[0]]))
    digi(capsys, "webhook", NAME, "--since", "2026-01-01")
    around.county.run(around.took([*told, told[0], *told]))
    digi(capsys, "replay", NAME, "--since", "2026-01-01")
    around.county.run(around.took([*told, told[0], *told, *told]))
    assert "no-such-post" in digi(capsys, "webhook", NAME, "--replay", "unknown", exits=2)

    second = secret_in(digi(capsys, "webhook", NAME, "--new-secret"))
    assert Keyring(around.county.settings.webhook_secrets_dir).of(NAME) == (second, first)
    digi(capsys, "webhook", NAME, "--retire-secret")
    assert Keyring(around.county.settings.webhook_secrets_dir).of(NAME) == (second,)

    digi(capsys, "revoke", NAME)
    assert Keyring(around.county.settings.webhook_secrets_dir).of(NAME) == ()
    assert "no-such-neighbour" in digi(capsys, "webhook", NAME, exits=2)


@pytest.mark.parametrize(
    ("address", "because"),
    [
        ("http://receiver.example/events", "https"),
        ("https://user:word@receiver.example/", "without a login"),
        ("https://receiver.example:99999/", "without a login"),
        ("receiver.example", "webhook"),
    ],
)
def test_an_address_that_facts_may_not_go_to_is_refused(
    around: Around, capsys: pytest.CaptureFixture[str], address: str, because: str
) -> None:
    assert because in digi(capsys, "grant", NAME, "--reads", "pub", "--webhook", address, exits=2)
    assert neighbours.load(around.county.settings.neighbours_dir) == {}


def test_a_neighbour_reads_by_itself_or_is_posted_to(around: Around, capsys: pytest.CaptureFixture[str]) -> None:
    digi(capsys, "grant", NAME, "--reads", "pub")
    assert "not both" in digi(capsys, "grant", NAME, "--webhook", around.receiver.address, exits=2)
    assert "no-webhook" in digi(capsys, "webhook", NAME, exits=2)


@contextmanager
def alone(folder: Path, database_url: str, receiver: WebReceiver) -> Iterator[Stack]:
    """Notifications, to be started as a process of its own, with a neighbour to post to."""
    with stack(folder, lambda settings: [build(NOTIFICATIONS, settings)], database_url=database_url, bus=False) as made:
        granted = Neighbour(
            name=NAME, since=clock.now(), reads=("scheduling.visit_completed.v1",), webhook=receiver.address
        )
        neighbours.save(made.settings.neighbours_dir, granted)
        Keyring(made.settings.webhook_secrets_dir).add(NAME)
        made.run(made.start_bus())
        made.run(made.provision())
        yield made


@pytest.mark.parametrize("kind", DATABASES)
def test_a_process_that_dies_between_post_and_record_posts_again_under_the_same_id(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """At least once: the receiver knows by `webhook-id` what it has had."""
    child.warm_up()
    url = request.getfixturevalue("postgres").make([NOTIFICATIONS]) if kind == "postgresql" else ""

    async def case(up: Stack) -> None:
        dying = up.child(NOTIFICATIONS, dies="between post and record")
        await up.child_ready(dying)
        told = [await up.publish(fact) for fact in completed(3)]
        await eventually(lambda: not dying.is_alive(), "it has died")
        assert receiver.took == told[:1]
        await up.child_ready(up.child(NOTIFICATIONS))
        await eventually(partial(has_come_round, up, "post_due"), "the new process has looked what is due")
        assert [posted.id for posted in receiver.came] == told[:1]  # the attempt still counts as running
        let_the_lease_end(up)
        await eventually(lambda: receiver.took == [told[0], *told], "everything is there, the first twice")
        assert len({posted.body for posted in receiver.came if posted.id == told[0]}) == 1

    with web_receiver() as receiver, alone(tmp_path, url, receiver) as made:
        made.run(case(made))


async def has_come_round(up: Stack, job: str) -> bool:
    """Whether a job of the child has been done from one end to the other."""
    metrics = (await up.get("/metrics")).text
    return f'digi_jobs_total{{job="{job}",outcome="done",service="{NOTIFICATIONS}"}}' in metrics


def let_the_lease_end(up: Stack) -> None:
    with up.database(NOTIFICATIONS) as engine, engine.begin() as connection:
        before = text("UPDATE webhook_post SET due_at = taken_at WHERE state = 'posting'")
        assert connection.execute(before).rowcount == 1
