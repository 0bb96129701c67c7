"""A service at work: how it starts, tidies up, recovers and stops, whatever goes wrong meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy.exc import OperationalError

from chassis import Jobs
from chassis.running import _end
from tests.chassis import echo
from tests.chassis.echo import Called, at_work, called
from tests.stack import Stack, eventually, stack

pytestmark = pytest.mark.live
DURABLE = Called.declared.durable("echo")


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Stack]:
    """The echo service, still to be started; `stack.services[0]` may be changed before."""
    with stack(tmp_path, lambda settings: [echo.build(settings)]) as made:
        yield made


@pytest.mark.timeout(20)
def test_a_task_that_loses_its_cancellation_does_not_keep_a_service_from_stopping(up: Stack) -> None:
    """Python 3.11's wait_for gives a result that comes in the same moment and forgets that it was cancelled."""
    jobs, at_it, deaf = Jobs(), asyncio.Event(), [True]

    @jobs(every=timedelta(seconds=0))
    async def deaf_once(_transact: Any) -> None:
        at_it.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not deaf.pop():
                raise
            deaf.append(False)

    up.services = [replace(up.services[0], jobs=jobs)]
    at_work(up)

    async def check() -> None:
        await at_it.wait()
        async with asyncio.timeout(10):
            await up.stop()

    up.run(check())


def test_after_an_outage_it_is_ready_as_soon_as_the_bus_is(up: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.running.DRIFT_SECONDS", 0.1)
    monkeypatch.setattr("chassis.bus.CALL_SECONDS", 0.5)
    running = at_work(up)

    async def check() -> None:
        await up.kill_bus()
        await eventually(lambda: any("does not answer" in each for each in running.missing))
        monkeypatch.setattr("chassis.running.DRIFT_SECONDS", 60.0)
        await up.start_bus()
        await eventually(lambda: running.ready, seconds=15)

    up.run(check())


def test_tidying_up_goes_on_after_the_database_was_away(up: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def away_once(_session: Any) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("DELETE", {}, Exception("no connection"))

    monkeypatch.setattr("chassis.running.TIDY_SECONDS", 0.05)
    monkeypatch.setattr("chassis.running.forget_old", away_once)
    at_work(up)

    async def check() -> None:
        await eventually(lambda: len(tries) > 1, seconds=10)

    up.run(check())


def test_a_job_that_fails_comes_round_again(up: Stack) -> None:
    jobs, tries = Jobs(), []

    @jobs(every=timedelta(seconds=0.01))
    async def fails(_transact: Any) -> None:
        tries.append(1)
        raise ZeroDivisionError

    up.services = [replace(up.services[0], jobs=jobs)]
    at_work(up)

    async def check() -> None:
        await eventually(lambda: len(tries) > 2)
        labels = {"service": "echo", "job": "fails", "outcome": "failed"}
        assert (REGISTRY.get_sample_value("digi_jobs_total", labels) or 0) >= 2

    up.run(check())


def test_a_job_tells_facts_and_they_leave(up: Stack) -> None:
    jobs, call_id = Jobs(), uuid4()

    @jobs(every=timedelta(hours=1))
    async def tells(transact: Any) -> None:
        await transact(lambda tx: tx.publish(echo.Echoed(area="10", call_id=call_id)))

    up.services = [replace(up.services[0], jobs=jobs)]
    at_work(up)

    async def check() -> None:
        async def arrived() -> bool:
            return str(call_id) in {letter.headers["ce-subject"] for letter in await up.letters()}

        await eventually(arrived)

    up.run(check())


def test_stopping_lets_a_handler_finish_and_sends_what_it_told(up: Stack) -> None:
    valley = echo.Valley()
    up.services = [replace(up.services[0], provides=[valley])]
    at_work(up)

    async def check() -> None:
        fact = called("slowly")
        event_id = await up.publish(fact)
        await eventually(valley.entered.is_set)
        stopping = asyncio.create_task(up.stop())
        await asyncio.sleep(0)
        valley.leave.set()
        await stopping
        assert [letter.cause for letter in await up.letters()].count(event_id) == 1
        info = await (await up.bus()).consumer_info("EVT", DURABLE)
        assert (info.num_pending, info.num_ack_pending) == (0, 0)

    up.run(check())


def test_while_its_database_is_locked_away_nothing_is_lost_or_counted_as_a_failed_try(up: Stack) -> None:
    """Another process holds the write lock of the file for longer than the driver waits."""
    running = at_work(up)
    with running.database.engine.connect() as setting:
        setting.exec_driver_sql("PRAGMA busy_timeout=50")

    async def check() -> None:
        with up.database("echo") as other, other.connect() as holder:
            holder.exec_driver_sql("BEGIN IMMEDIATE")
            event_id = await up.publish(called("well"))
            await eventually(lambda: _delivered(up))
            holder.exec_driver_sql("ROLLBACK")
        await eventually(lambda: up.has_acted("echo", DURABLE, event_id))
        info = await (await up.bus()).consumer_info("EVT", DURABLE)
        assert info.num_redelivered == 0

    up.run(check())


async def _delivered(up: Stack) -> bool:
    info = await (await up.bus()).consumer_info("EVT", DURABLE)
    return bool(info.num_ack_pending)


def test_a_service_whose_port_is_taken_says_so(up: Stack, tmp_path: Path) -> None:
    at_work(up)

    async def check() -> None:
        from chassis.run import Process

        second = Process([echo.build(up.settings)], up.settings, up.nats.url, "")
        with pytest.raises((OSError, SystemExit)):
            await second.start()
        await second.stop()

    up.run(check())


def test_what_came_while_it_was_down_is_acted_on_once_each(up: Stack) -> None:

    async def check() -> None:
        sent = [await up.publish(called("well")) for _ in range(250)]
        running = (await up.start()).running[0]
        echo.tables.create_all(running.database.engine)
        await eventually(lambda: len(up.inbox("echo")) == len(sent))
        await eventually(lambda: up.unsent("echo") == 0)
        assert sorted(letter.cause for letter in await up.letters() if letter.cause) == sorted(sent)

    up.run(check())


@pytest.mark.timeout(40)
def test_it_stops_while_the_bus_is_away_and_keeps_what_it_had_to_tell(up: Stack) -> None:
    running = at_work(up)

    async def check() -> None:
        await up.kill_bus()
        await eventually(lambda: not running.bus.connected)
        await running.transact(lambda tx: tx.publish(echo.Echoed(area="10", call_id=uuid4())))
        await up.stop()
        assert up.unsent("echo") == 1
        await up.start_bus()

    up.run(check())


@pytest.mark.timeout(40)
def test_a_connection_closed_for_good_is_told_by_livez_and_can_still_be_stopped(up: Stack) -> None:
    """Then only a new process helps: the platform starts one when /livez says so."""
    running = at_work(up)

    async def check() -> None:
        await running.bus.connection.close()
        answer = await up.get("/livez")
        assert (answer.status_code, answer.json()["closed"]) == (503, ["echo"])
        await up.stop()

    up.run(check())


@pytest.mark.timeout(40)
def test_it_can_be_stopped_before_it_has_ever_reached_a_bus(tmp_path: Path) -> None:
    with stack(tmp_path, lambda settings: [echo.build(settings)], bus=False) as made:

        async def check() -> None:
            await made.start()
            assert (await made.get("/readyz")).status_code == 503
            await made.stop()

        made.run(check())


def test_told_to_stop_it_waits_for_its_turn_to_publish(up: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL the turn is a lock, and whoever was cancelled while giving it back still has it for a moment."""
    running, asked = at_work(up), []
    drain = running.relay.drain

    async def when_free(bus: Any) -> bool:
        asked.append(running.missing)
        return False if asked.count(["stopping"]) < 2 else await drain(bus)

    monkeypatch.setattr(running.relay, "drain", when_free)

    async def check() -> None:
        await running.transact(lambda tx: tx.publish(echo.Echoed(area="10", call_id=uuid4())))
        await up.stop()
        assert up.unsent("echo") == 0
        assert asked.count(["stopping"]) == 2

    up.run(check())


@pytest.mark.timeout(20)
def test_work_begun_while_it_is_told_to_stop_is_ended_too() -> None:
    """A task that is cancelled may have put another beside itself just before."""

    async def check() -> None:
        tasks: list[asyncio.Task[None]] = []

        async def begins_another() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                tasks.append(asyncio.create_task(asyncio.sleep(3600)))

        tasks.append(asyncio.create_task(begins_another()))
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await _end(tasks)
        assert all(task.cancelled() for task in tasks)

    asyncio.run(check())
