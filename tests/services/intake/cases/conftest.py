from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.intake.app import build
from tests.services.intake.cases.steps import Cases
from tests.stack import DATABASES, postgres
from tests.unit import Unit, practice_settings

__all__ = ["postgres"]  # a fixture, shared with the other folders that need the server


@pytest.fixture
def cases(intake: Unit) -> Cases:
    return Cases(intake)


@pytest.fixture(params=DATABASES)
def together(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Unit]]:
    """Two processes of intake over one database, with one clock. SQLite has one process: two threads of it."""
    over = {}
    if request.param == "postgresql":
        over["database_url"] = request.getfixturevalue("postgres").make(["intake"])
    service = build(practice_settings(tmp_path, **over))
    units = [Unit(service), Unit(service)]
    units[1].clock = units[0].clock
    yield units
    for unit in units:
        unit.close()
