"""The questions that are left: of who came with some answers from elsewhere. What was answered is not asked again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from chassis import Refused
from contracts.base import Language
from contracts.intake import ContactView, GetContact, QuestionnaireView
from services.portal import acts, sessions
from services.portal.edge import Edge
from services.portal.forms import Form
from services.portal.pages.page import edge_of, page_of, shown
from services.portal.pages.posted import SEE_OTHER, posted_by_visitor
from services.portal.pages.questions import given, shown_question
from services.portal.questionnaire import remaining
from services.portal.refusals import UNPROCESSABLE, status_of
from services.portal.sessions import Visitor

routes = APIRouter(prefix="/{language}/asia/{contact_id}/kysymykset")
Me = Annotated[Visitor, Depends(sessions.visitor)]


async def _asked(
    edge: Edge, me: Visitor, contact_id: UUID, language: Language
) -> tuple[ContactView, QuestionnaireView]:
    contact = await edge.ask(GetContact(contact_id=contact_id), viewer=me.viewer(contact_id))
    return contact, await remaining(edge.ask, language, contact)


def _page(
    request: Request, me: Visitor, contact: ContactView, asked: QuestionnaireView, form: Form, refused: str = ""
) -> Response:
    edge, language = edge_of(request), Language(request.path_params["language"])
    path = f"/asia/{contact.contact_id}/kysymykset"
    area = edge.areas.area(contact.area)
    status = status_of(refused) if refused else UNPROCESSABLE if form.errors else 200
    return shown(
        "remaining.html",
        page_of(request, language, path, session=me, area=area),
        status=status,
        form=form,
        refused=refused,
        signs=asked.safety_signs,
        questions=[shown_question(one) for one in asked.questions],
        trouble=next((one.text for one in asked.troubles if one.code == contact.trouble), ""),
        case=f"/{language}/asia/{contact.contact_id}",
    )


@routes.get("")
async def ask(request: Request, language: Language, contact_id: UUID, me: Me) -> Response:
    contact, asked = await _asked(edge_of(request), me, contact_id, language)
    if not asked.questions:
        return RedirectResponse(f"/{language}/asia/{contact_id}", status_code=SEE_OTHER)
    return _page(request, me, contact, asked, Form())


@routes.post("")
async def answer(
    request: Request,
    language: Language,
    contact_id: UUID,
    me: Me,
    form: Annotated[Form, Depends(posted_by_visitor)],
) -> Response:
    edge, case = edge_of(request), f"/{language}/asia/{contact_id}"
    contact, asked = await _asked(edge, me, contact_id, language)
    if not asked.questions:
        return RedirectResponse(case, status_code=SEE_OTHER)
    answers = given(asked, form, page_of(request, language, "").t, first=1)
    if form.errors:
        return _page(request, me, contact, asked, form)
    try:
        await acts.answer_rest(edge, contact, answers)
    except Refused as refused:
        return _page(request, me, contact, asked, form, refused.code)
    return RedirectResponse(case, status_code=SEE_OTHER)
