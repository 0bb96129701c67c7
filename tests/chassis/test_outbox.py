"""From the outbox to a real bus, on both databases: in order, completely, each once."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from sqlmodel import Session

import chassis.outbox
from chassis import Transaction, clock
from chassis.db import Database
from chassis.errors import TryLater
from chassis.outbox import KEEP_PUBLISHED, Relay, forget_old
from chassis.seal import Sealer
from chassis.tables import outbox
from chassis.transaction import write_down
from tests.chassis import echo
from tests.chassis.echo import Echoed, called
from tests.stack import Letter, Stack, eventually, stack

TOO_LONG = 70_000
"""Bytes: more than one message of the stream may have (64 KiB)."""


def tell(database: Database, *call_ids: UUID) -> None:
    """One transaction that tells a fact about each of these."""
    database.write(
        lambda session: write_down(session, [_telling(Transaction("echo", session, Sealer(Path(), "echo")), call_ids)])
    )


def _telling(tx: Transaction, call_ids: tuple[UUID, ...]) -> Transaction:
    for call_id in call_ids:
        tx.publish(Echoed(area="10", call_id=call_id))
    return tx


def rows(database: Database) -> list[Letter]:
    found = database.read(lambda session: session.connection().execute(outbox.select().order_by(outbox.c.id)).all())
    return [Letter(row.subject, json.loads(row.headers), bytes(row.payload)) for row in found]


def unsent(database: Database) -> int:
    statement = select(outbox.c.id).where(outbox.c.published_at.is_(None))
    return len(database.read(lambda session: session.connection().execute(statement).all()))


def test_facts_about_one_aggregate_count_up_and_others_start_at_one(database: Database) -> None:
    one, other = uuid4(), uuid4()
    tell(database, one, other, one)
    tell(database, other, one)
    versions = [(json.loads(row.body)["call_id"], row.headers["ce-aggregateversion"]) for row in rows(database)]
    assert versions == [(str(one), "1"), (str(other), "1"), (str(one), "2"), (str(other), "2"), (str(one), "3")]


def test_a_transaction_that_fails_uses_up_no_version(database: Database) -> None:
    one = uuid4()
    with pytest.raises(ZeroDivisionError):
        database.write(lambda session: _told_then_broken(session, one))
    tell(database, one)
    assert [row.headers["ce-aggregateversion"] for row in rows(database)] == ["1"]


def _told_then_broken(session: Session, call_id: UUID) -> None:
    write_down(session, [_telling(Transaction("echo", session, Sealer(Path(), "echo")), (call_id,))])
    raise ZeroDivisionError


def test_a_service_tells_no_fact_of_another(database: Database) -> None:
    with pytest.raises(ValueError, match="not echo's to tell"):
        database.write(lambda session: Transaction("echo", session, Sealer(Path(), "echo")).publish(called()))


def test_a_fact_that_has_an_id_already_is_told_under_it(database: Database) -> None:
    given, call_id = uuid4(), uuid4()

    def work(session: Session) -> None:
        tx = Transaction("echo", session, Sealer(Path(), "echo"))
        tx.publish(Echoed(area="10", call_id=call_id), event_id=given)
        write_down(session, [tx])

    database.write(work)
    (row,) = rows(database)
    assert row.id == row.headers["Nats-Msg-Id"] == str(given)


def test_what_was_sent_is_kept_for_a_day_and_what_was_not_for_ever(database: Database) -> None:
    tell(database, uuid4(), uuid4())
    first = database.read(
        lambda session: session.connection().execute(select(outbox.c.id).order_by(outbox.c.id))
    ).scalar()
    long_ago = clock.now() - KEEP_PUBLISHED - timedelta(minutes=1)
    database.write(
        lambda session: session.connection().execute(
            update(outbox).where(outbox.c.id == first).values(published_at=long_ago)
        )
    )
    database.write(forget_old)
    database.write(forget_old)
    assert (len(rows(database)), unsent(database)) == (1, 1)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Stack]:
    with stack(tmp_path, lambda settings: [echo.build(settings)]) as made:
        yield made


@pytest.fixture
def relay(database: Database) -> Relay:
    return Relay(database, "echo")


def sizes(database: Database, *payloads: tuple[int, int]) -> None:
    """Let some rows (counted from 0) have a payload of so many bytes."""
    for place, size in payloads:
        event_id = rows(database)[place].id
        database.write(
            lambda session, event_id=event_id, size=size: session.connection().execute(
                update(outbox).where(outbox.c.event_id == event_id).values(payload=b"x" * size)
            )
        )


@pytest.mark.live
def test_rows_leave_in_their_order_and_only_once(up: Stack, database: Database, relay: Relay) -> None:
    tell(database, *(uuid4() for _ in range(300)))  # more than one pipelined batch

    async def case() -> None:
        await relay.drain(await up.bus())
        await relay.drain(await up.bus())
        assert [letter.id for letter in await up.letters()] == [row.id for row in rows(database)]
        assert unsent(database) == 0

    up.run(case())


@pytest.mark.live
def test_what_was_told_while_the_relay_runs_leaves_at_once(up: Stack, database: Database, relay: Relay) -> None:
    async def case() -> None:
        running = asyncio.create_task(relay.run(await up.bus()))
        tell(database, uuid4())
        relay.wake()
        await eventually(lambda: unsent(database) == 0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    up.run(case())


@pytest.mark.live
def test_the_relay_stops_at_the_first_row_the_bus_refuses_and_sends_again_from_there(
    up: Stack, database: Database, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.outbox.ACK_SECONDS", 1.0)
    tell(database, uuid4(), uuid4(), uuid4())
    sizes(database, (1, TOO_LONG))

    async def case() -> None:
        with pytest.raises(TimeoutError):
            await relay.drain(await up.bus())
        assert unsent(database) == 2
        sizes(database, (1, 10))
        await relay.drain(await up.bus())
        assert sorted(letter.id for letter in await up.letters()) == sorted(row.id for row in rows(database))

    up.run(case())


@pytest.mark.live
def test_a_row_that_was_sent_but_not_marked_is_on_the_bus_once(up: Stack, database: Database, relay: Relay) -> None:
    tell(database, uuid4())

    async def case() -> None:
        await relay.drain(await up.bus())
        database.write(lambda session: session.connection().execute(update(outbox).values(published_at=None)))
        await relay.drain(await up.bus())
        assert (len(await up.letters()), unsent(database)) == (1, 0)

    up.run(case())


@pytest.mark.live
def test_a_long_outage_with_much_to_tell_uses_nothing_up(up: Stack, database: Database, relay: Relay) -> None:
    """More than the client buffers: what it was given and never answered would count as pending for ever."""
    tell(database, *(uuid4() for _ in range(100)))
    sizes(database, *((place, 30_000) for place in range(100)))

    async def case() -> None:
        bus = await up.bus()
        await up.kill_bus()
        await eventually(lambda: not up.connected)
        for _ in range(3):
            with pytest.raises(TryLater, match="bus-away"):
                await relay.drain(bus)
        assert bus.publish_async_pending() == 0
        await up.start_bus()
        await eventually(lambda: up.connected)
        await relay.drain(bus)
        assert [letter.id for letter in await up.letters()] == [row.id for row in rows(database)]

    up.run(case())


@pytest.mark.live
@pytest.mark.parametrize("_migrated", ["postgresql"], indirect=True)
def test_one_process_of_a_service_sends_at_a_time(up: Stack, database: Database) -> None:
    tell(database, uuid4())
    one, other = Relay(database, "echo"), Relay(database, "echo")

    async def case() -> None:
        bus = await up.bus()
        async with one._sole() as mine:
            assert mine
            assert await other.drain(bus) is False
            assert unsent(database) == 1
        assert await other.drain(bus)
        assert unsent(database) == 0

    up.run(case())


@pytest.mark.parametrize("_migrated", ["postgresql"], indirect=True)
def test_a_relay_that_is_stopped_while_it_takes_its_turn_gives_it_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, go_on = threading.Event(), threading.Event()
    take_turn = chassis.outbox._take_turn

    def slowly(*given: Any) -> Any:
        turn = take_turn(*given)
        taken.set()
        go_on.wait(30)
        return turn

    async def case() -> None:
        monkeypatch.setattr("chassis.outbox._take_turn", slowly)
        taking = asyncio.create_task(_enter(Relay(database, "echo")))
        await eventually(taken.is_set)
        taking.cancel()
        go_on.set()
        await asyncio.gather(taking, return_exceptions=True)
        async with Relay(database, "echo")._sole() as mine:
            assert mine

    asyncio.run(case())


@pytest.mark.parametrize("_migrated", ["postgresql"], indirect=True)
def test_a_relay_that_is_stopped_while_no_thread_is_free_to_give_its_turn_back_gives_it_back(
    database: Database,
) -> None:
    """Cancelling who waits for a thread that has not begun takes the work off the queue."""
    go_on = threading.Event()

    async def case() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        taken, leave = asyncio.Event(), asyncio.Event()
        having = asyncio.create_task(_enter(Relay(database, "echo"), taken, leave))
        await taken.wait()
        busy = asyncio.get_running_loop().run_in_executor(None, go_on.wait, 30)
        leave.set()
        await asyncio.sleep(0.05)  # it is giving its turn back now, and waits for a thread
        having.cancel()
        await asyncio.gather(having, return_exceptions=True)
        go_on.set()
        await busy
        await eventually(lambda: _free(database), seconds=5)

    asyncio.run(case())


async def _free(database: Database) -> bool:
    async with Relay(database, "echo")._sole() as mine:
        return mine is not None


async def _enter(relay: Relay, taken: asyncio.Event | None = None, leave: asyncio.Event | None = None) -> None:
    async with relay._sole():
        if taken and leave:
            taken.set()
            await leave.wait()
