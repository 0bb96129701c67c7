"""The connection of one service to the bus, every safe setting in one place. Nobody else touches FastStream or nats-py.

FastStream's defaults lose work (an exception terminates the message, timeouts of half a second, reconnecting gives up);
here are the settings that do not, and the one change to it: a batch is what is there at once (docs/adr/0007). Commands
and queries, where a person waits, are answered from plain subscriptions (docs/adr/0017).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from faststream.nats.security import NatsNKey
from faststream.nats.subscriber.usecases.stream_pull_subscriber import BatchPullStreamSubscriber
from faststream.security import BaseSecurity
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import ConnectionClosedError
from nats.errors import Error as NatsError
from nats.js.api import DEFAULT_PREFIX
from nats.js.client import JetStreamContext
from nats.js.errors import ServiceUnavailableError

from chassis import telemetry
from chassis.asking import OUTCOME, Answerer
from chassis.errors import Refused, TryLater
from chassis.inbox import Received, Verdict
from chassis.settings import Settings
from chassis.transaction import Hint
from contracts.base import NEIGHBOUR_API, NEIGHBOUR_DURABLE, Kind

STREAM = "EVT"
PUBLIC_STREAM = "PUB"
BATCH = 250
"""Facts in one transaction at most. Measured against 100: a backlog drains a fifth faster (docs/adr/0007)."""
FETCH_SECONDS = 2.0
"""How long one request for facts stands. It dies with the server unnoticed, so a restart is silence for so long."""
PAUSE_SECONDS = 0.5
"""Before asking again for what is not there."""
CALL_SECONDS = 10.0
"""An R3 leader election takes about 5 s; a call must outlive it."""
DEAF_SECONDS = 2.0
"""How long JetStream may be gone: nats-server 2.15.1, on two cores kept busy, was for moments at some reloads."""
ASK_AGAIN_SECONDS = 0.1
ANSWERS_AT_ONCE = 8
"""Of one kind of command or query, in one process."""
LIVE = "live"
OBSERVER = "observer"
"""Who only looks. It has an account of its own, so that not even an answer it asks for can land among the facts."""
_OF_A_NEIGHBOUR = "." + NEIGHBOUR_DURABLE.partition("{")[0]


class AtOnceBatchSubscriber(BatchPullStreamSubscriber):
    """Hands over what is there at once: batches of one on an idle bus, full ones on a backlog. Binds, never creates."""

    __slots__ = ()

    async def _create_subscription(self) -> None:
        if self.subscription:
            return
        self.subscription = await self.jetstream.pull_subscribe_bind(consumer=self.config.durable_name, stream=STREAM)
        self.add_task(self._consume_pull)

    async def _consume_pull(self) -> None:
        assert self.subscription
        while self.running:
            messages: list[Msg] = []
            try:
                messages = await self.subscription.fetch(batch=BATCH, timeout=FETCH_SECONDS)
            except TimeoutError:
                continue
            except (ConnectionClosedError, ServiceUnavailableError):
                await asyncio.sleep(PAUSE_SECONDS)  # no consumer or no connection: readiness tells, nobody spins
            if messages and self.running:
                await self.consume(messages)


class PatientJetStream(JetStreamContext):
    """Asks again what nobody heard: a busy server that is told of other accounts hears nothing for a moment."""

    async def _api_request(self, *request: Any, **how: Any) -> dict[str, Any]:
        deadline = time.monotonic() + DEAF_SECONDS
        while True:
            try:
                return await super()._api_request(*request, **how)
            except ServiceUnavailableError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(ASK_AGAIN_SECONDS)


async def _raw(message: Any) -> Any:
    return message.raw_message


class Bus:
    """One service's connection."""

    def __init__(self, settings: Settings, service: str, url: str) -> None:
        self.service = service
        self._answerers: list[Answerer] = []
        self._subscriptions: list[Subscription] = []
        self._replies: set[asyncio.Task[None]] = set()
        self.failures: list[str] = []
        """Permission violations: a denied call looks like a timeout to the caller, so it is kept here: not ready."""
        self._log = telemetry.log(f"{service}.bus")
        self.broker = NatsBroker(
            url,
            name=service,
            security=_security(settings, service),
            inbox_prefix=f"_INBOX_{service}",
            connect_timeout=5,
            reconnect_time_wait=1,
            max_reconnect_attempts=-1,
            ping_interval=10,
            max_outstanding_pings=2,
            graceful_timeout=20,
            error_cb=self._error,
            disconnected_cb=self._disconnected,
            js_options={"timeout": CALL_SECONDS, "publish_async_max_pending": 1000},
            logger=None,
        )

    @property
    def connection(self) -> Client:
        """The client itself.

        Raises:
            Refused: `service-unavailable`: there is no connection yet.
        """
        client = self.broker._connection
        if client is None:
            raise Refused("service-unavailable", "the bus is not connected yet")
        return client

    @property
    def connected(self) -> bool:
        """Whether the bus can be reached right now."""
        client = self.broker._connection
        return client is not None and client.is_connected

    @property
    def closed(self) -> bool:
        """Whether the client has given up for good: then only a new process helps."""
        client = self.broker._connection
        return client is not None and client.is_closed

    async def reach(self) -> None:
        """Connect for a short errand, where nobody wants to wait for a bus that is not there.

        Raises:
            TryLater: `bus-not-there`: nothing answers at the address.
        """
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await self.broker.connect()
        except TimeoutError as error:
            raise TryLater("bus-not-there", "no nats-server answers at the address of the settings") from error

    def jetstream(self) -> JetStreamContext:
        """The stream side of the connection."""
        prefix = NEIGHBOUR_API if self.service == OBSERVER else DEFAULT_PREFIX
        return PatientJetStream(self.connection, prefix, timeout=CALL_SECONDS, publish_async_max_pending=1000)

    def consume(
        self, durable: str, subject: str, act: Callable[[Sequence[Received]], Awaitable[Sequence[Verdict]]]
    ) -> None:
        """Hand every batch of a durable to `act`; acknowledge or ask again as its verdicts say.

        While `act` raises TryLater the batch is held: an outage of the database uses up no deliveries.
        """

        async def deliver(message: NatsMessage) -> None:
            raw: list[Msg] = message.raw_message  # type: ignore[assignment]  # a batch subscriber's message holds a list
            verdicts = await _patiently(lambda: act([received(each) for each in raw]), raw)
            for each, verdict in zip(raw, verdicts, strict=True):
                await (each.ack() if verdict.again_after is None else each.nak(delay=verdict.again_after))

        subscriber = self.broker.subscriber(
            subject,
            durable=durable,
            stream=JStream(STREAM, declare=False),
            pull_sub=PullSub(batch_size=BATCH, timeout=FETCH_SECONDS, batch=True),
            ack_policy=AckPolicy.MANUAL,
            decoder=_raw,
        )
        subscriber.__class__ = AtOnceBatchSubscriber
        subscriber(deliver)

    def answer(self, answerer: Answerer) -> None:
        """Answer one command or query from `start` on; processes of the same service share the work."""
        self._answerers.append(answerer)

    async def start(self) -> None:
        """Take up what was given to `consume` and `answer`. Safe to repeat after a failure."""
        await self.broker.start()
        for answerer in self._answerers[len(self._subscriptions) :]:
            turns = asyncio.Semaphore(ANSWERS_AT_ONCE)
            subscription = await self.connection.subscribe(
                answerer.kind.subject, queue=self.service, cb=partial(self._take, answerer, turns)
            )
            self._subscriptions.append(subscription)

    async def _take(self, answerer: Answerer, turns: asyncio.Semaphore, message: Msg) -> None:
        await turns.acquire()
        task = asyncio.create_task(self._reply(answerer, message))
        self._replies.add(task)
        task.add_done_callback(self._replies.discard)
        task.add_done_callback(lambda _: turns.release())

    async def _reply(self, answerer: Answerer, message: Msg) -> None:
        outcome, body, hints = await answerer.reply(message.data, message.headers or {})
        try:
            await self.connection.publish(message.reply, body, headers={OUTCOME: outcome})
        except NatsError as error:  # the asker asks again, with the same key
            self._log.error("answer not sent", fact_type=answerer.kind.key, error_type=type(error).__name__)
        if answerer.kind.kind is Kind.COMMAND:  # a query has changed nothing
            await self.send_hints(hints)

    async def unsubscribe(self) -> None:
        """Take no more work, and finish the work at hand."""
        for subscriber in self.broker.subscribers:
            with suppress(ConnectionClosedError):  # closed for good: nothing is left to unsubscribe from
                await subscriber.stop()
        if self.connected:  # without a bus nobody is asking
            drains = [each.drain() for each in self._subscriptions]  # type: ignore[no-untyped-call]  # nats-py's own
            await asyncio.gather(*drains, return_exceptions=True)  # a bus that goes away meanwhile has no more askers
        while self._replies:
            await asyncio.wait(self._replies)

    async def send_hints(self, hints: Sequence[Hint]) -> None:
        """Tell open pages to read again. May be lost; never raises."""
        with suppress(Exception):
            for each in dict.fromkeys(hints):
                body = {"contact": str(each.contact) if each.contact else None, "area": each.area}
                await self.connection.publish(f"{LIVE}.{self.service}", json.dumps(body).encode())

    async def listen_to_hints(self, heard: Callable[[Hint], None]) -> None:
        """Call `heard` for every hint of any service."""

        async def receive(message: Msg) -> None:
            with suppress(ValueError, KeyError):
                body = json.loads(message.data)
                heard(Hint(UUID(body["contact"]) if body["contact"] else None, body["area"]))

        await self.connection.subscribe(f"{LIVE}.*", cb=receive)

    async def _error(self, error: Exception) -> None:
        kind, text = type(error).__name__, str(error).lower()
        if "permissions violation" in text:
            kind = "permission"
            if _OF_A_NEIGHBOUR not in text:  # grants of neighbours come and go while we run: asked a moment too early
                self.failures.append(kind)
        telemetry.BUS_ERRORS.labels(self.service, kind).inc()
        self._log.error("bus error", code=kind)

    async def _disconnected(self) -> None:
        if self.closed:  # by us, at the end
            return
        telemetry.BUS_ERRORS.labels(self.service, "disconnected").inc()
        self._log.warning("bus disconnected")


async def _patiently(act: Callable[[], Awaitable[Sequence[Verdict]]], held: Sequence[Msg]) -> Sequence[Verdict]:
    while True:
        try:
            return await act()
        except TryLater:
            for message in held:
                await message.in_progress()
            await asyncio.sleep(PAUSE_SECONDS)


def _security(settings: Settings, service: str) -> BaseSecurity | None:
    seed = settings.seed_file(service)
    return NatsNKey.from_file(str(seed)) if seed else None


def received(message: Msg) -> Received:
    """A message of a durable as the inbox knows it."""
    metadata = message.metadata
    return Received(
        subject=message.subject,
        headers=message.headers or {},
        body=message.data,
        stream_sequence=metadata.sequence.stream,
        deliveries=metadata.num_delivered,
    )
