from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.intake.app import build
from tests.stack import DATABASES
from tests.unit import Unit, practice_settings


@pytest.fixture(params=DATABASES)
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Unit, Unit]]:
    """Two processes of intake on one database."""
    over = {}
    if request.param == "postgresql":
        over = {"database_url": request.getfixturevalue("postgres").make(["intake"])}
    service = build(practice_settings(tmp_path, **over))
    units = (Unit(service), Unit(service))
    yield units
    for unit in units:
        unit.close()
