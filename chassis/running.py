"""One service at work: database, bus, relay, handlers, answers, jobs; how it starts, is ready, and drains."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from sqlmodel import Session

from chassis import provision, telemetry
from chassis.asking import Answerer, Asker
from chassis.bus import Bus
from chassis.db import Database
from chassis.errors import Outcome
from chassis.feed import Feed
from chassis.inbox import Consumer, Ending, Received, Verdict, apply
from chassis.live import Hints
from chassis.outbox import BUSY_SECONDS, Relay, forget_old
from chassis.seal import Sealer
from chassis.service import Service
from chassis.transaction import Transaction, write_down

T = TypeVar("T")
DRIFT_SECONDS = 20.0
"""How often a running service looks whether the bus is still as the contract says."""
MISSING_SECONDS = 0.2
"""How often a service that is not ready looks."""
TIDY_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Job:
    """What a service does by the clock."""

    name: str
    every: timedelta
    do: Callable[[Any], Awaitable[None]]


class Running:
    """A service that has been started, or is about to be.

    Args:
        service: what to run.
        nats_url: the bus.
        monitor_url: the bus's monitoring address, or "" when it is not to be asked.
    """

    def __init__(self, service: Service, nats_url: str, monitor_url: str = "") -> None:
        self.service = service
        self.name = service.name
        self.sealer = Sealer(service.settings.keys_dir, service.name)
        self.database = Database(service.settings.database(service.name), service.name)
        self.bus = Bus(service.settings, service.name, nats_url)
        self.relay = Relay(self.database, service.name)
        self.ask = Asker(lambda: self.bus.connection)
        self.feed = Feed(lambda: self.bus.connection)
        self.hints = Hints()
        """Wakes open pages; heard only by a service that has pages."""
        self.closing = asyncio.Event()
        """Set before the web side stops: what stays open on a page ends by itself."""
        self.missing: list[str] = ["not started yet"]
        """Why work must not be given to this service; empty when ready."""
        self._monitor_url = monitor_url
        self._tasks: list[asyncio.Task[None]] = []
        self._log = telemetry.log(service.name)
        self._jobs: list[Job] = []
        self._subscribed = False

    @property
    def ready(self) -> bool:
        """Whether work may be given to this service."""
        return self._subscribed and not self.missing and not self.bus.failures and self.bus.connected

    async def start(self) -> None:
        """Migrate, connect, verify the bus, take up work. Waits for the bus as long as it must."""
        telemetry.READY.labels(self.name).set_function(lambda: self.ready)
        self.sealer.must_have_keys()
        await asyncio.to_thread(self.database.migrate, self.service.migrations)
        self.database.after_telling = partial(asyncio.get_running_loop().call_soon_threadsafe, self.relay.wake)
        self._wire()
        tidying = self._repeat(Job("tidy", timedelta(seconds=TIDY_SECONDS), self._tidy))
        self._tasks = [asyncio.create_task(self._reach_the_bus()), asyncio.create_task(tidying)]

    def _wire(self) -> None:
        for kind, handler in self.service.handlers.items():
            consumer = Consumer(self.name, kind, self.service.wire(handler, given=2), self.sealer)
            self.bus.consume(consumer.durable, kind.pattern, partial(self._apply, consumer))
        for asked, answer in self.service.answers.items():
            answerer = Answerer(self.name, asked, self.service.wire(answer, given=2), self.sealer, self.database)
            self.bus.answer(answerer)
        self._jobs = [
            Job(job.__name__, every, self.service.wire(job, given=1, also=[self.ask, self.feed]))
            for every, job in self.service.jobs
        ]

    async def _reach_the_bus(self) -> None:
        await self.bus.broker.connect()
        self._tasks.append(asyncio.create_task(self.relay.run(self.bus.jetstream())))
        while True:
            await self._verify()
            if not self.missing and not self._subscribed:
                await self._take_up_work()
            await asyncio.sleep(DRIFT_SECONDS if self._subscribed and not self.missing else MISSING_SECONDS)

    async def _take_up_work(self) -> None:
        try:
            await self.bus.start()
            if self.service.web:
                await self.bus.listen_to_hints(self.hints.heard)
        except Exception as error:  # the bus went away in between: not ready, tried again soon
            self.missing = [f"the bus does not answer ({type(error).__name__})"]
            return
        self._tasks += [asyncio.create_task(self._repeat(job)) for job in self._jobs]
        self._subscribed = True
        self._log.info("ready")

    async def _verify(self) -> None:
        try:
            missing = await provision.differences(self.bus.jetstream(), [self.service])
            if self._monitor_url and not await provision.server_syncs(self._monitor_url):
                missing.append("the server does not sync every write (sync_interval: always)")
        except Exception as error:  # the bus is away: not ready, asked again soon
            missing = [f"the bus does not answer ({type(error).__name__})"]
        if missing != self.missing and missing:
            self._log.warning("not ready", missing=missing)
        self.missing = missing

    async def _apply(self, consumer: Consumer, messages: Sequence[Received]) -> Sequence[Verdict]:
        verdicts, hints = await self.database.transact_with(lambda write: apply(consumer, write, messages))
        telemetry.BATCH.labels(self.name).observe(len(messages))
        for ending, count in Counter(verdict.ending for verdict in verdicts).items():
            if ending is Ending.DUPLICATE:
                telemetry.DUPLICATES.labels(self.name).inc(count)
            telemetry.FACTS.labels(self.name, consumer.kind.name, ending).inc(count)
        await self.bus.send_hints(hints)
        return verdicts

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one transaction of this service, publish what it told, send its hints."""
        result, tx = await self.database.transact(partial(self._run, work, telemetry.traceparent()))
        await self.bus.send_hints(tx.hints)
        return result

    def _run(self, work: Callable[[Transaction], T], parent: str | None, session: Session) -> tuple[T, Transaction]:
        tx = Transaction(self.name, session, self.sealer)
        # What begins here, on a page or in a job, begins a trace; another thread knows nothing of the caller's.
        with telemetry.span(f"{self.name} transaction", parent=parent):
            result = work(tx)
        session.flush()
        write_down(session, [tx])
        return result, tx

    async def _repeat(self, job: Job) -> None:
        while True:
            outcome = "done"
            try:
                await job.do(self.transact)
            except Exception as error:  # a job comes round again; what it could not do stands in the database
                outcome, code = "failed", error.code if isinstance(error, Outcome) else ""
                self._log.error("job failed", job=job.name, error_type=type(error).__name__, code=code)
            telemetry.JOBS.labels(self.name, job.name, outcome).inc()
            await asyncio.sleep(job.every.total_seconds())

    async def run_jobs(self) -> None:
        """Let every job come round once, now: for a clock that jumps. Safe to repeat."""
        for job in self._jobs:
            await job.do(self.transact)

    async def _tidy(self, _transact: Any) -> None:
        await self.database.transact(forget_old)

    async def stop(self) -> None:
        """Drain: finish the batch at hand, send what is committed, let go. What is not finished stays on the bus."""
        self.missing = ["stopping"]
        await _end(self._tasks)
        await self.bus.unsubscribe()
        if self.bus.connected:
            try:
                async with asyncio.timeout(5):
                    while not await self.relay.drain(self.bus.jetstream()):  # noqa: ASYNC110  # a lock in the database
                        await asyncio.sleep(BUSY_SECONDS)
            except Exception as error:  # the rows wait in the outbox for the next start
                self._log.warning("outbox not empty", error_type=type(error).__name__)
            await self.bus.broker.stop()
        await asyncio.to_thread(self.database.close)
        self._log.info("drained")


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel until they are done: up to Python 3.11 wait_for forgets a cancellation when its result comes at once."""
    while left := [task for task in tasks if not task.done()]:  # one of them may have begun others meanwhile
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=1)
    await asyncio.gather(*tasks, return_exceptions=True)
