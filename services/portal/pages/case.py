"""The case page: what is the case now and what the person does about it, for the session that opened the contact."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from markupsafe import Markup

from chassis import Refused
from contracts.base import Language
from contracts.callbacks import LeftMessage
from contracts.chat import MESSAGE_MAX, MessageView, Speaker
from contracts.feedback import TEXT_MAX, GiveFeedback
from contracts.portal import PromiseKind
from services.portal import acts, forms, sessions
from services.portal.case import Case, Stage, look
from services.portal.edge import Edge
from services.portal.forms import Form, email_address, phone_number
from services.portal.pages.page import Page, edge_of, page_of, panel, render, safe, shown
from services.portal.pages.posted import SEE_OTHER, answered, posted_by_visitor
from services.portal.pages.stream import Change, last_seen, live
from services.portal.refusals import UNPROCESSABLE, status_of
from services.portal.sessions import Visitor

routes = APIRouter(prefix="/{language}/asia/{contact_id}")
Me = Annotated[Visitor, Depends(sessions.visitor)]
Posted = Annotated[Form, Depends(posted_by_visitor)]

PANELS = ("status", "sent", "earlier", "record", "times", "talk", "falls", "feedback")
"""Parts of the page that change by themselves, from top to bottom; the log stands after the second."""
SCORES = frozenset(map(str, range(11)))
"""0-10, as a form sends them."""


def said(page: Page, message: MessageView, side: Speaker) -> Markup:
    """One message as HTML."""
    return Markup(render("message.html", page, message=message, side=side))  # noqa: S704  # rendered with autoescape


def panels_of(page: Page, case: Case, form: Form | None = None) -> dict[str, str]:
    """Every panel of the case page, by the name of its template."""
    return {name: panel(f"panels/{name}.html", page, case=case, form=form) for name in PANELS}


def case_page(
    edge: Edge, page: Page, case: Case, *, form: Form | None = None, refused: str = "", status: int = 200
) -> Response:
    if case.contact and case.contact.area in edge.areas:
        page = replace(page, area=edge.areas.area(case.contact.area))
    panels = safe(panels_of(page, case, form))
    matter = {"case": case, "panels": panels, "form": form or Form(), "refused": refused}
    return shown("case.html", page, status=status, said=lambda one: said(page, one, Speaker.RESIDENT), **matter)


def place(request: Request, language: Language, contact_id: UUID, me: Visitor) -> Page:
    return page_of(request, language, f"/asia/{contact_id}", session=me)


@routes.get("")
async def show(request: Request, language: Language, contact_id: UUID, me: Me) -> Response:
    edge = edge_of(request)
    case = await look(edge, me.viewer(contact_id), language, session=me.contacts)
    if case.stage is Stage.QUESTIONS:
        return RedirectResponse(f"/{language}/asia/{contact_id}/kysymykset", status_code=SEE_OTHER)
    return case_page(edge, place(request, language, contact_id, me), case)


@routes.get("/live")
async def follow(request: Request, language: Language, contact_id: UUID, me: Me) -> StreamingResponse:
    edge = edge_of(request)
    seen, after = Case(contact_id), last_seen(request)
    me.viewer(contact_id)

    async def change() -> Change:
        nonlocal seen, after
        still = await sessions.visitor(request)
        page = place(request, language, contact_id, still)
        mine, known = still.viewer(contact_id), seen.trouble
        seen = await look(edge, mine, language, after=after, trouble=known, session=still.contacts)
        after = max(after, seen.last_sequence)
        messages = tuple((one.sequence, said(page, one, Speaker.RESIDENT)) for one in seen.messages)
        return Change(messages, panels_of(page, seen))

    return live(request, me.session_id, change, contacts=(contact_id,), every=edge.knobs.reread_seconds)


class Act:
    """One act on the case page: done leads to the page; refused shows it again with everything that was typed."""

    def __init__(self, request: Request, language: Language, contact_id: UUID, me: Me, form: Posted) -> None:
        self.edge, self.form, self.me, self.viewer = edge_of(request), form, me, me.viewer(contact_id)
        self.page = place(request, language, contact_id, me)
        self.contact_id = contact_id
        self._request = request

    @property
    def language(self) -> Language:
        return self.page.t.language

    async def ends(self, act: Awaitable[object]) -> Response:
        """Do it and answer."""
        return await answered(self._request, act, to=f"{self.page.at}{self.page.path}", again=self.again)

    async def again(self, refused: Refused | None = None) -> Response:
        """The page as it is now, with the form as it was sent."""
        case = await look(self.edge, self.viewer, self.language, session=self.me.contacts)
        if refused is None:
            return case_page(self.edge, self.page, case, form=self.form, status=UNPROCESSABLE)
        code = refused.code
        return case_page(self.edge, self.page, case, form=self.form, refused=code, status=status_of(code))


Acting = Annotated[Act, Depends(Act)]


@routes.post("/go-on")
async def go_on(act: Acting) -> Response:
    return await act.ends(acts.pass_warning(act.edge, act.viewer))


@routes.post("/messages")
async def say(act: Acting) -> Response:
    words = act.form["words"].strip()
    forms.must_hold(act.form, act.page.t, words=(words, MESSAGE_MAX))
    if act.form.errors:
        return await act.again()
    return await act.ends(acts.say(act.edge, act.viewer, act.contact_id, words, key=act.form.key))


@routes.post("/end")
async def end(act: Acting) -> Response:
    return await act.ends(acts.end(act.edge, act.viewer, act.contact_id, key=act.form.key))


@routes.post("/continue")
async def continue_case(act: Acting) -> Response:
    case_id = act.form.uuid("case_id", "case-not-offered")
    return await act.ends(acts.continue_case(act.edge, act.me, act.contact_id, case_id, key=act.form.key))


@routes.post("/keep")
async def keep_new_case(act: Acting) -> Response:
    return await act.ends(acts.keep_new_case(act.edge, act.viewer, key=act.form.key))


@routes.post("/callback")
async def leave_message(act: Acting) -> Response:
    form, t = act.form, act.page.t
    phone = phone_number(form, "phone", t)
    forms.must_hold(form, t, words=(form["words"].strip(), MESSAGE_MAX))
    if form["kind"] not in set(PromiseKind):
        form.errors["kind"] = t("error.kind")
    if form.errors or phone is None:
        return await act.again()
    left = LeftMessage(phone=phone, words=form["words"])
    kind = PromiseKind(form["kind"])
    return await act.ends(acts.leave_message(act.edge, act.viewer, left, kind, key=form.key))


@routes.post("/earlier-text")
async def decide_earlier_text(act: Acting) -> Response:
    answer = {"yes": True, "no": False}.get(act.form["accepted"])
    if answer is None:
        raise Refused("not-valid", "expected yes or no")
    return await act.ends(acts.decide_earlier_text(act.edge, act.viewer, accepted=answer))


@routes.post("/hold")
async def hold(act: Acting) -> Response:
    slot_id = act.form.uuid("slot_id", "unknown-slot")
    return await act.ends(acts.hold(act.edge, act.viewer, slot_id, key=act.form.key))


@routes.post("/booking")
async def book(act: Acting) -> Response:
    form = act.form
    email = email_address(form["email"])
    if form["email"].strip() and email is None:
        form.errors["email"] = act.page.t("error.email")
        return await act.again()
    hold_id = form.uuid("hold_id", "hold-expired")
    return await act.ends(acts.book(act.edge, act.viewer, hold_id, email=email, language=act.language, key=form.key))


@routes.post("/feedback")
async def give_feedback(act: Acting) -> Response:
    form, t = act.form, act.page.t
    if form["recommend"] not in SCORES:
        form.errors["recommend"] = t("error.recommend")
    if len(form["text"]) > TEXT_MAX:
        form.errors["text"] = t("error.long", n=TEXT_MAX)
    if form.errors:
        return await act.again()
    answer = GiveFeedback(
        invitation_id=form.uuid("invitation_id", "unknown-invitation"),
        contact_id=act.contact_id,
        language=act.language,
        recommend=int(form["recommend"]),
        useful={"yes": True, "no": False}.get(form["useful"]),
        text=form["text"],
    )
    return await act.ends(acts.give_feedback(act.edge, act.viewer, answer, key=form.key))
