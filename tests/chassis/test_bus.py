"""Traps of the bus, on a real server: what the client libraries do by default would lose or delay work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import ConsumerInfo

from chassis import Settings, TryLater
from chassis.bus import Bus
from chassis.inbox import Ending, Received, Verdict
from tests.chassis import echo
from tests.chassis.echo import Called, called
from tests.stack import Stack, eventually, stack

pytestmark = pytest.mark.live
DURABLE = Called.declared.durable("echo")


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Stack]:
    """A provisioned bus of the echo service, which is not started."""
    with stack(tmp_path, lambda settings: [echo.build(settings)]) as made:
        yield made


class Reader:
    """A subscription of the echo service whose handling is the test's."""

    def __init__(self, up: Stack) -> None:
        self.bus = Bus(up.settings, "echo", up.nats.url)
        self.batches: list[list[UUID]] = []
        self.deliveries: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __aenter__(self) -> Reader:
        self.bus.consume(DURABLE, Called.declared.pattern, self.act)
        await self.bus.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.bus.broker.stop()

    async def act(self, messages: Sequence[Received]) -> Sequence[Verdict]:
        self.batches.append([Called.model_validate_json(message.body).call_id for message in messages])
        self.deliveries += [message.deliveries for message in messages]
        await self.gate.wait()
        return [self.verdict(Called.model_validate_json(message.body), message) for message in messages]

    def verdict(self, fact: Called, message: Received) -> Verdict:
        if fact.how == "later" and message.deliveries == 1:
            return Verdict(Ending.LATER, "fog", again_after=0.1)
        return Verdict(Ending.DONE)

    @property
    def heard(self) -> list[UUID]:
        return [id for batch in self.batches for id in batch]


async def settled(up: Stack) -> ConsumerInfo:
    """Wait until everything in the stream is acknowledged."""

    async def all_acknowledged() -> ConsumerInfo | None:
        bus = await up.bus()
        last = (await bus.stream_info("EVT")).state.last_seq  # num_pending lags behind what was just published
        info = await bus.consumer_info("EVT", DURABLE)
        return info if info.delivered.stream_seq == last and info.num_ack_pending == 0 else None

    return await eventually(all_acknowledged, "everything is acknowledged")


async def publish(up: Stack, *hows: str) -> list[UUID]:
    facts = [called(how) for how in hows]
    for fact in facts:
        await up.publish(fact)
    return [fact.call_id for fact in facts]


def test_a_backlog_comes_as_one_batch_in_the_order_of_the_stream(up: Stack) -> None:
    async def case() -> None:
        sent = await publish(up, *["well"] * 50)
        async with Reader(up) as reader:
            await settled(up)
        assert reader.batches == [sent]

    up.run(case())


def test_one_fact_on_an_idle_bus_is_not_kept_waiting_for_more(up: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.bus.FETCH_SECONDS", 45.0)

    async def case() -> None:
        async with Reader(up) as reader:
            for place in range(3):
                await publish(up, "well")
                await eventually(lambda place=place: len(reader.batches) > place, seconds=15)
            assert [len(batch) for batch in reader.batches] == [1, 1, 1]

    up.run(case())


def test_stopping_during_a_batch_finishes_and_acknowledges_it(up: Stack) -> None:
    async def case() -> None:
        sent = await publish(up, "well", "well", "well")
        async with Reader(up) as reader:
            reader.gate.clear()
            await eventually(lambda: reader.batches)
            stopping = asyncio.create_task(reader.bus.broker.stop())
            await asyncio.sleep(0)
            reader.gate.set()
            await stopping
        info = await settled(up)
        assert (reader.batches, info.num_redelivered) == ([sent], 0)

    up.run(case())


def test_a_failing_item_comes_again_alone(up: Stack) -> None:
    async def case() -> None:
        _, failing, _ = sent = await publish(up, "well", "later", "well")
        async with Reader(up) as reader:
            await eventually(lambda: len(reader.heard) == 4)
            await settled(up)
        assert reader.batches == [sent, [failing]]

    up.run(case())


def test_a_restarted_server_is_heard_again_within_seconds(up: Stack) -> None:
    """A pull request dies with the server; waiting out its time would be half a minute of silence."""

    async def case() -> None:
        async with Reader(up) as reader:
            before = await publish(up, "well")
            await eventually(lambda: reader.heard == before)
            await settled(up)
            await up.kill_bus()
            await up.start_bus()
            after = await publish(up, "well", "well")
            await eventually(lambda: reader.heard == before + after, "facts after the restart", seconds=20)

    up.run(case())


def test_a_server_killed_during_a_batch_has_it_done_twice_and_lost_never(up: Stack) -> None:
    """The acknowledgement goes nowhere: it comes again, which is what the inbox is for."""

    async def case() -> None:
        sent = await publish(up, "well", "well")
        async with Reader(up) as reader:
            reader.gate.clear()
            await eventually(lambda: reader.batches)
            await up.kill_bus()
            reader.gate.set()
            await up.start_bus()
            await settled(up)
        assert set(reader.heard) == set(sent)

    up.run(case())


def test_a_lost_consumer_is_asked_for_without_a_busy_loop_and_never_created(up: Stack) -> None:
    async def case() -> None:
        bus = await up.bus()
        await bus.delete_consumer("EVT", DURABLE)
        async with Reader(up) as reader, httpx.AsyncClient(trust_env=False) as client:

            async def asked() -> int:
                return int((await client.get(f"{up.nats.monitor_url}/varz")).json()["in_msgs"])

            loop = asyncio.get_running_loop()
            before, started = await asked(), loop.time()
            await eventually(lambda: loop.time() - started > 1.5, "one and a half seconds have passed")
            assert await asked() - before < 20
            assert (await bus.stream_info("EVT")).state.consumer_count == 0
            await up.provision()
            sent = await publish(up, "well")
            await eventually(lambda: reader.heard == sent, "facts after the consumer is back")
            await settled(up)

    up.run(case())


def test_while_the_database_is_away_a_batch_waits_and_costs_no_delivery(up: Stack) -> None:
    class Away(Reader):
        failures = 3

        async def act(self, messages: Sequence[Received]) -> Sequence[Verdict]:
            verdicts = await super().act(messages)
            self.failures -= 1
            if self.failures >= 0:
                raise TryLater("database", "away")
            return verdicts

    async def case() -> None:
        sent = await publish(up, "well", "well")
        async with Away(up) as reader:
            await eventually(lambda: len(reader.batches) == 4)
            info = await settled(up)
        assert (reader.batches, info.num_redelivered) == ([sent] * 4, 0)

    up.run(case())


RIGHTS = """
host: 127.0.0.1
port: $DIGI_NATS_PORT
http_port: $DIGI_NATS_MONITOR_PORT
jetstream { store_dir: $DIGI_NATS_STORE, sync_interval: always }
accounts { A {
  jetstream: enabled
  users: [
    { user: deployer, password: x }
    { user: reader, password: x, permissions: {
        publish: ["$JS.API.CONSUMER.MSG.NEXT.EVT.DURABLE", "$JS.ACK.EVT.DURABLE.>", "$JS.API.INFO"]
        subscribe: ["_INBOX_echo.>"] } }
    { user: mute, password: x, permissions: { publish: { deny: ">" }, subscribe: ["_INBOX_echo.>"] } }
  ]
} }
"""


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A bus where everybody may do what they need and no more. Users: deployer, reader, mute."""
    config = tmp_path / "rights.conf"
    config.write_text(RIGHTS.replace("DURABLE", DURABLE, 2))
    monkeypatch.setattr("chassis.embedded.CONFIG", config)
    with stack(tmp_path / "data", lambda settings: [echo.build(settings)], bus=False) as made:
        made.run(made.nats.start())
        address = made.nats.url
        made.nats.url = address.replace("//", "//deployer:x@")
        made.run(made.provision())
        yield made


def as_user(guarded: Stack, user: str) -> str:
    return guarded.nats.url.replace("deployer", user)


def test_a_refused_publish_is_told_as_a_permission_not_only_as_a_timeout(guarded: Stack) -> None:
    async def case() -> None:
        bus = Bus(guarded.settings, "echo", as_user(guarded, "mute"))
        await bus.broker.connect()
        with pytest.raises(NatsTimeoutError):  # which is all the caller is told
            await bus.connection.jetstream(timeout=0.5).publish("evt.10.285.hill.called.v1", b"{}")
        assert bus.failures == ["permission"]
        await bus.broker.stop()

    guarded.run(case())


def test_three_grants_are_enough_to_read(guarded: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Next, acknowledge, and its own inbox: nobody can listen to another service's answers."""

    async def case() -> None:
        guarded.nats.url, deployer = as_user(guarded, "reader"), guarded.nats.url
        reader = Reader(guarded)
        guarded.nats.url = deployer
        async with reader:
            sent = await publish(guarded, "well")
            await eventually(lambda: reader.heard == sent)
            await settled(guarded)
        assert reader.bus.failures == []

    guarded.run(case())


def test_a_subscription_beyond_its_rights_is_told(guarded: Stack) -> None:
    async def case() -> None:
        bus = Bus(guarded.settings, "echo", as_user(guarded, "reader"))
        await bus.broker.connect()
        await bus.connection.subscribe("_INBOX_chat.>")
        await eventually(lambda: bus.failures == ["permission"])
        await bus.broker.stop()

    guarded.run(case())


def test_what_jetstream_does_not_hear_for_a_moment_is_asked_again(up: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """As at a reload of a busy server: an operator's command failed in it."""
    monkeypatch.setattr("chassis.bus.DEFAULT_PREFIX", "DEAF.API")

    async def case() -> None:
        await up.bus()
        there = up.connection()

        async def hear(request: Msg) -> None:
            answer = await there.request(request.subject.replace("DEAF", "$JS"), request.data)
            await request.respond(answer.data)

        bus = Bus(up.settings, "tester", up.nats.url)
        await bus.broker.connect()
        asking = asyncio.create_task(bus.jetstream().stream_info("EVT"))
        await asyncio.sleep(0.3)
        await there.subscribe("DEAF.API.>", cb=hear)
        assert (await asking).config.name == "EVT"
        await bus.broker.stop()

    up.run(case())


def test_hints_reach_every_listener_and_a_broken_one_harms_nobody(up: Stack) -> None:
    async def case() -> None:
        heard: list[Any] = []
        speaker, listener = (Bus(up.settings, name, up.nats.url) for name in ("echo", "tester"))
        await speaker.broker.connect()
        await listener.broker.connect()
        await listener.listen_to_hints(heard.append)
        await listener.connection.flush()
        hint = echo.hint_of(UUID(int=7))
        await speaker.connection.publish("live.echo", b"{")
        await speaker.send_hints([hint, hint])
        await eventually(lambda: heard == [hint], "the same hint twice is one")
        await speaker.broker.stop()
        await listener.broker.stop()

    up.run(case())


def test_a_hint_that_cannot_be_sent_stops_nobody(tmp_path: Path) -> None:
    bus = Bus(Settings(data_dir=tmp_path), "echo", "nats://127.0.0.1:1")
    asyncio.run(bus.send_hints([echo.hint_of(UUID(int=7))]))
