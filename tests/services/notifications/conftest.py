from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.notifications.app import build
from tests.services.notifications.post import Post
from tests.stack import DATABASES, postgres
from tests.unit import Unit, practice_settings

__all__ = ["postgres"]  # a fixture, shared with the other folders that need the server


@pytest.fixture
def post() -> Post:
    """The gateway, not yet listening."""
    return Post()


@pytest.fixture
def gateway(post: Post) -> Iterator[Post]:
    """The gateway, listening."""
    with post.open():
        yield post


@pytest.fixture
def set_up(tmp_path: Path, post: Post, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Unit]]:
    """Build the service with settings of its own (`smtp_user="unit"`)."""
    units: list[Unit] = []

    def start(database_url: str | None = None, **own: str) -> Unit:
        for name, value in ({"smtp_port": str(post.port), "smtp_timeout_seconds": "2"} | own).items():
            monkeypatch.setenv(f"NOTIFICATIONS_{name.upper()}", value)
        over = {"database_url": database_url} if database_url else {}
        units.append(Unit(build(practice_settings(tmp_path, **over))))
        return units[-1]

    yield start
    for unit in units:
        unit.close()


@pytest.fixture
def notifications(set_up: Callable[..., Unit]) -> Unit:
    return set_up()


@pytest.fixture(params=DATABASES)
def together(request: pytest.FixtureRequest, set_up: Callable[..., Unit]) -> list[Unit]:
    """The service several times over the same database, as production runs it."""
    url = request.getfixturevalue("postgres").make(["notifications"]) if request.param == "postgresql" else None
    units = [set_up(url) for _ in range(4)]
    for unit in units:
        unit.clock = units[0].clock
    return units
