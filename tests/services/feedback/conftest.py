from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.feedback.app import build
from tests.unit import Unit, practice_settings


@pytest.fixture
def feedback(tmp_path: Path) -> Iterator[Unit]:
    unit = Unit(build(practice_settings(tmp_path)))
    yield unit
    unit.close()
