from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.notifications.app import build
from tests.services.notifications.post import Post
from tests.unit import Unit, practice_settings


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

    def start(**over: str) -> Unit:
        for name, value in ({"smtp_port": str(post.port), "smtp_timeout_seconds": "2"} | over).items():
            monkeypatch.setenv(f"NOTIFICATIONS_{name.upper()}", value)
        units.append(Unit(build(practice_settings(tmp_path))))
        return units[-1]

    yield start
    for unit in units:
        unit.close()


@pytest.fixture
def notifications(set_up: Callable[..., Unit]) -> Unit:
    return set_up()
