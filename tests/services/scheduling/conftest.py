from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.scheduling.app import build
from tests.stack import DATABASES
from tests.unit import Unit, practice_settings

WINDOWS = 4
"""Processes of the service that share one database: each has its own connections and its own writing threads."""


@pytest.fixture
def scheduling(tmp_path: Path) -> Iterator[Unit]:
    unit = Unit(build(practice_settings(tmp_path)))
    yield unit
    unit.close()


@pytest.fixture(params=DATABASES)
def together(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Unit]]:
    """The service several times over the same database, as production runs it."""
    over = {}
    if request.param == "postgresql":
        over["database_url"] = request.getfixturevalue("postgres").make(["scheduling"])
    service = build(practice_settings(tmp_path, **over))
    units = [Unit(service) for _ in range(WINDOWS)]
    for unit in units:
        unit.clock = units[0].clock
    yield units
    for unit in units:
        unit.close()
