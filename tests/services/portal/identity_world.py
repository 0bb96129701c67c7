"""The portal's identification against the stand-in provider, both real, with a browser in between.

Intake, another service, answers from a card.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from chassis import Refused, Service, Viewer, clock
from chassis.live import Hints
from chassis.seal import Sealer
from contracts.areas import load_areas
from contracts.intake import ContactView, GetContact
from contracts.referrals import GetWaitingReferrals, WaitingReferralsView
from services.portal import sessions
from services.portal.edge import Edge
from services.portal.identity import routes as identity
from services.portal.identity.wiring import install
from services.portal.models import PortalTable
from services.portal.practice.idp import Asked, StandIn
from services.portal.practice.people import TestPerson, residents, staff
from services.portal.settings import PortalSettings
from tests.unit import Unit, practice_settings

HOME = "http://127.0.0.1:8000"
IDP = f"{HOME}/practice/idp"


class Browser:
    """Keeps cookies, follows nothing by itself."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.cookies = httpx.Cookies()

    def get(self, url: str, **headers: str) -> httpx.Response:
        return self._send("GET", url, headers=headers)

    def post(self, url: str, form: dict[str, str]) -> httpx.Response:
        return self._send("POST", url, data=form)

    def _send(self, method: str, url: str, **more: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._world.app)
            async with httpx.AsyncClient(transport=transport, base_url=HOME, cookies=self.cookies) as client:
                response = await client.request(method, url, **more)
                self.cookies = client.cookies
                return response

        with clock.using(self._world.unit.clock):
            return asyncio.run(once())


class World:
    """A portal of its own in `folder`."""

    def __init__(self, folder: Path, stand_in: type[StandIn] = StandIn) -> None:
        settings = practice_settings(folder)
        self.unit = Unit(Service(name="portal", settings=settings, tables=PortalTable.metadata))
        self.contacts: dict[UUID, ContactView] = {}
        self.intake = Sealer(settings.keys_dir, "intake")
        self.edge = Edge(
            ask=self._ask,
            transact=self._transact,
            seal=self.unit.sealer.seal,
            hints=Hints(),
            areas=load_areas(settings.areas_dir, practice=True),
            clock=self.unit.clock,
            settings=settings,
            knobs=PortalSettings(),
        )
        self.app = FastAPI()
        self.app.state.edge = self.edge
        self.app.add_exception_handler(Refused, _refused)
        install(self.app, self.edge, stand_in)
        self.app.router.routes += identity.routes.routes
        self.browser = Browser(self)

    async def _ask(self, ask: Any, *, viewer: Viewer, key: str | None = None) -> Any:
        if isinstance(ask, GetWaitingReferrals):
            return WaitingReferralsView(referrals=())
        assert isinstance(ask, GetContact)
        if ask.contact_id not in self.contacts or not viewer.may_see(ask.contact_id, "10"):
            raise Refused("unknown-contact")
        return self.contacts[ask.contact_id]

    async def _transact(self, work: Callable[[Any], Any]) -> Any:
        return self.unit.transact(work)

    def do(self, work: Callable[[Any], Any]) -> Any:
        """One transaction of the portal, at the world's time."""
        with clock.using(self.unit.clock):
            return self.unit.transact(work)

    def has_a_contact(self, browser: Browser | None = None, **over: Any) -> UUID:
        """A resident's contact, known to intake and owned by the browser's session."""
        browser = browser or self.browser
        contact_id = uuid4()
        told = {"contact_id": contact_id, "area": "10", "municipality": "285"} | over
        self.contacts[contact_id] = ContactView.model_validate(_CONTACT | told)
        visitor = self.do(lambda tx: sessions.own(tx, sessions.open_visitor(tx), contact_id))
        browser.cookies.set("digi-visitor", visitor.secret, domain="127.0.0.1", path="/")
        return contact_id

    # The way to the provider and back

    def departs(self, contact_id: UUID, language: str = "fi") -> httpx.Response:
        return self.browser.get(f"/{language}/asia/{contact_id}/tunnistaudu")

    def chooses(self, departure: httpx.Response, person: TestPerson | None) -> str:
        """Pick somebody on the provider's page; returns where the browser is sent back to."""
        page = self.browser.get(departure.headers["location"])
        ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
        assert ticket, page.text
        chosen = self.browser.post(f"{IDP}/choose", {"ticket": ticket[1], "person": person.key if person else ""})
        return chosen.headers["location"]

    def way_back(self, contact_id: UUID, person: TestPerson | None = None) -> str:
        return self.chooses(self.departs(contact_id), person or self.resident())

    def identifies(self, contact_id: UUID, person: TestPerson | None = None) -> httpx.Response:
        return self.browser.get(self.way_back(contact_id, person))

    def logs_in(self, name: str = "Aino") -> httpx.Response:
        return self.browser.get(self.chooses(self.browser.get("/desk/login"), self.therapist(name)))

    def resident(self, age: int = 52) -> TestPerson:
        return next(one for one in residents(self.unit.clock().date()) if one.age == age)

    def therapist(self, name: str) -> TestPerson:
        return next(one for one in staff() if one.shown == name)

    def later(self, by: timedelta) -> None:
        self.unit.clock.advance(by)

    @property
    def told(self) -> list[Any]:
        return list(self.unit.told)


def saying(**over: Any) -> type[StandIn]:
    """A provider whose ID tokens say something else; a claim of None is left out."""

    class Saying(StandIn):
        def claims(self, granted: Asked) -> dict[str, Any]:
            told = super().claims(granted) | {
                name: value(self.clock()) if callable(value) else value for name, value in over.items()
            }
            return {name: value for name, value in told.items() if value is not None}

    return Saying


def query(url: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def code_of(response: httpx.Response) -> str:
    """The refusal a response carries; "" when it carries none."""
    return str(response.json()["code"]) if response.status_code == 409 else ""


async def _refused(_: Request, refused: Exception) -> JSONResponse:
    assert isinstance(refused, Refused)
    return JSONResponse({"code": refused.code}, 409)


_CONTACT = {
    "origin": "chat",
    "language": "fi",
    "trouble": "knee",
    "state": "routed",
    "route": "chat",
    "reasons": [],
    "declined": None,
    "outcome": None,
    "flags": [],
    "identified": False,
    "opened_at": "2026-11-24T08:00:00Z",
}
