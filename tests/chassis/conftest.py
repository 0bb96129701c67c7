from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.db import Database
from chassis.seal import Sealer, make_keys
from chassis.tables import plumbing
from tests.chassis import echo
from tests.stack import DATABASES


@pytest.fixture(scope="session", params=DATABASES)
def _migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path_factory.mktemp('databases')}/{{service}}.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").make(["echo"])
    made = Database(url.format(service="echo"), "echo")
    made.migrate()
    echo.tables.create_all(made.engine)
    yield made
    made.close()


@pytest.fixture
def database(_migrated: Database) -> Iterator[Database]:
    """The database of the echo service, of each kind, empty."""
    yield _migrated
    with _migrated.engine.begin() as connection:
        for table in (*plumbing.sorted_tables, *echo.tables.sorted_tables):
            connection.execute(table.delete())


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    make_keys(tmp_path / "keys", ["echo", "hill"])
    return Sealer(tmp_path / "keys", "echo")
