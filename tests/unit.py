"""A service on its own: real tables, real migrations, the real transaction and inbox code; no bus."""

from __future__ import annotations

import asyncio
import atexit
import json
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from sqlalchemy import event
from sqlalchemy.engine import Dialect, make_url
from sqlmodel import Session

from chassis import SERVICE, Hint, Service, Settings, Transaction, Viewer, clock
from chassis.asking import Answerer
from chassis.db import Database
from chassis.envelope import headers_for
from chassis.errors import Refused
from chassis.inbox import Consumer, Received, Verdict, apply
from chassis.seal import Sealer, make_keys
from chassis.tables import audit, outbox
from chassis.transaction import write_down
from contracts import EVENTS, Ask, Event

SERVICES = ["portal", "intake", "scheduling", "chat", "feedback", "notifications"]
START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
"""A Tuesday, 10.00 in Helsinki."""


def practice_settings(folder: Path, **over: Any) -> Settings:
    """Settings of a practice installation of its own in `folder`, keys made."""
    settings = Settings(data_dir=folder, **over)
    if not settings.keys_dir.exists():
        shutil.copytree(_keys(), settings.keys_dir)
    return settings


@cache
def _keys() -> Path:
    """A folder of keys, made once per test process, then copied."""
    folder = _folder("digi-keys-")
    make_keys(folder, SERVICES)
    return folder


def _folder(prefix: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def copy_migrated(service: Service) -> None:
    """Put a SQLite file that is migrated already in place: once per test process, then files are copied."""
    file = Path(str(make_url(service.settings.database(service.name)).database))
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_migrated(service.name, service.migrations), file)


@cache
def _migrated(name: str, migrations: Path | None) -> Path:
    file = _folder("digi-migrated-") / f"{name}.db"
    database = Database(f"sqlite:///{file}", name)
    database.migrate(migrations)
    database.close()
    return file


class MovedDatabase(Database):
    """One that moves from test to test: what it has once put together of every statement, it keeps."""

    _free: ClassVar[dict[str, list[MovedDatabase]]] = {}

    @classmethod
    def at(cls, url: str, name: str) -> MovedDatabase:
        """One at `url`, used by nobody else; `leave` it."""
        free = cls._free.setdefault(f"{name} {make_url(url).get_backend_name()}", [])
        database = free.pop() if free else cls(url, name)
        database.url, database._home = make_url(url), free
        # What a test listens to is a layer above what stays.
        engine, database.unsynced, reader = (one.execution_options() for one in database._kept)
        database.engine, database._reader = engine, reader if database.sqlite else engine
        return database

    def __init__(self, url: str, name: str) -> None:
        super().__init__(url, name)
        self._kept = (self.engine, self.unsynced, self._reader)
        for engine in set(self._kept):
            event.listen(engine, "do_connect", self._connect)

    def _connect(self, dialect: Dialect, _: Any, words: list[Any], named: dict[str, Any]) -> None:
        words[:], more = dialect.create_connect_args(self.url)
        named.update(more)

    def leave(self) -> None:
        """Let the connections go, for the next test."""
        for engine in set(self._kept):
            engine.dispose()
        self.after_telling = lambda: None
        self._home.append(self)


class Unit:
    """One service under test. Time stands still until `clock` is moved."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.clock = clock.SetClock(START)
        url = service.settings.database(service.name)
        if url.startswith("sqlite"):
            copy_migrated(service)
        self.database = MovedDatabase.at(url, service.name)
        self.sealer = Sealer(service.settings.keys_dir, service.name)
        self.verdict: Verdict | None = None
        self.hinted: list[Hint] = []
        self._handlers = {kind.cls: (kind, service.wire(handler, 2)) for kind, handler in service.handlers.items()}
        self._answers = {kind.cls: (kind, service.wire(answer, 2)) for kind, answer in service.answers.items()}
        self._heard = 0
        self._closed = False

    def close(self) -> None:
        """Safe to repeat."""
        if not self._closed:
            self._closed = True
            self.database.leave()

    def hears(self, event: Event, *, event_id: str | None = None, version: int = 1, deliveries: int = 1) -> Verdict:
        """Deliver a fact as the bus would; the verdict tells how it ended."""
        kind, handler = self._handlers[type(event)]
        self._heard += 1
        headers = headers_for(
            event, event_id=event_id or str(uuid4()), at=self.clock(), version=version, cause=None, traceparent=None
        )
        received = Received(event.subject, headers, event.model_dump_json().encode(), self._heard, deliveries)
        consumer = Consumer(self.service.name, kind, handler, self.sealer)
        with clock.using(self.clock):
            (self.verdict,), hints = apply(consumer, self.database.write, [received])
        self.hinted += hints
        return self.verdict

    @property
    def outcome(self) -> str:
        """How the last fact ended: done, duplicate, refused, unprocessable, later, bug."""
        assert self.verdict is not None
        return self.verdict.ending.value

    def asks(self, ask: Ask[Any], *, viewer: Viewer, key: str | None = None) -> Any:
        """Ask as another service would; a refusal is raised."""
        kind, answer = self._answers[type(ask)]
        answerer = Answerer(self.service.name, kind, answer, self.sealer, self.database)
        headers = {"digi-viewer": viewer.model_dump_json(), "digi-idempotency-key": key or str(uuid4())}
        with clock.using(self.clock):
            outcome, body, hints = asyncio.run(answerer.reply(ask.model_dump_json().encode(), headers))
        self.hinted += hints
        if outcome == "refused":
            refusal = json.loads(body)
            raise Refused(refusal["code"], refusal["text"])
        return kind.answer.model_validate_json(body)

    def runs(self, job: Callable[..., Awaitable[None]]) -> None:
        """Let a job come round once."""

        async def transact(work: Callable[[Transaction], Any]) -> Any:
            return self.transact(work)

        async def once() -> None:
            await self.service.wire(job, 1)(transact)

        with clock.using(self.clock):
            asyncio.run(once())

    def transact(self, work: Callable[[Transaction], Any]) -> Any:
        """One transaction of the service."""

        def run(session: Session) -> Any:
            tx = Transaction(self.service.name, session, self.sealer, viewer=SERVICE)
            result = work(tx)
            session.flush()
            write_down(session, [tx])
            self.hinted.extend(tx.hints)
            return result

        with clock.using(self.clock):
            return self.database.write(run)

    @property
    def told(self) -> list[Event]:
        """Every fact told so far, in order."""
        rows = self.database.read(
            lambda session: session.connection().execute(outbox.select().order_by(outbox.c.id)).all()
        )
        return [
            EVENTS[json.loads(row.headers)["ce-type"]].cls.model_validate_json(row.payload)
            for row in rows
            if row.subject.startswith("evt.")
        ]

    def told_of(self, kind: type[Event]) -> list[Any]:
        """Every fact of one kind told so far."""
        return [event for event in self.told if isinstance(event, kind)]

    @property
    def audited(self) -> list[Any]:
        """Audit rows so far."""
        return list(self.database.read(lambda session: session.connection().execute(audit.select()).all()))

    def seal(self, data: dict[str, Any]) -> str:
        """Seal something that this service can open."""
        return self.sealer.seal(self.service.name, data)
