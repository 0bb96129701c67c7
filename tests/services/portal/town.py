"""A whole unit without the bus: the real portal before the real services, facts carried between them one by one."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from chassis import Refused, Service, Viewer, clock
from chassis.live import Hints
from contracts.areas import load_areas
from contracts.base import Ask
from services.chat import app as chat
from services.feedback import app as feedback
from services.intake import app as intake
from services.portal import sessions
from services.portal.app import pages
from services.portal.edge import Edge
from services.portal.models import PortalTable
from services.portal.practice.people import residents
from services.portal.settings import PortalSettings
from services.scheduling import app as scheduling
from tests.factories import AINO
from tests.unit import START, Unit, practice_settings

HOME = "http://127.0.0.1:8000"
HOUSE = re.compile(r'name="(csrf|key|version)" value="([^"]+)"')


class Browser:
    """Keeps cookies, follows nothing by itself, remembers the last page."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.cookies = httpx.Cookies()
        self.page = ""

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        """Post a form as the last page's: with its token and a one-time key of it, unless the form brings its own."""
        hidden = dict(reversed(HOUSE.findall(self.page)))
        return self.send("POST", path, data=hidden | (form or {}), headers={"origin": HOME} | headers)

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._town.app)
            async with httpx.AsyncClient(transport=transport, base_url=HOME, cookies=self.cookies) as client:
                response = await client.request(method, path, **more)
                self.cookies = client.cookies
                return response

        with clock.using(self._town.clock):
            response = asyncio.run(once())
        if response.headers.get("content-type", "").startswith("text/html"):
            self.page = response.text
        self._town.carry()
        return response


class Town:
    """The portal, intake, chat, scheduling and feedback, each with its own database in `folder`."""

    def __init__(self, folder: Path, *, always_open: bool = True) -> None:
        settings = practice_settings(folder, practice_hours=always_open)
        self.clock = clock.SetClock(START)
        portal = Service(name="portal", settings=settings, tables=PortalTable.metadata)
        services = [portal, *(one.build(settings) for one in (intake, chat, scheduling, feedback))]
        self.units = {service.name: Unit(service) for service in services}
        for unit in self.units.values():
            unit.clock = self.clock
        self.away: set[str] = set()
        """Services that do not answer."""
        self._carried: Counter[str] = Counter()
        self._versions: Counter[UUID] = Counter()
        self.edge = Edge(
            ask=self._ask,
            transact=self._transact,
            seal=self.units["portal"].sealer.seal,
            hints=Hints(),
            areas=load_areas(settings.areas_dir, practice=settings.always_open),
            clock=self.clock,
            settings=settings,
            knobs=PortalSettings(),
        )
        self.app = pages(self.edge)
        self.resident = Browser(self)

    def close(self) -> None:
        for unit in self.units.values():
            unit.close()

    async def _ask(self, ask: Ask[Any], *, viewer: Viewer, key: str | None = None) -> Any:
        if ask.asked.owner in self.away:
            raise Refused("service-unavailable", "away")
        return await asyncio.to_thread(self.units[ask.asked.owner].asks, ask, viewer=viewer, key=key)

    async def _transact(self, work: Callable[[Any], Any]) -> Any:
        return self.units["portal"].transact(work)

    def carry(self) -> None:
        """Carry every fact told to everybody who hears it, until nothing new is told."""
        moved = True
        while moved:
            moved = False
            for name, unit in self.units.items():
                for event in unit.told[self._carried[name] :]:
                    self._carried[name] += 1
                    self._versions[event.about] += 1
                    moved = True
                    for hearer in self.units.values():
                        if type(event) in hearer.service.handlers:
                            hearer.hears(event, version=self._versions[event.about])

    def told(self, kind: type[Any]) -> list[Any]:
        return self.units[kind.declared.owner].told_of(kind)

    # People

    def browser(self) -> Browser:
        return Browser(self)

    def comes_in(self, browser: Browser | None = None, *, municipality: str = "285", **answers: str) -> str:
        """A resident (of Kotka) with a knee answers the questionnaire; the path of the case page."""
        browser, asked = browser or self.resident, f"/fi/kysely?kunta={municipality}&vaiva=knee"
        browser.get(asked)
        response = browser.post(asked, filled(browser.page) | answers)
        assert response.status_code == 303, response.text
        return response.headers["location"]

    def therapist(self, *areas: str, licensed: bool = True) -> Browser:
        """Aino at her desk."""
        with clock.using(self.clock):
            who: dict[str, Any] = {"therapist_id": AINO, "name": "Aino", "licensed": licensed}
            opening = partial(sessions.open_staff, **who, areas=areas or ("10",))
            staff = self.units["portal"].transact(opening)
        browser = Browser(self)
        browser.cookies.set("digi-staff", staff.secret, domain="127.0.0.1", path="/")
        return browser

    def identifies(self, case: str, age: int = 52, browser: Browser | None = None) -> httpx.Response:
        """The test person of an age identifies for a case page, all the way to the stand-in provider and back."""
        browser = browser or self.resident
        leaving = browser.get(f"{case}/tunnistaudu").headers["location"]
        return browser.get(self.chooses(leaving, age, browser))

    def chooses(self, leaving: str, age: int, browser: Browser | None = None) -> str:
        """Pick the test person of an age on the provider's page; where the browser is sent back to."""
        browser = browser or self.resident
        browser.get(leaving)
        ticket = re.search(r'name="ticket" value="([^"]+)"', browser.page)
        assert ticket, browser.page
        person = next(one for one in residents(self.clock().date()) if one.age == age)
        choice = {"ticket": ticket[1], "person": person.key}
        chosen: str = browser.send("POST", "/practice/idp/choose", data=choice).headers["location"]
        return chosen

    def in_conversation(self, *, municipality: str = "285", area: str = "10") -> tuple[str, Browser, str]:
        """A resident and Aino in a conversation: path of the case page, her browser, path of her page."""
        case = self.comes_in(municipality=municipality)
        desk = self.therapist(area)
        desk.get("/fi/desk")
        talk = "/fi/desk/conversation/" + case.rpartition("/")[2]
        found = re.search(r'name="conversation_id" value="([^"]+)"', desk.page)
        assert found, desk.page
        assert desk.post(f"{talk}/accept", {"conversation_id": found[1]}).status_code == 303
        self.resident.get(case)
        desk.get(talk)
        return case, desk, talk


def filled(page: str, age: str = "23_74") -> dict[str, str]:
    """The questionnaire of a page answered without a red flag, the trouble neither new nor worse."""
    radios = re.findall(r'name="(q_[^"]+)" value="([^"]+)"', page)
    mild = {name: value for name, value in radios if value in ("no", "same")}
    return {"age": age} | dict(reversed(radios)) | mild


def picked(page: str) -> int:
    """How many questions have an answer on a page."""
    return len(re.findall(r'name="(?:age|q_[^"]+)"[^>]* checked>', page))


def new_key() -> str:
    return str(uuid4())
