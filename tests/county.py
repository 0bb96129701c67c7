"""A bus as `make run` has it, and other systems of the county around it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.client import JetStreamContext

from chassis import Settings, clock, neighbours, permissions, provision, run
from chassis.bus import Bus
from chassis.envelope import headers_for
from chassis.neighbours import Neighbour
from contracts.base import NEIGHBOUR_API, Event
from services.unit import build_all
from tests.stack import PATIENCE_SECONDS, eventually, free_ports
from tests.unit import practice_settings

T = TypeVar("T")
FETCH_SECONDS = 2.0
"""How long one request of a neighbour's for facts stands before it asks again how it stands."""


class County:
    """Our bus, no service at work on it, and plain clients of its neighbours."""

    def __init__(self, folder: Path) -> None:
        port, *_ = free_ports(2)
        self.settings: Settings = practice_settings(folder, embedded_nats_port=port)
        self.services = build_all(self.settings)
        self.said: list[str] = []
        """What the server has told a neighbour's client that it may not do."""
        self.url = ""
        self._runner = asyncio.Runner()
        self._open = AsyncExitStack()
        self._ours: Bus | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    async def start(self) -> None:
        self.url, _ = await self._open.enter_async_context(run.bus(self.settings, self.services))
        await run.provision_bus(self.settings, self.url, self.services)
        self._ours = await self._open.enter_async_context(run.deployer(self.settings, self.url))

    async def stop(self) -> None:
        await self._open.aclose()

    @property
    def bus(self) -> JetStreamContext:
        """The deployer's."""
        assert self._ours
        return self._ours.jetstream()

    async def grant(self, name: str, *events: str, **more: Any) -> Neighbour:
        """What `digi bus grant` does."""
        key = permissions.make_seeds(self.settings.keys_dir / "neighbours", [name])[name]
        reads = tuple(neighbours.keys_of(events))
        granted = Neighbour(**{"name": name, "since": clock.now(), "nkey": key, "reads": reads, **more})
        await provision.serve(self.bus, granted)
        neighbours.save(self.settings.neighbours_dir, granted)
        return granted

    async def revoke(self, granted: Neighbour) -> None:
        """What `digi bus revoke` does."""
        await provision.serve(self.bus, granted.model_copy(update={"reads": ()}))
        neighbours.remove(self.settings.neighbours_dir, granted.name)

    def seed(self, name: str) -> str:
        """File of a neighbour's key."""
        return str(self.settings.keys_dir / "neighbours" / f"{name}.seed")

    async def connect(self, name: str) -> Client:
        """A plain client of the neighbour's own, once the server lets it reach our streams."""
        granted = neighbours.one(self.settings.neighbours_dir, name)
        found: list[Client] = []

        async def heard(error: Exception) -> None:
            self.said.append(str(error).lower())

        async def let_in() -> bool:
            client = Client()
            try:
                await client.connect(self.url, nkeys_seed=self.seed(name), error_cb=heard, allow_reconnect=False)
                stream = next(iter(granted.filters()))
                js = client.jetstream(prefix=NEIGHBOUR_API, timeout=0.5)
                await js.consumer_info(stream, granted.durable)
            except (NatsError, OSError):  # the server may hang up before it has said why
                await client.close()
                return False
            found.append(client)
            return True

        await eventually(let_in, "the neighbour gets in")
        self.said.clear()
        self._open.push_async_callback(found[0].close)
        return found[0]

    async def tell(self, *facts: Event) -> list[str]:
        """Publish facts as their owners would; their ids."""
        ids = []
        for fact in facts:
            ids.append(str(uuid4()))
            headers = headers_for(fact, event_id=ids[-1], at=clock.now(), version=1, cause=None, traceparent=None)
            await self.bus.publish(fact.subject, fact.model_dump_json().encode(), headers=headers)
        return ids


@contextmanager
def county(folder: Path) -> Iterator[County]:
    """Bus up, streams made, nobody granted anything."""
    made = County(folder)
    try:
        made.run(made.start())
        yield made
    finally:
        made.run(made.stop())
        made._runner.close()


async def read(client: Client, granted: Neighbour, stream: str, *, most: int = 1_000) -> list[str]:
    """Take what waits for a neighbour and settle it, until nothing waits or is unsettled: the `ce-id`s, in order."""
    js = client.jetstream(prefix=NEIGHBOUR_API)
    subscription = await js.pull_subscribe_bind(consumer=granted.durable, stream=stream)
    found: list[str] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found) < most and await _waits(js, stream, granted.durable):
            with suppress(TimeoutError):  # what another client took and left comes again by the server's clock
                for message in await subscription.fetch(min(50, most - len(found)), timeout=FETCH_SECONDS):
                    await message.ack_sync()
                    found.append((message.headers or {})["ce-id"])
    await subscription.unsubscribe()
    return found


async def _waits(js: JetStreamContext, stream: str, durable: str) -> bool:
    """Whether the server keeps anything for a durable that was not settled, as the neighbour itself may ask."""
    there = await js.consumer_info(stream, durable)
    return bool(there.num_pending or there.num_ack_pending)
