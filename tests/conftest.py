"""Rings, and what holds for every test: loopback only, no skip in CI."""

from __future__ import annotations

import gc
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.chromium import chromium
from tests.node import missing
from tests.stack import postgres

__all__ = ["postgres"]  # a fixture: one server for every folder that needs it

LONGEST = (
    "test_kill.py",
    "test_kit.py",
    "test_neighbours.py",
    "test_leaks.py",
    "test_refused.py",
    "test_every_service.py",
    "test_journey.py",
    "test_every_page.py",
    "test_smoke.py",
    "test_webhooks.py",
    "test_reconcile.py",
    "test_replies.py",
    "test_without_script.py",
    "test_closed_hours.py",
    "test_crash.py",
    "test_races.py",
)
"""Files that take long, longest first: begun last, one of them would leave a worker idle."""
ROOM_BYTES = 6 * 2**30
"""Three times what the files of a run take."""
LOOPBACK = ("127.", "::1", "localhost", "/")


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Refuse any connection that leaves the machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else str(address)
        if not str(host).startswith(LOOPBACK):
            raise AssertionError("a test may connect to loopback only")
        real(self, address)

    socket.socket.connect = connect  # type: ignore[method-assign]  # the guard stands for the whole session
    yield
    socket.socket.connect = real  # type: ignore[method-assign]  # and is taken down after it


@pytest.fixture(autouse=True)
def _logs_are_set_up_for_one_test() -> Iterator[None]:
    """The command line sets them up for its whole process, and what it leaves out the next test would not see."""
    yield
    structlog.reset_defaults()


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # until all is collected
    _keep_files_in_memory(config)


def _keep_files_in_memory(config: pytest.Config) -> None:
    """Where there is room for all of them: a disk makes a quarter of the tests wait.

    Nothing here depends on a disk: tests kill processes, not the machine.
    """
    memory = Path("/dev/shm")
    elsewhere = config.option.basetemp or os.environ.get("PYTEST_DEBUG_TEMPROOT")
    if not elsewhere and memory.is_dir() and shutil.disk_usage(memory).free >= ROOM_BYTES:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(memory)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Rings that a test itself tells; the longest files first, so that two workers end together."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
    for item in items:
        if "postgresql" in item.name:
            item.add_marker("live")
        if "tmp_path_factory" in getattr(item, "fixturenames", ()):
            item.add_marker("disk")
    lacks = {
        "browser": "" if chromium() else "no chromium on PATH: install chromium-headless-shell to run the browser ring",
        "node": missing(),
    }
    for item in items:
        for ring, reason in lacks.items():
            if reason and item.get_closest_marker(ring):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish() -> None:
    """What has been collected stays: nobody looks for garbage in it, now or again and again."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a ring that did not run is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and exitstatus == 0 and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
