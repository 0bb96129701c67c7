"""The way in: front page, safety page, emergency page."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from chassis import Refused
from contracts.areas import Area, Municipality
from contracts.areas import counties as every_county
from contracts.base import Language
from contracts.chat import ChannelView
from contracts.closings import Door
from contracts.intake import FOUND_BY_MAX, ContactView, FoundTroubles, GetContact, QuestionnaireView
from contracts.portal import Origin, WarningShown
from services.portal import sessions
from services.portal.doors import Doors, Notice, channel_of, doors_of, notice
from services.portal.edge import Edge
from services.portal.forms import Form
from services.portal.language import Words, preferred, words
from services.portal.pages.page import edge_of, page_of, shown
from services.portal.questionnaire import questionnaire
from services.portal.refusals import UNPROCESSABLE

routes = APIRouter()
Word = Annotated[str, Query(max_length=64)]


MOST_YOURS = 3
"""How many contacts of a session the front page leads back to."""
OTHER_COUNTY = "muu"
"""In place of a municipality: one of a county that is not served here."""
WARNED_COOKIE = "warned"
"""Remembers the emergency page in the browser alone: what to do in danger is shown whoever is away, databases too."""


@dataclass(frozen=True, slots=True)
class County:
    """A county on the front page: where it is, whether its chat is open."""

    name: str
    municipalities: tuple[Municipality, ...]
    state: str
    """open, closed, or unknown when the chat service is away."""
    hours: list[tuple[str, str]]
    notice: Notice
    closes: str = ""
    opens: str = ""


def county(area: Area, channel: ChannelView | None, doors: Doors, t: Words) -> County:
    """What the front page says of a county; its usual hours are known even when the chat service is away."""
    name, told = area.names.of(t.language), notice(doors, area, channel)
    if channel is None:
        usual = [(one.weekday, f"{one.opens:%H:%M}", f"{one.closes:%H:%M}") for one in area.chat.periods]
        return County(name, area.municipalities, "unknown", t.hours(usual), told)
    shut = told.closed.get(Door.CHAT)
    is_open = channel.open and not shut
    opens_at = shut.opens_at if shut else channel.opens_at
    return County(
        name,
        area.municipalities,
        "open" if is_open else "closed",
        [] if channel.practice else t.hours(channel.hours),
        told,
        closes=t.clock(channel.closes_at) if is_open and channel.closes_at else "",
        opens=t.on_day_time(opens_at) if opens_at and not is_open else "",
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """Where somebody lives and what troubles them: what the way in carries along in its address."""

    area: Area
    municipality: Municipality
    trouble: str
    origin: Origin
    merged: str = ""
    """The municipality of old they named: since then part of this one."""

    @property
    def query(self) -> str:
        return query_of(self.municipality.code, self.trouble, self.origin)


def query_of(municipality: str, trouble: str, origin: Origin) -> str:
    """What the way in carries along; the door only where it is not the chat's."""
    door = {"tapa": origin.value} if origin is Origin.BOOKING else {}
    return "?" + urlencode({"kunta": municipality, "vaiva": trouble} | door)


def door_of(form: Form) -> Origin:
    """The door that was picked: booking, or the chat, where one can leave a message too."""
    return Origin.BOOKING if form["tapa"] == Origin.BOOKING else Origin.CHAT


def picked(kunta: Word = "", vaiva: Word = "", tapa: Word = "") -> Form:
    """What the address carries along."""
    return Form({"kunta": kunta, "vaiva": vaiva, "tapa": tapa})


Picked = Annotated[Form, Depends(picked)]


def wish_of(edge: Edge, asked: QuestionnaireView | None, form: Form, t: Words) -> Wish | None:
    """What was picked on the front page; None, and errors in the form, when something is missing.

    While intake is away (`asked` is None) nobody knows the troubles, and any is let pass.
    """
    merged = edge.areas.merged(form["kunta"])
    code = merged.into if merged else form["kunta"]
    area = edge.areas.of_municipality(code)
    if area is None:
        form.errors["kunta"] = t("error.municipality")
    if asked and form["vaiva"] not in {one.code for one in asked.troubles}:
        form.errors["vaiva"] = t("error.trouble")
    if area is None or form.errors:
        return None
    municipality = next(one for one in area.municipalities if one.code == code)
    return Wish(area, municipality, form["vaiva"], door_of(form), merged.names.of(t.language) if merged else "")


async def front_page(request: Request, language: Language, form: Form, found: FoundTroubles | None = None) -> Response:
    """The front page.

    Args:
        request: what it answers.
        language: of the page.
        form: what has been filled in, and what is wrong with it.
        found: what the person's own words may mean, best first; None when they have written none.
    """
    edge, t = edge_of(request), words(language)

    async def troubles() -> list[tuple[str, str]]:
        try:
            every = (await questionnaire(edge.read, language)).troubles
        except Refused:
            return []
        first = found.troubles if found else ()
        return [(one.code, one.text) for one in (*first, *(one for one in every if one not in first))]

    async def of(area: Area) -> County:
        channel, doors = await asyncio.gather(channel_of(edge, area.code), doors_of(edge, area.code))
        return county(area, channel, doors, t)

    picks, counties, yours = await asyncio.gather(
        troubles(), asyncio.gather(*(of(area) for area in edge.areas.values())), _yours(request)
    )
    page = page_of(request, language, "")
    status = UNPROCESSABLE if form.errors else 200
    places = [(one.name, one.municipalities) for one in counties]
    doors = [(one.value, t(f"front.way.{one}")) for one in (Origin.CHAT, Origin.BOOKING)]
    form.values = {**form.values, "tapa": door_of(form).value}
    matter = {
        "counties": counties,
        "places": places,
        "troubles": picks,
        "found": found,
        "yours": yours,
        "names": dict(picks),
        "most": FOUND_BY_MAX,
    }
    return shown("front.html", page, status=status, form=form, doors=doors, **matter)


async def _yours(request: Request) -> list[ContactView]:
    """What somebody has begun in this session, the latest first; intake away or no session: nothing."""
    me = await sessions.guest(request)
    if me is None:
        return []

    async def contact(contact_id: UUID) -> ContactView | None:
        try:
            return await edge_of(request).read(GetContact(contact_id=contact_id), viewer=me.viewer(contact_id))
        except Refused:
            return None

    told = await asyncio.gather(*(contact(one) for one in me.contacts))
    return sorted(filter(None, told), key=lambda one: one.opened_at, reverse=True)[:MOST_YOURS]


@routes.get("/")
async def root(request: Request) -> Response:
    return RedirectResponse(f"/{preferred(request.headers.get('accept-language', ''))}", status_code=303)


@routes.get("/{language}")
async def front(request: Request, language: Language, form: Picked) -> Response:
    return await front_page(request, language, form)


@routes.get("/{language}/ajanvaraus")
async def booking(request: Request, language: Language, kunta: Word = "", vaiva: Word = "") -> Response:
    """The way in for whoever wants a time: the same questions first."""
    return await front_page(request, language, picked(kunta, vaiva, Origin.BOOKING))


@routes.get("/{language}/muualla")
async def other_county(request: Request, language: Language) -> Response:
    """Where somebody turns who lives in a county that is not served here; what to do in danger first."""
    areas = edge_of(request).areas
    served = [one.names.of(language) for one in areas.values()]
    others = [one.names.of(language) for one in every_county() if one.code not in areas]
    return shown("elsewhere.html", page_of(request, language, "/muualla"), served=served, others=others)


@routes.get("/{language}/turvallisuus")
async def safety(request: Request, language: Language, form: Picked) -> Response:
    """What to do in danger stands here whoever is away; without intake, in place of the signs."""
    if form["kunta"] == OTHER_COUNTY:
        return RedirectResponse(f"/{language}/muualla", status_code=303)
    edge = edge_of(request)
    try:
        asked = await questionnaire(edge.read, language)
    except Refused:
        asked = None
    wish = wish_of(edge, asked, form, words(language))
    if wish is None:
        return await front_page(request, language, form)
    page = page_of(request, language, "/turvallisuus", query=wish.query, area=wish.area)
    return shown(
        "safety.html",
        page,
        merged=wish.merged,
        home=wish.municipality.names.of(language),
        signs=asked.safety_signs if asked else (),
    )


@routes.get("/{language}/hatatilanne")
async def emergency(request: Request, language: Language, form: Picked) -> Response:
    kunta, vaiva = form["kunta"], form["vaiva"]
    query = query_of(kunta, vaiva, door_of(form)) if kunta and vaiva else ""
    edge = edge_of(request)
    page = page_of(request, language, "/hatatilanne", query=query, area=edge.areas.of_municipality(kunta))
    try:
        signs = (await questionnaire(edge.recall, language)).safety_signs
    except Refused:
        signs = ()
    response = shown("emergency.html", page, signs=signs)
    sessions.put_cookie(response, edge.settings, WARNED_COOKIE, WarningShown.EMERGENCY_112)
    return response


def warned(request: Request) -> WarningShown | None:
    """The warning this browser was shown on its way in, and went on from."""
    told = request.cookies.get(sessions.cookie_name(edge_of(request).settings, WARNED_COOKIE))
    return WarningShown(told) if told in set(WarningShown) else None
