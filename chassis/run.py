"""Run services: all in one process, one process each under a supervisor, or one alone; drain on SIGTERM and Ctrl-C."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from chassis import forked, health, neighbours, permissions, provision, seal, telemetry
from chassis.bus import OBSERVER, Bus
from chassis.embedded import EmbeddedNats
from chassis.neighbours import Neighbour
from chassis.running import Running
from chassis.service import Service
from chassis.settings import Settings

RESTART_SECONDS = 0.2
GRANTS_SECONDS = 1.0
"""How often the grants of neighbours are read anew for a bus of our own."""
RELOADS = 2
"""An account that a reload brings in reaches our JetStream from the second reload on (nats-server 2.15.1)."""
DRAIN_SECONDS = 25.0
SWITCH_SECONDS = 0.001
"""How long a thread that computes keeps the event loop waiting: with Python's 5 ms an answer takes twice as long."""


def tune_interpreter() -> None:
    """Fit the interpreter to one event loop beside threads that compute: call it when everything is loaded."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()  # what is here now stays: looking through it for garbage again and again holds everything up


class _Web(uvicorn.Server):
    """uvicorn without its own signal handling: signals drain the whole process, not the web side alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Process:
    """The services of one process and its web side."""

    def __init__(self, services: Sequence[Service], settings: Settings, nats_url: str, monitor_url: str) -> None:
        self.running = [Running(service, nats_url, monitor_url) for service in services]
        self._settings = settings
        self._server: _Web | None = None
        self._serving: asyncio.Task[None] | None = None

    def application(self) -> Any:
        """The ASGI application: the pages of a service that has some, health beside them."""
        for running in self.running:
            if running.service.web:
                app = running.service.web(running)
                app.router.routes[:0] = health.routes(lambda: self.running)
                return app
        return Starlette(routes=health.routes(lambda: self.running))

    async def start(self) -> None:
        """Take the address, start every service, then the web side.

        Raises:
            OSError: somebody else listens there.
        """
        door = listen(self._settings.host, self._settings.port)
        await asyncio.gather(*(running.start() for running in self.running))
        config = uvicorn.Config(
            telemetry.Traced(self.application()),
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=3,
            h11_max_incomplete_event_size=64 * 1024,
        )
        self._server = _Web(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[door]))
        while not self._server.started:
            if self._serving.done():
                await self._serving
                raise OSError("the web side did not start; see the log")
            await asyncio.sleep(0.01)
        tune_interpreter()

    async def ready(self) -> None:
        """Wait until every service may be given work."""
        while not all(running.ready for running in self.running):  # noqa: ASYNC110  # readiness also changes by itself
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Stop taking requests, finish what is at hand, drain every service."""
        for running in self.running:
            running.closing.set()
        if self._server and self._serving:
            self._server.should_exit = True
            await self._serving
        await asyncio.gather(*(running.stop() for running in self.running))


def listen(host: str, port: int) -> socket.socket:
    """The socket people come in by, taken before anything is promised.

    Raises:
        OSError: somebody else listens there, or there is no such port.
    """
    try:
        return socket.create_server((host, port), backlog=2048)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise OSError(f"cannot listen on {host}:{port} ({why}); is a unit running already?") from error


@asynccontextmanager
async def bus(settings: Settings, services: Sequence[Service]) -> AsyncIterator[tuple[str, str]]:
    """The bus to use (url, monitoring url): that of the settings, or a nats-server of our own while the block runs.

    On our own these services, the deployer and the observer have what they need and nobody else gets in.
    """
    if settings.nats_url:
        yield settings.nats_url, settings.nats_monitor_url
        return
    known = _granted(settings)
    server = EmbeddedNats(settings, settings.embedded_nats_port, accounts(settings, services, known[0].values()))
    await server.start()
    following = asyncio.create_task(_follow_grants(server, settings, services, known))
    try:
        yield server.url, server.monitor_url
    finally:
        following.cancel()
        await server.stop()


def accounts(settings: Settings, services: Sequence[Service], others: Iterable[Neighbour]) -> str:
    """What a nats-server is told of who may do what: these services, the deployer, the observer, the neighbours.

    Of two neighbours with one key the first one alone gets in: no server starts with a key twice.
    """
    by_key = {each.nkey: each for each in sorted(others, key=lambda each: each.name, reverse=True) if each.nkey}
    reading = [each for each in others if each.nkey is None or by_key[each.nkey] is each]
    granted = permissions.grants(services, reading)
    public_keys = permissions.make_seeds(settings.seeds_dir, [*granted, OBSERVER])
    return permissions.configuration(granted, public_keys, reading)


Granted = tuple[dict[str, Neighbour], frozenset[str]]
"""Neighbours by name, and the names of those whose file makes no sense."""
NOBODY: Granted = ({}, frozenset())


def _granted(settings: Settings, before: Granted = NOBODY) -> Granted:
    """Who is granted something. A neighbour whose file makes no sense has no access, and is in nobody else's way.

    Raises:
        OSError: the folder was there `before`, or cannot be read: nobody has lost anything by that.
    """
    try:
        now = neighbours.readable(settings.neighbours_dir)
    except FileNotFoundError:
        if before != NOBODY:
            raise
        return NOBODY
    for name in sorted(now[1] - before[1]):
        telemetry.log("run").error("no access: the file makes no sense", neighbour=name, code="bad-neighbour-file")
    return now


async def _follow_grants(server: EmbeddedNats, settings: Settings, services: Sequence[Service], known: Granted) -> None:
    """Tell our own server when neighbours come, go or are granted something else than it knows."""
    while True:
        await asyncio.sleep(GRANTS_SECONDS)
        try:
            now = await asyncio.to_thread(_granted, settings, known)
            if now != known:
                told = await asyncio.to_thread(accounts, settings, services, now[0].values())
                for _ in range(RELOADS):
                    server.reload(told)
                    await asyncio.sleep(GRANTS_SECONDS)
                known = now
        except (ValueError, OSError) as error:
            telemetry.log("run").error("grants not read", error_type=type(error).__name__)


@asynccontextmanager
async def deployer(settings: Settings, url: str) -> AsyncIterator[Bus]:
    """The bus in the hands of the deployer, for a short errand.

    Raises:
        TryLater: `bus-not-there`: nothing answers at the address.
    """
    there = Bus(settings, permissions.DEPLOYER, url)
    await there.reach()
    try:
        yield there
    finally:
        await there.broker.stop()


async def provision_bus(settings: Settings, url: str, services: Sequence[Service]) -> None:
    """Make or update streams and consumers, as the deployer."""
    async with deployer(settings, url) as there:
        await provision.provision(there.jetstream(), services, _granted(settings)[0].values())


async def _until_told() -> str:
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def tell(name: str) -> None:
        if not told.done():
            told.set_result(name)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, tell, number.name)
    return await told


async def up(services: Sequence[Service], settings: Settings, announce: Callable[[str], None]) -> None:
    """All services in this process, until SIGTERM or Ctrl-C.

    Raises:
        TryLater: the embedded server does not start.
        OSError: the port is taken.
    """
    async with bus(settings, services) as (url, monitor_url):
        seal.make_keys(settings.keys_dir, [service.name for service in services])
        await provision_bus(settings, url, services)
        process = Process(services, settings, url, monitor_url)
        try:
            await process.start()
            await process.ready()
            announce(settings.base_url)
            telemetry.log("run").info("stopping", signal=await _until_told())
        finally:
            await process.stop()


async def alone(service: Service, settings: Settings) -> None:
    """One service in this process, on the bus of the settings, until SIGTERM or Ctrl-C."""
    process = Process([service], settings, settings.nats_url, settings.nats_monitor_url)
    try:
        await process.start()
        telemetry.log("run").info("stopping", signal=await _until_told())
    finally:
        await process.stop()


async def split(services: Sequence[Service], settings: Settings, announce: Callable[[str], None]) -> None:
    """One process per service under a supervisor that starts a dead one again, until SIGTERM or Ctrl-C.

    Health ports follow the portal's: the services listen one after the other from `port + 1` on.
    """
    ports = {service.name: settings.port + (0 if service.web else 1 + i) for i, service in enumerate(services)}
    for port in ports.values():
        listen(settings.host, port).close()  # said now, not again and again by a service that does not start
    forked.warm_up([f"services.{name}.app" for name in ports])
    async with bus(settings, services) as (url, monitor_url):
        seal.make_keys(settings.keys_dir, [service.name for service in services])
        await provision_bus(settings, url, services)
        children: dict[str, ForkServerProcess] = {}
        keepers = [
            asyncio.create_task(_keep(name, port, settings, url, monitor_url, children)) for name, port in ports.items()
        ]
        opening = asyncio.create_task(_announce_when_ready(settings, list(ports.values()), announce))
        telemetry.log("run").info("stopping", signal=await _until_told())
        for keeper in (*keepers, opening):
            keeper.cancel()
        await asyncio.gather(*keepers, opening, return_exceptions=True)
        for child in children.values():
            child.terminate()
        async with asyncio.timeout(DRAIN_SECONDS):
            await asyncio.gather(*(forked.ended(child) for child in children.values()))


async def _announce_when_ready(settings: Settings, ports: Sequence[int], announce: Callable[[str], None]) -> None:
    async with httpx.AsyncClient(timeout=2) as client:
        for port in ports:
            while not await _is_ready(client, f"http://{settings.host}:{port}/readyz"):  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.1)
    announce(settings.base_url)


async def _is_ready(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(address)).status_code == 200
    except httpx.HTTPError:
        return False


async def _keep(
    name: str,
    port: int,
    settings: Settings,
    url: str,
    monitor_url: str,
    children: dict[str, ForkServerProcess],
) -> None:
    environment = os.environ | {
        "DIGI_NATS_URL": url,
        "DIGI_NATS_MONITOR_URL": monitor_url,
        "DIGI_PORT": str(port),
        "DIGI_DATA_DIR": str(settings.data_dir),
        "DIGI_PUBLIC_URL": settings.base_url,
    }
    pids = Path(settings.data_dir) / "pids"
    pids.mkdir(parents=True, exist_ok=True)
    while True:
        child = await forked.start(f"services.{name}", environment)
        children[name] = child
        (pids / name).write_text(str(child.pid))
        code = await forked.ended(child)
        telemetry.log("run").warning("service ended, started again", service=name, code=str(code))
        await asyncio.sleep(RESTART_SECONDS)
