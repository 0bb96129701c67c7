"""One database per service: engine, worker threads, transactions, migrations. SQLite, or PostgreSQL in production.

Work on the database is plain synchronous code that runs in the service's worker thread, one hop per transaction
(docs/adr/0008). SQLite has one writer, so it gets one writing thread; readers have their own.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, Table, column, create_engine, event, inspect, select, table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlmodel import Session, SQLModel

from chassis.tables import UtcInstant

__all__ = ["Database", "UtcInstant", "prepared", "upsert"]

T = TypeVar("T")
Statement = Callable[[Session], Any]
"""A statement in the dialect of a session's database."""
TOLD = "told"
"""Mark in the `info` of a session that has put something into the outbox."""
_ONE_AT_A_TIME = threading.Lock()  # Alembic's `op` and `context` are global to the process
_MIGRATING = 0x6D696772
"""Key of the advisory lock a migration holds."""
PLUMBING_MIGRATIONS = Path(__file__).with_name("migrations")


def head_of(chain: Path) -> str:
    """The revision a chain of migrations leads to: that of its last file by name."""
    source = max((chain / "versions").glob("*.py")).read_text(encoding="utf-8")
    return str(re.findall(r'^revision = "(.+)"$', source, re.MULTILINE)[0])


def upsert(session: Session, table: type[SQLModel] | Table) -> Any:
    """An INSERT that knows ON CONFLICT, in the dialect of the session's database."""
    return _INSERT[session.get_bind().dialect.name](_table(table))


def prepared(table: type[SQLModel] | Table, build: Callable[[Any], Any] = lambda insert: insert) -> Statement:
    """A statement of the hot path, put together once: `build` makes it of the table's INSERT that knows ON CONFLICT.

    Doing it at every use takes longer than the database takes to run it.
    """
    built = {dialect: build(insert(_table(table))) for dialect, insert in _INSERT.items()}
    return lambda session: built[session.get_bind().dialect.name]


_INSERT: dict[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def _table(table: type[SQLModel] | Table) -> Table:
    return table if isinstance(table, Table) else table.__table__  # type: ignore[attr-defined]  # set by SQLModel


def is_there(url: str) -> bool:
    """Whether a database can be looked into without making it: a file of SQLite comes about by opening it."""
    address = make_url(url)
    return address.get_backend_name() != "sqlite" or Path(str(address.database)).exists()


class Database:
    """The database of one service.

    Args:
        url: SQLAlchemy URL, synchronous driver.
        name: the service; names its threads.
    """

    def __init__(self, url: str, name: str) -> None:
        self.url = make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        if self.sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        self.engine = self._engine("BEGIN IMMEDIATE")
        self.unsynced = self._engine("BEGIN IMMEDIATE", synced=False)
        """For what a power cut may take back: a commit here waits for no disk. No commit of `engine` is ever undone."""
        self.after_telling: Callable[[], object] = lambda: None
        """Called in the thread that has committed something to publish."""
        self._reader = self._engine("BEGIN") if self.sqlite else self.engine
        self._writers = ThreadPoolExecutor(1 if self.sqlite else 4, thread_name_prefix=f"{name}-write")
        self._readers = ThreadPoolExecutor(2 if self.sqlite else 4, thread_name_prefix=f"{name}-read")

    def _engine(self, begin: str, *, synced: bool = True) -> Engine:
        if not self.sqlite:
            return self._postgresql(synced)
        engine = create_engine(self.url, connect_args={"timeout": 10, "check_same_thread": False})
        synchronous = "FULL" if synced else "NORMAL"

        @event.listens_for(engine, "connect")
        def _connect(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # we say BEGIN ourselves: the driver's own comes too late for a reader
            for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON", "busy_timeout=10000"):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def _begin(connection: Any) -> None:
            connection.connection.dbapi_connection.execute(begin)  # SQLAlchemy's own way costs ten times as much

        return engine

    def _postgresql(self, synced: bool) -> Engine:
        engine = create_engine(self.url, pool_size=8, max_overflow=2, pool_pre_ping=True, pool_timeout=10)

        @event.listens_for(engine, "connect")
        def _connect(connection: Any, _record: Any) -> None:
            if not synced:
                connection.execute("SET synchronous_commit = off")
                connection.commit()

        return engine

    def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction on the calling thread; commit when it returns, roll back when it raises."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            result = work(session)
        if session.info.get(TOLD):
            self.after_telling()
        return result

    def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a snapshot on the calling thread; nothing it does is kept."""
        with Session(self._reader, expire_on_commit=False) as session:
            return work(session)

    async def transact(self, work: Callable[[Session], T]) -> T:
        """`write` in the service's writing thread."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, self.write, work)

    async def note(self, work: Callable[[Session], T]) -> T:
        """`transact` for what may be forgotten in a power cut: nobody waits for the disk."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, self._note, work)

    def _note(self, work: Callable[[Session], T]) -> T:
        with Session(self.unsynced, expire_on_commit=False) as session, session.begin():
            return work(session)

    async def transact_with(self, work: Callable[[Callable[[Callable[[Session], Any]], Any]], T]) -> T:
        """Hand `write` itself to `work` in the writing thread, for work that may need a second transaction."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, work, self.write)

    async def look(self, work: Callable[[Session], T]) -> T:
        """`read` in one of the service's reading threads."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read, work)

    def migrate(self, service_migrations: Path | None = None) -> None:
        """Bring the schema up to date: the plumbing's chain, then the service's own. Safe to repeat."""
        for label, chain in (("chassis", PLUMBING_MIGRATIONS), ("service", service_migrations)):
            if chain and self._revision(f"alembic_version_{label}") != head_of(chain):
                self._upgrade(chain / "versions", f"alembic_version_{label}")

    def _revision(self, version_table: str) -> str | None:
        with self._reader.connect() as connection:  # whoever only looks waits for no writer
            if not inspect(connection).has_table(version_table):
                return None
            return connection.execute(select(column("version_num")).select_from(table(version_table))).scalar()

    def _upgrade(self, versions: Path, version_table: str) -> None:
        from alembic import command  # a start that finds nothing to do is quicker and 11 MiB smaller without it
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(PLUMBING_MIGRATIONS))
        config.set_main_option("version_locations", str(versions))
        config.set_main_option("path_separator", "newline")
        with _ONE_AT_A_TIME, self.engine.begin() as connection:
            # Several processes of a service may start at once: one migrates, the others wait and find it done.
            # SQLite's BEGIN IMMEDIATE is such a lock by itself, as long as the whole chain is one transaction.
            if not self.sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
            config.attributes.update(connection=connection, version_table=version_table)
            command.upgrade(config, "head")

    def close(self) -> None:
        """Finish running work and let the connections go."""
        self._writers.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        for engine in (self.engine, self.unsynced, self._reader):
            engine.dispose()
