import pytest

from services.unit import consumers as listening


@pytest.fixture(scope="session")
def consumers() -> dict[str, tuple[str, ...]]:
    """Services that act on each event, by `ce-type`."""
    return listening()
