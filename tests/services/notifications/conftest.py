from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chassis import clock, neighbours
from chassis.neighbours import Neighbour
from services.notifications.app import build
from tests.receiver import WebReceiver, web_receiver
from tests.services.notifications.post import Post
from tests.services.notifications.posting import NAME, Serve, keyring
from tests.stack import DATABASES
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


@pytest.fixture(params=DATABASES)
def units(request: pytest.FixtureRequest, set_up: Callable[..., Unit]) -> list[Unit]:
    """The service twice over the same database, as production may run it. The time is now, and stands still."""
    url = request.getfixturevalue("postgres").make(["notifications"]) if request.param == "postgresql" else None
    made = [set_up(url) for _ in range(2)]
    for unit in made:
        unit.clock = made[0].clock
    made[0].clock.set(clock.now())
    return made


@pytest.fixture
def unit(units: list[Unit]) -> Unit:
    return units[0]


@pytest.fixture
def serve(unit: Unit) -> Iterator[Serve]:
    """Let a neighbour be posted to: its web server."""
    with ExitStack() as servers:

        def start(name: str = NAME, **over: Any) -> WebReceiver:
            receiver = servers.enter_context(web_receiver())
            granted = {
                "name": name,
                "since": clock.now(),
                "reads": ("scheduling.visit_completed.v1",),
                "webhook": receiver.address,
            } | over
            neighbours.save(unit.service.settings.neighbours_dir, Neighbour(**granted))
            if not keyring(unit).of(name):
                keyring(unit).add(name)
            return receiver

        yield start


@pytest.fixture
def receiver(serve: Serve) -> WebReceiver:
    return serve()
