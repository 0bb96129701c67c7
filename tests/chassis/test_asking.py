"""Commands and queries: one click one effect; what is read is on record; nobody waits for ever."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, select

from chassis import Refused, Role, Viewer
from chassis.asking import Answerer, Asker
from chassis.bus import Bus
from chassis.db import Database
from chassis.seal import Sealer
from chassis.tables import audit, outbox
from contracts.base import Ask
from tests.chassis import echo
from tests.stack import Stack, stack

SOMEBODY = Viewer(role=Role.CLIENT, id=uuid4())
Asks = Callable[..., tuple[str, Any]]


@pytest.fixture
def asks(database: Database, sealer: Sealer) -> Asks:
    """Ask the echo service; gives the outcome, and the answer or the code of the refusal."""

    def ask(ask: Ask[Any], *, key: str | None = None, viewer: Viewer | None = SOMEBODY) -> tuple[str, Any]:
        answer = echo.call if isinstance(ask, echo.Call) else echo.get_count
        answerer = Answerer("echo", ask.asked, answer, sealer, database)  # type: ignore[arg-type]  # the answer of this very ask
        headers = {"digi-viewer": viewer.model_dump_json()} if viewer else {}
        if key:
            headers["digi-idempotency-key"] = key
        outcome, body, _ = asyncio.run(answerer.reply(ask.model_dump_json().encode(), headers))
        said = json.loads(body)
        return outcome, said["code"] if outcome == "refused" else said

    return ask


def count(database: Database, table: Any) -> int:
    return len(database.read(lambda session: session.connection().execute(select(table)).all()))


def test_the_same_key_gets_the_first_answer_and_no_second_effect(asks: Asks, database: Database) -> None:
    one, other = echo.Call(call_id=uuid4()), echo.Call(call_id=uuid4())
    first = asks(one, key="click-1")
    asks(other, key="click-2")
    assert asks(one, key="click-1") == first == ("ok", {"echoes": 1})
    assert (database.read(echo.how_many), count(database, outbox)) == (2, 2)


def test_the_same_key_with_another_content_is_refused(asks: Asks, database: Database) -> None:
    asks(echo.Call(call_id=uuid4()), key="click-1")
    assert asks(echo.Call(call_id=uuid4()), key="click-1") == ("refused", "idempotency-key-reused")
    assert database.read(echo.how_many) == 1


def test_a_command_without_a_key_is_refused(database: Database, sealer: Sealer) -> None:
    answerer = Answerer("echo", echo.Call.asked, echo.call, sealer, database)  # type: ignore[arg-type]  # the answer of this very ask
    body = echo.Call(call_id=uuid4()).model_dump_json().encode()
    outcome, said, _ = asyncio.run(answerer.reply(body, {"digi-viewer": SOMEBODY.model_dump_json()}))
    assert (outcome, json.loads(said)["code"]) == ("refused", "idempotency-key-missing")
    assert database.read(echo.how_many) == 0


def test_a_key_is_its_viewer_s_own(asks: Asks) -> None:
    asks(echo.Call(call_id=uuid4()), key="click-1")
    other = Viewer(role=Role.CLIENT, id=uuid4())
    assert asks(echo.Call(call_id=uuid4()), key="click-1", viewer=other)[0] == "ok"


def test_two_clicks_at_the_same_moment_are_one(asks: Asks, database: Database) -> None:
    ask = echo.Call(call_id=uuid4())
    with ThreadPoolExecutor(4) as hands:
        answers = list(hands.map(lambda _: asks(ask, key="click-1"), range(4)))
    assert answers == [("ok", {"echoes": 1})] * 4
    assert (database.read(echo.how_many), count(database, outbox)) == (1, 1)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("refused", "no-echo"),
        ("later", "service-unavailable"),
        ("unprocessable", "internal-error"),
        ("bug", "internal-error"),
    ],
)
def test_an_answer_that_does_not_come_about_changes_nothing_and_may_be_asked_for_again(
    asks: Asks, database: Database, how: str, code: str
) -> None:
    call_id = uuid4()
    assert asks(echo.Call(call_id=call_id, how=how), key="click-1") == ("refused", code)
    assert (database.read(echo.how_many), count(database, outbox)) == (0, 0)
    assert asks(echo.Call(call_id=call_id), key="click-1")[0] == "ok"


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"call_id": "Aino Esimerkki"}'])
def test_what_makes_no_sense_is_refused_without_repeating_it(database: Database, sealer: Sealer, body: bytes) -> None:
    answerer = Answerer("echo", echo.Call.asked, echo.call, sealer, database)  # type: ignore[arg-type]  # the answer of this very ask
    outcome, said, _ = asyncio.run(answerer.reply(body, {"digi-viewer": SOMEBODY.model_dump_json()}))
    assert (outcome, json.loads(said)["code"]) == ("refused", "not-valid")
    assert b"Esimerkki" not in said


def test_nobody_is_answered_who_does_not_say_who_is_looking(asks: Asks) -> None:
    assert asks(echo.GetCount(call_id=uuid4()), viewer=None) == ("refused", "not-valid")


def test_a_read_is_on_record_before_it_is_answered(asks: Asks, database: Database, sealer: Sealer) -> None:
    whom = uuid4()
    asks(echo.GetCount(call_id=whom))
    (row,) = database.read(lambda session: session.connection().execute(select(audit)).all())
    assert (row.viewer_role, row.viewer_id, row.action, row.whom) == ("client", SOMEBODY.id, "read", whom)


def test_what_cannot_be_put_on_record_is_not_shown(asks: Asks, database: Database) -> None:
    def no_audit(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "INTO audit" in statement:
            raise OSError("disk full")

    event.listen(database.engine, "before_cursor_execute", no_audit)
    try:
        outcome, said = asks(echo.GetCount(call_id=uuid4()))
    finally:
        event.remove(database.engine, "before_cursor_execute", no_audit)
    assert (outcome, said) == ("refused", "internal-error")


def test_a_query_changes_nothing(database: Database, sealer: Sealer) -> None:
    answerer = Answerer("echo", echo.GetCount.asked, echo.call, sealer, database)  # type: ignore[arg-type]  # the answer of this very ask
    body = echo.GetCount(call_id=uuid4()).model_dump_json().encode()
    asyncio.run(answerer.reply(body, {"digi-viewer": SOMEBODY.model_dump_json()}))
    assert (database.read(echo.how_many), count(database, outbox)) == (0, 0)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Stack]:
    with stack(tmp_path, lambda settings: [echo.build(settings)]) as made:
        made.run(made.start())
        echo.tables.create_all(made.process.running[0].database.engine)  # type: ignore[union-attr]  # just started
        made.run(made.ready())
        yield made


async def asker(up: Stack) -> Asker:
    await up.bus()
    return Asker(up.connection)


@pytest.mark.live
def test_an_answer_comes_over_the_bus(up: Stack) -> None:
    async def case() -> None:
        assert await (await asker(up))(echo.Call(call_id=uuid4()), viewer=SOMEBODY, key="1") == echo.Count(echoes=1)

    up.run(case())


@pytest.mark.live
def test_a_refusal_comes_over_the_bus_with_its_code(up: Stack) -> None:
    async def case() -> None:
        with pytest.raises(Refused, match="no-echo"):
            await (await asker(up))(echo.Call(call_id=uuid4(), how="refused"), viewer=SOMEBODY, key="1")

    up.run(case())


@pytest.mark.live
def test_when_nobody_answers_the_asker_is_told_in_time(up: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.asking.PATIENCE_SECONDS", 0.5)

    async def case() -> None:
        await up.stop()
        with pytest.raises(Refused, match="service-unavailable"):
            await (await asker(up))(echo.Call(call_id=uuid4()), viewer=SOMEBODY, key="1")

    up.run(case())


@pytest.mark.live
def test_a_service_that_comes_back_in_time_answers_after_all(up: Stack) -> None:
    async def case() -> None:
        await up.stop()
        asking = asyncio.create_task((await asker(up))(echo.Call(call_id=uuid4()), viewer=SOMEBODY, key="1"))
        await up.start()
        assert (await asking).echoes == 1

    up.run(case())


@pytest.mark.live
def test_a_service_that_stops_answers_what_it_was_asked(up: Stack) -> None:
    """Nobody asks twice here: what reached the service before it stopped is answered, also what it had not read."""
    asked = 400

    async def case() -> None:
        ask = echo.GetCount(call_id=uuid4())
        headers = {"digi-viewer": SOMEBODY.model_dump_json()}
        await up.bus()
        client, body = up.connection(), ask.model_dump_json().encode()
        asking = [client.request(ask.asked.subject, body, timeout=10, headers=headers) for _ in range(asked)]
        waiting = [asyncio.create_task(each) for each in asking]
        await client.flush()
        await up.stop()
        assert [json.loads(answer.data) for answer in await asyncio.gather(*waiting)] == [{"echoes": 0}] * asked

    up.run(case())


@pytest.mark.live
def test_asking_over_a_closed_connection_stops_nothing_else(up: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every try fails at once; the others of the process must get their turn in between."""
    monkeypatch.setattr("chassis.asking.PATIENCE_SECONDS", 1.0)

    async def case() -> None:
        bus = Bus(up.settings, "tester", up.nats.url)
        await bus.reach()
        client = bus.connection
        await bus.broker.stop()
        turns = 0
        asking = asyncio.create_task(Asker(lambda: client)(echo.Call(call_id=UUID(int=1)), viewer=SOMEBODY))
        while not asking.done():
            turns += 1
            await asyncio.sleep(0.01)
        with pytest.raises(Refused, match="service-unavailable"):
            await asking
        assert turns > 10

    up.run(case())
