"""The relay: takes what a service has committed to its outbox to the bus, in order, pipelined, until the bus has it.

One relay per service is at work at a time: on PostgreSQL an advisory lock sees to it, with SQLite there is one process.
"""

from __future__ import annotations

import asyncio
import json
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

from nats.js.client import JetStreamContext
from sqlalchemy import Connection, bindparam, func, select, text, update
from sqlmodel import Session

from chassis import clock, telemetry
from chassis.db import Database
from chassis.errors import TryLater
from chassis.tables import UtcInstant, answered, inbox, outbox

T = TypeVar("T")
BATCH = 250
KEEP_PUBLISHED = timedelta(hours=24)
"""How long a published row stays, as a replay buffer for a bus that lost its last seconds."""
KEEP_INBOX = timedelta(days=100)
"""Longer than the stream's max age (90 days): a message that can still come is still known."""
ACK_SECONDS = 10.0
"""How long the bus may take to say that it has a row. The client keeps a refusal to itself: it looks like silence."""
LOOK_AGAIN_SECONDS = 1.0
"""Safety net under the wake-up after a commit."""
BUSY_SECONDS = 0.05
"""Between two tries while another process publishes for this service, or this one is still giving its turn back."""


class Relay:
    """Publishes one service's outbox. `wake` it after every commit that told something."""

    def __init__(self, database: Database, service: str) -> None:
        self._database = database
        self._service = service
        self._wake = asyncio.Event()
        self._log = telemetry.log(f"{service}.relay")

    def wake(self) -> None:
        """There may be something to publish. Call it in the event loop."""
        self._wake.set()

    async def run(self, bus: JetStreamContext) -> None:
        """Publish for ever; returns only by cancellation. What fails is tried again from the first unpublished row."""
        pause = LOOK_AGAIN_SECONDS
        while True:
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                pause = LOOK_AGAIN_SECONDS if await self.drain(bus) else BUSY_SECONDS
            except Exception as error:  # the bus or the database is away: the rows wait
                self._log.warning("relay waits", error_type=type(error).__name__)
                await self._measure_age()
                await asyncio.sleep(LOOK_AGAIN_SECONDS / 2)
                pause = 0.0

    async def drain(self, bus: JetStreamContext) -> bool:
        """Publish until nothing is left; False when another process is at it.

        Raises:
            TryLater: `bus-away`.
            nats.errors.Error, TimeoutError: the bus did not take a row; it and all after it stay unpublished.
        """
        if not bus._nc.is_connected:  # what is given to the client now it would only pile up
            raise TryLater("bus-away", f"the outbox of {self._service} waits for the bus")
        async with self._sole() as turn:
            if turn is None:
                return False
            rows = await turn.look(_unpublished)
            while rows:
                rows = await self._publish(bus, turn, rows)
            telemetry.UNPUBLISHED_AGE.labels(self._service).set(0)
        return True

    async def _publish(self, bus: JetStreamContext, turn: Database | _Turn, rows: Sequence[Any]) -> Sequence[Any]:
        acks: list[asyncio.Future[Any]] = []
        taken: list[dict[str, int]] = []
        try:
            for row in rows:
                acks.append(await bus.publish_async(row.subject, row.payload, headers=json.loads(row.headers)))
            for row, ack in zip(rows, acks, strict=True):
                # Resend from the first that fails: what comes after it may be stored already, its id makes the second
                # copy nothing.
                stored = await asyncio.wait_for(ack, timeout=ACK_SECONDS)
                taken.append({"row": row.id, "sequence": stored.seq})
        finally:
            for ack in acks:
                ack.cancel()  # the client counts what nobody answers as pending, for ever, and stops at a thousand
            if taken:
                # Not synced: a mark that a power cut takes back sends the row again, and its id makes it nothing.
                left = await turn.note(lambda session: _settle(session, taken))
                telemetry.PUBLISHED.labels(self._service).inc(len(taken))
        return left

    async def _measure_age(self) -> None:
        try:
            oldest = await self._database.look(
                lambda session: (
                    session.connection()
                    .execute(select(func.min(outbox.c.created_at)).where(outbox.c.published_at.is_(None)))
                    .scalar()
                )
            )
        except Exception:  # the database is away too: the age is told when it is back
            return
        if oldest:
            telemetry.UNPUBLISHED_AGE.labels(self._service).set((clock.now() - oldest).total_seconds())

    @asynccontextmanager
    async def _sole(self) -> AsyncIterator[Database | _Turn | None]:
        if self._database.sqlite:
            yield self._database
            return
        key = zlib.crc32(f"relay:{self._service}".encode())
        taking = asyncio.ensure_future(asyncio.to_thread(_take_turn, self._database, key))
        try:
            yield await asyncio.shield(taking)
        finally:  # whenever it is cancelled: a turn that nobody gives back stops every process of the service
            await asyncio.shield(asyncio.ensure_future(_give_back(taking)))


class _Turn:
    """A process's turn to publish for its service: the connection that holds the lock also reads and marks."""

    def __init__(self, connection: Connection, key: int) -> None:
        self._connection = connection
        self._key = key
        self._in_use = threading.Lock()  # who is cancelled gives back while a thread may still be at work

    async def look(self, work: Callable[[Session], T]) -> T:
        return await asyncio.to_thread(self._run, work)

    note = look

    def _run(self, work: Callable[[Session], T]) -> T:
        with self._in_use, Session(self._connection) as session, session.begin():
            return work(session)

    def give_back(self) -> None:
        with self._in_use, self._connection as connection:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": self._key})


async def _give_back(taking: asyncio.Future[_Turn | None]) -> None:
    if (turn := await taking) is not None:
        await asyncio.to_thread(turn.give_back)


def _take_turn(database: Database, key: int) -> _Turn | None:
    # Without transactions: reading and marking are a statement each, and the lock belongs to the connection.
    connection = database.unsynced.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        mine = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar()
    except BaseException:
        connection.close()
        raise
    if mine:
        return _Turn(connection, key)
    connection.close()
    return None


_UNPUBLISHED = (
    select(outbox.c.id, outbox.c.subject, outbox.c.headers, outbox.c.payload)
    .where(outbox.c.published_at.is_(None))
    .order_by(outbox.c.id)
    .limit(BATCH)
)


def _unpublished(session: Session) -> Sequence[Any]:
    return session.connection().execute(_UNPUBLISHED).fetchall()


_PUBLISHED = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"))
    .values(published_at=bindparam("at", type_=UtcInstant), stream_sequence=bindparam("sequence"))
)


def mark_published(session: Session, taken: Sequence[Mapping[str, int]]) -> None:
    """Note that the bus has these rows: `row`, its id, and `sequence`, its place in the stream."""
    at = clock.now()
    session.connection().execute(_PUBLISHED, [{**each, "at": at} for each in taken])


def _settle(session: Session, taken: Sequence[Mapping[str, int]]) -> Sequence[Any]:
    """Mark what the bus has taken; what is left to publish."""
    mark_published(session, taken)
    return _unpublished(session)


def forget_old(session: Session) -> None:
    """Drop outbox, inbox and answer rows past their keeping time. Safe to repeat."""
    now = clock.now()
    connection = session.connection()
    connection.execute(outbox.delete().where(outbox.c.published_at < now - KEEP_PUBLISHED))
    connection.execute(inbox.delete().where(inbox.c.handled_at < now - KEEP_INBOX))
    connection.execute(answered.delete().where(answered.c.answered_at < now - KEEP_PUBLISHED))
