from collections.abc import Iterator
from pathlib import Path

import pytest

from services.chat.app import build
from tests.services.chat.desk import Desk
from tests.unit import Unit, practice_settings


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Unit]:
    unit = Unit(build(practice_settings(tmp_path)))
    yield unit
    unit.close()


@pytest.fixture
def desk(chat: Unit) -> Desk:
    return Desk(chat)
