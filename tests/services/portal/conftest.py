from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.portal.town import Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    place = Town(tmp_path)
    yield place
    place.close()


@pytest.fixture
def closed_town(tmp_path: Path) -> Iterator[Town]:
    """Keeps the counties' own opening hours."""
    place = Town(tmp_path, always_open=False)
    yield place
    place.close()
