"""The fall screen for residents of 70 and 75: who, questions, what follows. Without a contact until they want one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from chassis import Refused
from contracts.areas import Area
from contracts.base import Language
from contracts.falls import FallFormsView, FallFormView
from services.portal import falls, sessions
from services.portal.edge import PASSER_BY, Edge
from services.portal.forms import Form
from services.portal.language import Words, words
from services.portal.pages.front import OTHER_COUNTY, Word
from services.portal.pages.page import edge_of, page_of, shown
from services.portal.pages.posted import SEE_OTHER, posted_by_visitor
from services.portal.refusals import UNPROCESSABLE, status_of
from services.portal.sessions import Opened, Visitor

routes = APIRouter(prefix="/{language}/kaatumisseula")
OTHER = "other"
"""An age that no form is for."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the way in carries along in its address: municipality, form, and the contact it is filled in for.

    Of a contact that has come in its own municipality counts, and none stands in the address.
    """

    kunta: Word = ""
    lomake: Word = ""
    asia: UUID | None = None

    @property
    def query(self) -> str:
        asia = {"asia": str(self.asia)} if self.asia else {}
        return "?" + urlencode({"kunta": self.kunta, "lomake": self.lomake} | asia)


InAddress = Annotated[Told, Depends()]


@dataclass(frozen=True, slots=True)
class Picked:
    """Where somebody lives, and the form of their age."""

    area: Area
    municipality: str
    asked: FallFormView
    rules: str


async def _home(edge: Edge, me: Visitor | None, told: Told) -> tuple[Area | None, str]:
    """Where somebody lives: as their contact has it, else as they have told."""
    mine = me.viewer(told.asia) if me and told.asia in me.contacts else None
    contact = await falls.come_in(edge, mine) if mine else None
    if contact:
        return edge.areas.area(contact.area), contact.municipality
    return edge.areas.of_municipality(told.kunta), told.kunta


async def picked(
    edge: Edge, me: Visitor | None, told: Told, found: FallFormsView, form: Form, t: Words
) -> Picked | None:
    """What was picked on the first page; None, and errors in the form, when something is missing."""
    (area, municipality), asked = await _home(edge, me, told), falls.form_of(found, form["lomake"])
    if area is None:
        form.errors["kunta"] = t("error.municipality")
    if asked is None and form["lomake"] != OTHER:
        form.errors["lomake"] = t("falls.error.age")
    return None if area is None or asked is None else Picked(area, municipality, asked, found.version)


async def _forms(request: Request, language: Language) -> FallFormsView:
    return await falls.forms(edge_of(request), PASSER_BY, language)


def _start(request: Request, language: Language, form: Form, found: FallFormsView) -> Response:
    t = words(language)
    ages = sorted((one.age_years, one.form) for one in found.forms)
    return shown(
        "falls/start.html",
        page_of(request, language, "/kaatumisseula"),
        status=UNPROCESSABLE if form.errors else 200,
        counties=[(one.names.of(language), one.municipalities) for one in edge_of(request).areas.values()],
        ages=[*((form, t("falls.years", age=age)) for age, form in ages), (OTHER, t("falls.other_age"))],
        form=form,
    )


@routes.get("")
async def start(request: Request, language: Language, told: InAddress) -> Response:
    form = Form({"kunta": told.kunta, "lomake": told.lomake})
    return _start(request, language, form, await _forms(request, language))


@routes.get("/kysymykset")
async def ask(request: Request, language: Language, told: InAddress) -> Response:
    if told.kunta == OTHER_COUNTY:
        return RedirectResponse(f"/{language}/muualla", status_code=SEE_OTHER)
    edge, form = edge_of(request), Form({"kunta": told.kunta, "lomake": told.lomake})
    found = await _forms(request, language)
    me = await sessions.guest(request)
    pick = await picked(edge, me, told, found, form, words(language))
    if pick is None and form.errors:
        return _start(request, language, form, found)
    if pick is None:
        return shown("falls/other.html", page_of(request, language, "/kaatumisseula/kysymykset", query=told.query))
    if me is None:
        me = await edge.transact(sessions.open_visitor)
    response = _questions(request, language, me, told, pick, Form())
    sessions.put_visitor(response, edge.settings, me)
    return response


def _questions(
    request: Request, language: Language, me: Opened, told: Told, pick: Picked, form: Form, refused: str = ""
) -> Response:
    status = status_of(refused) if refused else UNPROCESSABLE if form.errors else 200
    page = page_of(request, language, "/kaatumisseula/kysymykset", session=me, query=told.query, area=pick.area)
    return shown(
        "falls/questions.html", page, status=status, form=form, refused=refused, questions=shown_of(pick.asked)
    )


def shown_of(asked: FallFormView) -> list[dict[str, Any]]:
    """The questions as a page shows them."""
    return [
        {
            "code": falls.field_of(one.code),
            "text": one.text,
            "options": [(option.code, option.text) for option in one.options],
        }
        for one in asked.questions
    ]


Me = Annotated[Visitor, Depends(sessions.visitor)]
Posted = Annotated[Form, Depends(posted_by_visitor)]


@routes.post("/kysymykset")
async def answer(request: Request, language: Language, me: Me, form: Posted, told: InAddress) -> Response:
    edge, t = edge_of(request), words(language)
    found = await _forms(request, language)
    pick = await picked(edge, me, told, found, Form({"kunta": told.kunta, "lomake": told.lomake}), t)
    if pick is None:
        raise Refused("not-valid", "expected a municipality and a form of ours in the address")
    answers = falls.answers_of(pick.asked, form, t)
    if form.errors:
        return _questions(request, language, me, told, pick, form)
    mine, contact_id = (me, told.asia) if told.asia else await falls.begin(edge, me, key=form.key)
    filled = falls.Filled(pick.municipality, pick.asked.form, pick.rules, answers)
    try:
        await falls.fill_in(edge, mine.viewer(contact_id), contact_id, filled, key=form.key)
    except Refused as refused:
        return _questions(request, language, me, told, pick, form, refused.code)
    return RedirectResponse(f"/{language}/kaatumisseula/{contact_id}", status_code=SEE_OTHER)


@routes.get("/{contact_id}")
async def result(request: Request, language: Language, contact_id: UUID, me: Me) -> Response:
    """What follows from the newest form.

    Raises:
        Refused: `unknown-contact`: not this session's, or nothing is filled in.
    """
    edge, viewer = edge_of(request), me.viewer(contact_id)
    found = await falls.pathway(edge, viewer, contact_id, language)
    if not found.screens:
        raise Refused("unknown-contact", "no form is filled in for this contact")
    screen = found.screens[0]
    contact = await falls.come_in(edge, viewer)
    area = edge.areas.area(contact.area) if contact else edge.areas.of_municipality(screen.municipality)
    page = page_of(request, language, f"/kaatumisseula/{contact_id}", session=me, area=area)
    return shown("falls/result.html", page, screen=screen, has_come_in=contact is not None)


@routes.post("/{contact_id}/mukaan")
async def bring(request: Request, language: Language, contact_id: UUID, me: Me, form: Posted) -> Response:
    """Take the answers along and go on to the way in."""
    await falls.bring(edge_of(request), me, contact_id)
    query = "?" + urlencode({"kunta": form["kunta"]})
    return RedirectResponse(f"/{language}{query}", status_code=SEE_OTHER)
