"""The chains of migrations lead to exactly the tables of the code, on both databases."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, event, inspect

from chassis import Settings
from chassis.db import PLUMBING_MIGRATIONS, Database, head_of
from chassis.tables import plumbing
from services import NAMES
from services.unit import build
from tests import child
from tests.stack import DATABASES
from tests.unit import practice_settings

OWN = "chassis"
"""The plumbing's chain alone."""


def tables(service: str, folder: Path) -> tuple[MetaData, Path | None]:
    """Every table a database of this service has, and where the service's own chain is."""
    together = MetaData()
    for table in plumbing.sorted_tables:
        table.to_metadata(together)
    if service == OWN:
        return together, None
    settings: Settings = practice_settings(folder)
    built = build(service, settings)
    for table in built.tables.sorted_tables if built.tables else ():
        table.to_metadata(together)
    return together, built.migrations


@pytest.fixture(params=[(service, kind) for kind in DATABASES for service in (OWN, *NAMES)], ids="-".join)
def migrated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Database, MetaData]]:
    service, kind = request.param
    wanted, chain = tables(service, tmp_path)
    url = f"sqlite:///{tmp_path}/migrated.db"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres").make(["migrated"]).format(service="migrated")
    database = Database(url, service)
    database.migrate(chain)
    yield database, wanted
    database.close()


def test_the_migrated_database_is_what_the_code_says(
    migrated: tuple[Database, MetaData], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Also in what Alembic does not compare: conditions of partial indexes, checks, what happens on delete."""
    database, wanted = migrated
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": _is_ours})
        assert compare_metadata(context, wanted) == []
        found = rules(connection)
    assert found == expected(wanted, request, tmp_path)


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != "table" or not str(name).startswith("alembic_version")


def expected(wanted: MetaData, request: pytest.FixtureRequest, folder: Path) -> dict[str, Any]:
    """What keeps the tables in order when they are made by the code at once, in a database of their own."""
    url = f"sqlite:///{folder}/made.db"
    if "postgresql" in request.node.callspec.id:
        url = request.getfixturevalue("postgres").make(["made"]).format(service="made")
    made = Database(url, "made")
    wanted.create_all(made.engine)
    with made.engine.connect() as connection:
        found = rules(connection)
    made.close()
    return found


@pytest.mark.parametrize("service", [OWN, *NAMES])
def test_the_last_file_of_a_chain_is_its_head(service: str, tmp_path: Path) -> None:
    chain = tables(service, tmp_path)[1] or PLUMBING_MIGRATIONS
    scripts = ScriptDirectory(str(PLUMBING_MIGRATIONS), version_locations=[str(chain / "versions")])
    assert scripts.get_heads() == [head_of(chain)]


def test_a_start_on_a_database_that_is_up_to_date_leaves_alembic_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"sqlite:///{tmp_path}/twice.db", "echo")
    database.migrate()
    monkeypatch.setitem(sys.modules, "alembic", None)
    database.migrate()
    database.close()


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/twice.db", "echo")
    database.migrate()
    with database.engine.connect() as connection:
        before = rules(connection)
    database.migrate()
    with database.engine.connect() as connection:
        assert rules(connection) == before
    database.close()


@pytest.mark.parametrize("kind", DATABASES)
def test_a_chain_is_one_transaction(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Between two commits another process would find the chain half done, and do its rest a second time."""
    url = f"sqlite:///{tmp_path}/shared.db"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres").make(["shared"]).format(service="shared")
    database = Database(url, "shared")
    commits: list[Connection] = []
    event.listen(database.engine, "commit", commits.append)
    database.migrate()
    database.close()
    assert len(commits) == 1
    assert len(list((PLUMBING_MIGRATIONS / "versions").glob("*.py"))) > 1


@pytest.mark.system
@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", DATABASES)
def test_of_several_processes_that_start_at_once_one_migrates(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/shared.db"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres").make(["shared"]).format(service="shared")
    with ProcessPoolExecutor(3, mp_context=child.context()) as starts:
        list(starts.map(_migrate, [url] * 3))
    database = Database(url, "shared")
    with database.engine.connect() as connection:
        assert set(plumbing.tables) <= set(inspect(connection).get_table_names())
    database.close()


def _migrate(url: str) -> None:
    database = Database(url, "shared")
    database.migrate()
    database.close()


def rules(connection: Connection) -> dict[str, Any]:
    """What keeps each table in order, without the names a database gives by itself."""
    look = inspect(connection)
    found = {}
    for table in look.get_table_names():
        if not table.startswith("alembic_version"):
            found[table] = {
                "indexes": sorted(map(str, map(_index, look.get_indexes(table)))),
                "unique": sorted(str(each["column_names"]) for each in look.get_unique_constraints(table)),
                "checks": sorted(each["sqltext"] for each in look.get_check_constraints(table)),
                "primary": look.get_pk_constraint(table)["constrained_columns"],
                "foreign": sorted(
                    str((each["constrained_columns"], each["referred_table"], each["options"]))
                    for each in look.get_foreign_keys(table)
                ),
                "nullable": {column["name"]: column["nullable"] for column in look.get_columns(table)},
            }
    return found


def _index(index: Any) -> dict[str, Any]:
    conditions = {name: str(value) for name, value in index.get("dialect_options", {}).items() if "where" in name}
    return {"name": index["name"], "columns": index["column_names"], "unique": index["unique"], **conditions}
