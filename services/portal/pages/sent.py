"""The way in for whom a professional has sent: they identify, and choose a time. Nobody asks them anything again."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from contracts.base import Language
from services.portal import sessions
from services.portal.pages.page import edge_of, page_of, shown

routes = APIRouter(prefix="/{language}/lahete")


@routes.get("")
async def way_in(request: Request, language: Language, ei: str = "") -> Response:
    edge = edge_of(request)
    me = await sessions.guest(request)
    if me is None:
        me = await edge.transact(sessions.open_visitor)
    response = shown("sent.html", page_of(request, language, "/lahete", session=me), nothing=bool(ei))
    sessions.put_visitor(response, edge.settings, me)
    return response
