"""A whole unit and a real Chromium; every person gets a browser of their own in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.people import PATIENCE_MS, Resident, Therapist
from tests.browser.town import Town, people_at
from tests.chromium import chromium
from tests.whole import WholeUnit, closed_chats, whole_unit

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
TEST_SECONDS = 240


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(scope="session")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeUnit]:
    """The unit every browser test of this process uses: each brings residents of its own.

    Its pages learn of changes by hints alone: none is read again by the clock while a test waits.
    """
    with whole_unit(tmp_path_factory.mktemp("unit"), PORTAL_REREAD_SECONDS="600") as running:
        yield running


@pytest.fixture(scope="session")
def closed_unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeUnit]:
    """A unit whose chats are closed today and tomorrow, by its counties' own files."""
    told = closed_chats(tmp_path_factory.mktemp("areas")) | {"PORTAL_REREAD_SECONDS": "2"}
    with whole_unit(tmp_path_factory.mktemp("closed"), **told) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium per module: while it is open, no other test of this process can run an event loop."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def town(browser: Browser, unit: WholeUnit) -> Iterator[Town]:
    """People at the unit; whatever they do, their browsers report no fault."""
    with people_at(browser, unit) as people:
        yield people


@pytest.fixture
def closed_town(browser: Browser, closed_unit: WholeUnit) -> Iterator[Town]:
    with people_at(browser, closed_unit) as people:
        yield people


@pytest.fixture
def resident(town: Town) -> Resident:
    return town.resident()


@pytest.fixture
def therapist(town: Town) -> Therapist:
    return town.therapist("Aino")
