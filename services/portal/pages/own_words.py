"""What troubles somebody, in their own words: the front page again, with what they may mean first.

The words are posted, so that no address and no log of one has them, asked about, shown once in their field, and kept
nowhere. Words that name an emergency lead to where it says 112, whatever else they say; of another sign that cannot
wait, what to do comes before what they may mean.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from chassis import Refused
from contracts.base import Language
from contracts.intake import FOUND_BY_MAX, FindTroubles, TriageOutcome
from services.portal.edge import PASSER_BY
from services.portal.forms import Form, must_hold, read_form
from services.portal.guard import must_be_our_origin
from services.portal.language import words
from services.portal.pages.front import front_page
from services.portal.pages.page import edge_of
from services.portal.pages.posted import SEE_OTHER

routes = APIRouter(prefix="/{language}/omin-sanoin")


@routes.get("")
async def begin(language: Language) -> Response:
    """Whoever comes here by an address has written nothing yet."""
    return RedirectResponse(f"/{language}", status_code=SEE_OTHER)


@routes.post("")
async def find(request: Request, language: Language) -> Response:
    """Nothing is changed, so nobody needs a session; a page of another site still may not ask."""
    must_be_our_origin(request)
    posted = await read_form(request)
    form = Form({"words": posted["words"].strip(), "tapa": posted["tapa"]})
    must_hold(form, words(language), words=(form["words"], FOUND_BY_MAX))
    if form.errors:
        return await front_page(request, language, form)
    try:
        found = await edge_of(request).read(FindTroubles(language=language, words=form["words"]), viewer=PASSER_BY)
    except Refused:
        return await front_page(request, language, form)
    if found.alert is TriageOutcome.EMERGENCY_112:
        return RedirectResponse(f"/{language}/hatatilanne", status_code=SEE_OTHER)
    return await front_page(request, language, form, found)
