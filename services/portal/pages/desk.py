"""The therapist's desk: who waits, which conversations are theirs, and how people have rated the unit. Live."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from chassis import Refused, Viewer
from contracts.base import Language
from contracts.chat import ConversationView, GetQueue, QueueView
from contracts.feedback import FeedbackView, GetFeedback
from contracts.portal import WarningShown
from services.portal import sessions
from services.portal.edge import Edge
from services.portal.forms import Form
from services.portal.language import preferred
from services.portal.pages.page import Page, edge_of, page_of, panel, safe, shown
from services.portal.pages.posted import posted_by_staff
from services.portal.pages.stream import Change, live
from services.portal.questionnaire import questionnaire
from services.portal.refusals import status_of
from services.portal.sessions import Staff

routes = APIRouter(prefix="/{language}/desk")
shortcuts = APIRouter(prefix="/desk")
Me = Annotated[Staff, Depends(sessions.staff)]
Posted = Annotated[Form, Depends(posted_by_staff)]

SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation on a list of the desk, in words."""

    conversation: ConversationView
    trouble: str
    place: str
    minutes: int
    """Since it was queued."""
    alert: str
    """Past which warning the person went on; empty: none."""


def place_of(request: Request, language: Language, path: str, me: Staff) -> Page:
    page = page_of(request, language, f"/desk{path}", session=me)
    return replace(page, staff_name=me.viewer.name, licensed=me.viewer.licensed)


def in_place(edge: Edge, page: Page, municipality: str, area: str) -> str:
    """A municipality by name; the county where the municipality is not known."""
    home = edge.areas.get(area)
    if home is None:
        return ""
    names = {one.code: one.names for one in home.municipalities}
    return names.get(municipality, home.names).of(page.t.language)


def alert_of(edge: Edge, page: Page, alert: WarningShown | None, area: str) -> str:
    """Past which warning somebody went on, in words, with the numbers of their county; empty: past none (rule 11)."""
    home = edge.areas.get(area)
    if alert is None or home is None:
        return ""
    return page.t(f"alert.{alert}", emergency=home.emergency_number, helpline=home.helpline)


async def troubles(edge: Edge, language: Language) -> Mapping[str, str]:
    """Every trouble in words; empty when intake is away: a desk without words is better than no desk."""
    try:
        return {one.code: one.text for one in (await questionnaire(edge.recall, language)).troubles}
    except Refused:
        return {}


def rows(edge: Edge, page: Page, of: tuple[ConversationView, ...], names: Mapping[str, str]) -> list[Row]:
    now = edge.clock()
    return [
        Row(
            one,
            names.get(one.trouble, ""),
            in_place(edge, page, one.municipality, one.area),
            max(0, int((now - one.queued_at).total_seconds()) // SECONDS_PER_MINUTE),
            alert_of(edge, page, one.alert, one.area),
        )
        for one in of
    ]


def panels_of(edge: Edge, page: Page, queue: QueueView, names: Mapping[str, str]) -> dict[str, str]:
    waiting = rows(edge, page, queue.waiting, names)
    mine = rows(edge, page, queue.mine, names)
    return {
        "queue": panel("desk/queue.html", page, rows=waiting),
        "mine": panel("desk/mine.html", page, rows=mine),
    }


async def ratings(edge: Edge, viewer: Viewer) -> dict[str, FeedbackView]:
    """Feedback by county, of those that answer."""

    async def of(area: str) -> tuple[str, FeedbackView | None]:
        try:
            return area, await edge.read(GetFeedback(area=area), viewer=viewer)
        except Refused:
            return area, None

    found = await asyncio.gather(*(of(area) for area in sorted(viewer.areas)))
    return {area: feedback for area, feedback in found if feedback}


def by_county(edge: Edge, page: Page, rated: Mapping[str, FeedbackView]) -> list[tuple[str, FeedbackView]]:
    return [(edge.areas.area(code).names.of(page.t.language), feedback) for code, feedback in rated.items()]


async def desk_page(request: Request, language: Language, me: Staff, refused: str = "") -> Response:
    edge, page = edge_of(request), place_of(request, language, "", me)
    queue, names, rated = await asyncio.gather(
        edge.read(GetQueue(), viewer=me.viewer), troubles(edge, language), ratings(edge, me.viewer)
    )
    parts, counties = safe(panels_of(edge, page, queue, names)), by_county(edge, page, rated)
    status = status_of(refused) if refused else 200
    return shown("desk/desk.html", page, status=status, panels=parts, ratings=counties, refused=refused, tab="desk")


@routes.get("")
async def show(request: Request, language: Language, me: Me) -> Response:
    return await desk_page(request, language, me)


@routes.get("/live")
async def follow(request: Request, language: Language, me: Me) -> StreamingResponse:
    edge = edge_of(request)
    names = await troubles(edge, language)

    async def change() -> Change:
        still = await sessions.staff(request)
        queue = await edge.read(GetQueue(), viewer=still.viewer)
        return Change(panels=panels_of(edge, place_of(request, language, "", still), queue, names))

    areas = tuple(me.viewer.areas)
    return live(request, me.session_id, change, areas=areas, every=edge.knobs.reread_seconds)


@shortcuts.get("")
@shortcuts.get("/{rest:path}")
async def shortcut(request: Request, rest: str = "") -> Response:
    """A desk address without a language leads to the browser's."""
    language = preferred(request.headers.get("accept-language", ""))
    return RedirectResponse(f"/{language}/desk/{rest}".rstrip("/"), status_code=303)
