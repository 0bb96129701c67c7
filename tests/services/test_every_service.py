"""What holds for every service alike, on a real bus and both databases. A new service is covered by its name."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
from prometheus_client import REGISTRY

from chassis import Service, clock, telemetry
from chassis.provision import STREAMS
from chassis.running import Running
from chassis.seal import Sealer
from contracts import Event
from services import NAMES
from services.unit import build, consumers
from tests import child
from tests.services.facts import INSIDE, fresh, heard_by, sequence, told_by
from tests.stack import DATABASES, Letter, Stack, eventually, stack

pytestmark = pytest.mark.live

HEARING = {name for names in consumers().values() for name in names}
"""Services that act on facts of others."""
EVERY = [(name, kind) for kind in DATABASES for name in NAMES]
EVERY_HEARING = [(name, kind) for name, kind in EVERY if name in HEARING]


class Case(Stack):
    """One service in its installation."""

    @property
    def service(self) -> Service:
        return self.services[0]

    @property
    def name(self) -> str:
        return self.service.name

    @property
    def running(self) -> Running:
        assert self.process
        return self.process.running[0]

    @property
    def sealer(self) -> Sealer:
        return Sealer(self.settings.keys_dir, "portal")

    async def send(self, kind: type[Event]) -> str:
        """Publish a fact after what must come first; returns its id."""
        *before, fact = sequence(self.service, kind, self.sealer)
        for first in before:
            await self.acted_on(type(first), await self.publish(first))
        return await self.publish(fact)

    async def acted_on(self, kind: type[Event], event_id: str) -> None:
        consumer = kind.declared.durable(self.name)
        what = f"{self.name} acts on {kind.__name__}"
        await eventually(lambda: self.has_acted(self.name, consumer, event_id), what)

    async def caused_by(self, event_id: str) -> list[Letter]:
        """Facts on the bus that follow from this one; waits until everything told has left."""
        await eventually(lambda: self.unsent(self.name) == 0)
        return [letter for letter in await self.letters() if letter.cause == event_id]

    async def set_aside(self, event_id: str) -> list[tuple[str, str]]:
        """(subject, code) of every dead letter about an event; waits until everything told has left."""
        await eventually(lambda: self.unsent(self.name) == 0)
        letters = [letter for letter in await self.letters("DLQ") if letter.id == event_id]
        return [(letter.subject, letter.headers["dlq-code"]) for letter in letters]

    async def must_set_aside(self, kind: type[Event], event_id: str, code: str) -> None:
        wanted = [(f"dlq.{self.name}.{kind.declared.name}", code)]

        async def there() -> bool:
            return await self.set_aside(event_id) == wanted

        await eventually(there, f"{self.name} sets {kind.__name__} aside: {code}")

    def counted(self, metric: str) -> float:
        return REGISTRY.get_sample_value(metric, {"service": self.name}) or 0.0

    async def repaired(self) -> None:
        """Let the deployer make the bus right again, and the service see it."""
        await self.provision()
        await eventually(lambda: self.running.ready)

    async def missing(self) -> str:
        """What /readyz says is missing; empty when ready."""
        answer = await self.get("/readyz")
        found = " | ".join(answer.json()["services"][self.name]["missing"])
        assert bool(found) == (answer.status_code == 503)
        return found


def case(request: pytest.FixtureRequest, folder: Path) -> Iterator[Case]:
    child.warm_up()
    name, kind = request.param
    url = request.getfixturevalue("postgres").make([name]) if kind == "postgresql" else ""
    with stack(folder, lambda settings: [build(name, settings)], make=Case, database_url=url) as made:
        yield made


@pytest.fixture(scope="module", params=EVERY, ids="-".join)
def up(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A service at work in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chassis.running.DRIFT_SECONDS", 0.2)
        for made in case(request, tmp_path_factory.mktemp("up")):
            made.run(made.start())
            made.run(made.ready())
            yield made


hearing = pytest.mark.parametrize("up", EVERY_HEARING, ids="-".join, indirect=True, scope="module")


def test_with_nothing_said_it_is_alive_ready_and_measured(up: Case) -> None:
    async def check() -> None:
        assert (await up.get("/livez")).status_code == 200
        assert (await up.get("/readyz")).json() == {
            "ready": True,
            "services": {up.name: {"ready": True, "missing": []}},
        }
        assert f'digi_ready{{service="{up.name}"}} 1.0' in (await up.get("/metrics")).text

    up.run(check())


DUPLICATES = "digi_inbox_duplicates_total"


def effects(up: Case) -> dict[str, int]:
    """How many rows there are; messages apart, for the clock tells some of its own meanwhile."""
    return {name: rows for name, rows in up.rows(up.name).items() if name != "outbox"}


@hearing
def test_the_same_fact_in_two_messages_has_one_effect(up: Case) -> None:
    async def check() -> None:
        for kind in heard_by(up.service):
            *before, fact = sequence(up.service, kind, up.sealer)
            for first in before:
                await up.acted_on(type(first), await up.publish(first))
            event_id = await up.publish(fact)
            await up.acted_on(kind, event_id)
            rows, told, duplicates = effects(up), up.told_of(up.name, event_id), up.counted(DUPLICATES)
            await up.publish(fact, event_id=event_id, headers={"Nats-Msg-Id": f"{event_id}-again"})
            await eventually(lambda known=duplicates: up.counted(DUPLICATES) == known + 1)
            assert (effects(up), up.told_of(up.name, event_id)) == (rows, told)

    up.run(check())


def wrong(kind: type[Event]) -> list[tuple[dict[str, Any], str]]:
    """What may be wrong with a message, and the code it is set aside with."""
    future = kind.declared.ce_type.replace(f".v{kind.declared.version}", ".v9")
    ahead = (clock.now() + timedelta(minutes=10)).isoformat()
    return [
        ({"body": b'{"area": '}, "bad-json"),
        ({"body": b'{"area": "10"}'}, f"schema:{kind.declared.about}"),
        ({"body": b" " * 60_000 + b"["}, "bad-json"),
        ({"headers": {"ce-type": future}}, "unknown-type"),
        ({"headers": {"ce-type": "fi.digiterapia.nobody.heard_of_it.v1"}}, "unknown-type"),
        ({"headers": {"ce-datacontenttype": "application/xml"}}, "content-type"),
        ({"headers": {"ce-time": ahead}}, "clock-ahead"),
        ({"headers": {"ce-subject": str(uuid4())}}, "wrong-aggregate"),
        ({"subject": kind.declared.subject("10", "*")}, "wrong-subject"),
    ]


@hearing
def test_a_field_sealed_for_somebody_else_is_set_aside_by_its_owner(up: Case) -> None:
    async def check() -> None:
        sealed = [(kind, name) for kind in heard_by(up.service) for name, owner in kind.declared.sealed.items()]
        for kind, name in sealed:
            if kind.declared.sealed[name] == up.name != "notifications":  # it opens an address when it writes to it
                *before, fact = sequence(up.service, kind, up.sealer)
                for first in before:
                    await up.acted_on(type(first), await up.publish(first))
                other = up.sealer.seal("feedback", INSIDE[kind, name])
                event_id = await up.publish(fact.model_copy(update={name: other}))
                await up.must_set_aside(kind, event_id, "cannot-unseal")

    up.run(check())


@hearing
def test_another_body_under_an_id_that_was_acted_on_is_set_aside(up: Case) -> None:
    async def check() -> None:
        for kind in heard_by(up.service):
            event_id = await up.send(kind)
            await up.acted_on(kind, event_id)
            await up.publish(fresh(kind, up.sealer), event_id=event_id, headers={"Nats-Msg-Id": f"{event_id}-other"})
            await up.must_set_aside(kind, event_id, "event-id-reused")

    up.run(check())


@hearing
def test_what_cannot_be_read_is_set_aside_with_a_reason_while_good_facts_flow(up: Case) -> None:
    async def check() -> None:
        for kind in heard_by(up.service):
            bad = {await up.publish(fresh(kind, up.sealer), **said): code for said, code in wrong(kind)}
            await up.acted_on(kind, await up.send(kind))
            for event_id, code in bad.items():
                await up.must_set_aside(kind, event_id, code)

    up.run(check())


@hearing
def test_what_follows_from_a_fact_belongs_to_the_same_trace(up: Case) -> None:
    async def check() -> None:
        for kind in heard_by(up.service):
            with telemetry.tracer.start_as_current_span("publish") as span:
                event_id = await up.send(kind)
            await up.acted_on(kind, event_id)
            trace = f"{span.get_span_context().trace_id:032x}"
            assert {letter.trace for letter in await up.caused_by(event_id)} <= {trace}

    up.run(check())


def test_a_fact_carries_the_trace_of_the_work_that_told_it(up: Case) -> None:
    async def check() -> None:
        fact = fresh(told_by(up.service), up.sealer)
        with telemetry.tracer.start_as_current_span("work") as span:
            await up.running.transact(lambda tx: tx.publish(fact))
        await eventually(lambda: up.unsent(up.name) == 0)
        trace = f"{span.get_span_context().trace_id:032x}"
        assert trace in {letter.trace for letter in await up.letters()}

    up.run(check())


def test_while_a_stream_is_missing_it_is_not_ready_and_makes_none(up: Case) -> None:
    async def check() -> None:
        bus = await up.bus()
        await bus.delete_stream("DLQ")
        await eventually(lambda: "stream DLQ is missing" in up.running.missing)
        assert "stream DLQ is missing" in await up.missing()
        assert {info.config.name for info in await bus.streams_info()} == {"EVT", "PUB", "ADV"}
        await up.repaired()

    up.run(check())


def test_while_a_stream_differs_from_its_contract_it_is_not_ready(up: Case) -> None:
    async def check() -> None:
        bus = await up.bus()
        await bus.update_stream(replace(STREAMS[0], max_age=3600.0))
        await eventually(lambda: any("max_age" in each for each in up.running.missing))
        assert "stream EVT: max_age is 3600.0" in await up.missing()
        assert (await bus.stream_info("EVT")).config.max_age == 3600.0
        await up.repaired()

    up.run(check())


@hearing
def test_while_a_consumer_is_missing_it_is_not_ready_and_makes_none(up: Case) -> None:
    async def check() -> None:
        bus = await up.bus()
        durable = heard_by(up.service)[-1].declared.durable(up.name)
        await bus.delete_consumer("EVT", durable)
        await eventually(lambda: f"consumer {durable} is missing" in up.running.missing)
        assert await up.missing() == f"consumer {durable} is missing"
        assert durable not in {info.name for info in await bus.consumers_info("EVT")}
        await up.repaired()

    up.run(check())


@pytest.mark.parametrize("name", NAMES)
def test_on_a_bus_that_nobody_has_made_it_waits_and_makes_nothing(name: str, tmp_path: Path) -> None:
    async def check(up: Stack) -> None:
        process = await up.start()
        await eventually(lambda: "stream EVT is missing" in process.running[0].missing)
        assert (await up.get("/livez")).status_code == 200
        assert (await up.get("/readyz")).status_code == 503
        assert await (await up.bus()).streams_info() == []
        await up.provision()
        await up.ready()

    with stack(tmp_path, lambda settings: [build(name, settings)], provisioned=False) as made:
        made.run(check(made))


def test_what_is_accepted_while_the_bus_is_away_leaves_when_it_is_back(up: Case) -> None:
    async def check() -> None:
        await up.bus()
        await up.kill_bus()
        await eventually(lambda: not up.running.ready)
        assert "the bus is not connected" in await up.missing()
        assert (await up.get("/livez")).status_code == 200
        fact = fresh(told_by(up.service), up.sealer)
        await up.running.transact(lambda tx: tx.publish(fact))
        await up.start_bus()
        await eventually(lambda: up.running.ready)
        await eventually(lambda: up.unsent(up.name) == 0)
        assert [letter.headers["ce-subject"] for letter in await up.letters()].count(str(fact.about)) == 1

    up.run(check())


def hangs(pid: int) -> bool:
    """Whether every thread has stopped: they do so one by one, and until then the last ones still work."""
    threads = psutil.Process(pid).threads()
    return all(psutil.Process(thread.id).status() == psutil.STATUS_STOPPED for thread in threads)


def test_a_bus_that_hangs_for_a_while_takes_it_once(up: Case) -> None:
    async def check() -> None:
        await up.bus()
        fact, event_id = fresh(told_by(up.service), up.sealer), uuid4()
        os.kill(up.nats.pid, signal.SIGSTOP)
        try:
            await eventually(lambda: hangs(up.nats.pid))
            await up.running.transact(lambda tx: tx.publish(fact, event_id=event_id))
            assert str(event_id) in up.waiting(up.name)
        finally:
            os.kill(up.nats.pid, signal.SIGCONT)
        await eventually(lambda: up.unsent(up.name) == 0)
        assert [letter.headers["ce-subject"] for letter in await up.letters()].count(str(fact.about)) == 1

    up.run(check())


@pytest.mark.system
@pytest.mark.timeout(180)
@pytest.mark.parametrize("alone", EVERY, ids="-".join, indirect=True)
def test_told_to_stop_it_finishes_what_it_has_begun_and_ends_well(alone: Case) -> None:
    """Every message acted on is acknowledged, none other is; what was told has left."""

    async def check() -> None:
        service = alone.child(alone.name)
        await alone.child_ready(service)
        for kind in heard_by(alone.service) * 10:
            *_, fact = sequence(alone.service, kind, alone.sealer)
            await alone.publish(fact)
        if alone.name in HEARING:
            await eventually(lambda: alone.inbox(alone.name), "it is at work")
        service.terminate()
        await eventually(lambda: service.exitcode is not None, "it has ended")
        assert service.exitcode == 0, alone.said(service)
        assert alone.unsent(alone.name) == 0, alone.said(service)
        bus = await alone.bus()
        acted_on = Counter(consumer for consumer, _ in alone.inbox(alone.name))
        sent = Counter(letter.subject.split(".", 3)[3] for letter in await alone.letters())
        for info in await bus.consumers_info("EVT"):
            (pattern,) = info.config.filter_subjects or []
            come = sent[pattern.split(".", 3)[3]] - info.num_pending
            assert come - info.num_ack_pending == acted_on[info.name], info.name

    alone.run(check())


@pytest.fixture
def alone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    """An installation whose service is still to be started, as a process of its own."""
    yield from case(request, tmp_path)
