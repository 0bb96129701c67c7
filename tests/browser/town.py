"""Who is there: people with browsers of their own, at one unit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, StorageState

from contracts.base import Language
from tests.browser.people import DESKTOP, HEIGHT, PATIENCE_MS, PHONE, Person, Resident, Therapist
from tests.whole import WholeUnit

_sessions: dict[tuple[str, str], StorageState] = {}
"""Of therapists who have logged in at a unit: it holds for nine hours, and a login takes six pages."""


class Town:
    """People who come to a unit, each with a browser of their own.

    Args:
        browser: where their windows are opened.
        address: of the unit.
    """

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self._address = address
        self._contexts: list[BrowserContext] = []
        self.people: list[Person] = []

    def window(self, **told: Any) -> BrowserContext:
        """A browser with cookies of its own."""
        settings = {"base_url": self._address, "locale": "fi-FI", "timezone_id": "Europe/Helsinki"} | told
        context = self._browser.new_context(**settings)
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        return context

    def resident(
        self, *, language: Language = Language.FI, context: BrowserContext | None = None, **told: Any
    ) -> Resident:
        """A resident with a phone; with `context`, in a further window of a browser that is open already."""
        phone = {"viewport": {"width": PHONE, "height": HEIGHT}, "is_mobile": True, "has_touch": True}
        person = Resident((context or self.window(**(phone | told))).new_page(), language)
        self.people.append(person)
        return person

    def therapist(self, name: str = "", *, language: Language = Language.FI, **told: Any) -> Therapist:
        """A therapist with a desktop screen; logged in when named, once for all tests."""
        screen = {"viewport": {"width": DESKTOP, "height": HEIGHT}}
        session = _sessions.get((self._address, name))
        window = self.window(**(screen | told | ({"storage_state": session} if session else {})))
        person = Therapist(window.new_page(), language)
        self.people.append(person)
        if name and not session:
            person.logs_in(name)
            _sessions[self._address, name] = window.storage_state()
        return person

    def everybody_leaves(self) -> None:
        """Nobody waits behind a test that is over."""
        for person in self.people:
            if isinstance(person, Resident) and not person.page.is_closed():
                person.leaves()

    def close(self) -> list[str]:
        """Close every browser; returns what went wrong in them."""
        for context in self._contexts:
            context.close()
        return [fault for person in self.people for fault in person.faults]


@contextmanager
def people_at(browser: Browser, unit: WholeUnit) -> Iterator[Town]:
    """People at a unit; nobody stays in its queue, and whatever they do, their browsers report no fault."""
    town = Town(browser, unit.address)
    try:
        yield town
        town.everybody_leaves()
    finally:
        faults = town.close()
    assert not faults
