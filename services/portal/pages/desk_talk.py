"""A conversation at the desk: what was said, what the resident told beforehand, what the therapist does about it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from markupsafe import Markup
from pydantic import TypeAdapter, ValidationError

from chassis import Refused, Viewer
from chassis.phones import readable
from contracts.base import Language
from contracts.chat import MESSAGE_MAX, ConversationState, ConversationView, GetConversation, MessageView, Speaker
from contracts.demand import GetReason, ReasonCode, ReasonView
from contracts.intake import ContactView, DeclineReason, GetContact, GetPerson, PersonView, QuestionnaireView
from contracts.public import TroubleGroup
from contracts.scheduling import GetTimes, TimesView
from services.portal import acts, forms
from services.portal.case import messages
from services.portal.edge import Edge
from services.portal.forms import Form
from services.portal.pages.case import said
from services.portal.pages.desk import Me, Posted, alert_of, desk_page, in_place, place_of
from services.portal.pages.page import Page, edge_of, panel, safe, shown
from services.portal.pages.posted import answered
from services.portal.pages.stream import Change, last_seen, live
from services.portal.pages.weighed import Told, told
from services.portal.questionnaire import questionnaire
from services.portal.refusals import UNPROCESSABLE, status_of
from services.portal.sessions import Staff, staff

routes = APIRouter(prefix="/{language}/desk/conversation/{contact_id}")
_CODE: TypeAdapter[str] = TypeAdapter(ReasonCode)


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as its therapist sees it."""

    conversation: ConversationView
    mine: bool
    contact: ContactView | None
    times: TimesView | None
    trouble: str
    place: str
    flags: tuple[str, ...]
    """Red flags in words."""
    answers: tuple[Told, ...]
    """Every question with its answer, in words."""
    alert: str
    """Past which warning the person went on; empty: none."""

    @property
    def open(self) -> bool:
        return self.conversation.state is ConversationState.OPEN

    @property
    def queued(self) -> bool:
        return self.conversation.state is ConversationState.QUEUED

    @property
    def identified(self) -> bool:
        return self.conversation.identified or bool(self.contact and self.contact.identified)

    @property
    def too_young(self) -> bool:
        """Whether the person, who was routed first, has turned out too young on identifying."""
        return self.contact is not None and self.contact.declined is DeclineReason.TOO_YOUNG

    @property
    def offered(self) -> bool:
        return bool(self.times and self.times.offered)


async def _contact(edge: Edge, viewer: Viewer, contact_id: UUID) -> ContactView | None:
    try:
        return await edge.read(GetContact(contact_id=contact_id), viewer=viewer)
    except Refused:
        return None


async def _times(edge: Edge, viewer: Viewer, contact_id: UUID) -> TimesView | None:
    try:
        return await edge.read(GetTimes(contact_id=contact_id), viewer=viewer)
    except Refused:
        return None


async def person(edge: Edge, viewer: Viewer, contact_id: UUID) -> PersonView | None:
    """Who an identified resident is. Every read is audited, so a page reads it once."""
    try:
        return await edge.read(GetPerson(contact_id=contact_id), viewer=viewer)
    except Refused:
        return None


async def reason_of(edge: Edge, viewer: Viewer, contact_id: UUID) -> ReasonView | None:
    """Why a contact came; None while intake is away or has not decided about it."""
    try:
        return await edge.read(GetReason(contact_id=contact_id), viewer=viewer)
    except Refused:
        return None


async def _asked(edge: Edge, contact: ContactView | None, trouble: str, page: Page) -> QuestionnaireView | None:
    """The questionnaire the resident answered, in the words of its own version; else the one in force."""
    version = contact.trace.rules if contact and contact.trace else None
    try:
        return await questionnaire(edge.recall, page.t.language, trouble, version=version)
    except Refused:
        return None


def _flags(asked: QuestionnaireView, contact: ContactView | None, page: Page) -> tuple[str, ...]:
    texts = {one.code: one.text for one in asked.questions}
    return tuple(texts.get(code, page.t("desk.flag_unknown")) for code in (contact.flags if contact else ()))


async def look(edge: Edge, page: Page, viewer: Viewer, contact_id: UUID) -> Talk:
    """Ask everybody what the therapist needs to know.

    Raises:
        Refused: `unknown-conversation`, `service-unavailable`.
    """
    conversation, contact, times = await asyncio.gather(
        edge.read(GetConversation(contact_id=contact_id), viewer=viewer),
        _contact(edge, viewer, contact_id),
        _times(edge, viewer, contact_id),
    )
    asked = await _asked(edge, contact, conversation.trouble, page)
    names = {one.code: one.text for one in asked.troubles} if asked else {}
    mine = conversation.therapist_id == viewer.id
    return Talk(
        conversation,
        mine,
        contact,
        times,
        names.get(conversation.trouble, ""),
        in_place(edge, page, conversation.municipality, conversation.area),
        _flags(asked, contact, page) if asked else (),
        told(asked, contact, page.t) if asked and contact else (),
        alert_of(edge, page, conversation.alert, conversation.area),
    )


def panels_of(page: Page, talk: Talk, form: Form | None = None) -> dict[str, str]:
    return {
        "first": panel("desk/first.html", page, talk=talk),
        "about": panel("desk/about.html", page, talk=talk),
        "acts": panel("desk/acts.html", page, talk=talk),
        "write": panel("desk/write.html", page, talk=talk, form=form),
    }


def said_here(page: Page, message: MessageView) -> Markup:
    return said(page, message, Speaker.THERAPIST)


def _groups(page: Page) -> list[tuple[str, str]]:
    return [(group, page.t(f"reason.{group}")) for group in TroubleGroup]


async def _page(
    request: Request, page: Page, me: Staff, contact_id: UUID, form: Form | None = None, refused: str = ""
) -> Response:
    edge = edge_of(request)
    talk = await look(edge, page, me.viewer, contact_id)
    so_far = await messages(edge, me.viewer, talk.conversation, after=0)
    who = await person(edge, me.viewer, contact_id) if talk.identified else None
    reason = await reason_of(edge, me.viewer, contact_id)
    once = {  # and not with every change: each read is on record
        "person": panel("desk/person.html", page, person=who, readable=readable),
        "reason": panel("desk/reason.html", page, reason=reason, groups=_groups(page), form=form or Form()),
    }
    parts = safe({**panels_of(page, talk, form), **once})
    status = status_of(refused) if refused else UNPROCESSABLE if form and form.errors else 200
    return shown(
        "desk/conversation.html",
        page,
        status=status,
        talk=talk,
        panels=parts,
        known=who is not None,
        messages=so_far,
        last=so_far[-1].sequence if so_far else 0,
        said=lambda one: said_here(page, one),
        form=form or Form(),
        refused=refused,
        tab="desk",
    )


def _place(request: Request, language: Language, contact_id: UUID, me: Staff) -> Page:
    return place_of(request, language, f"/conversation/{contact_id}", me)


@routes.get("")
async def show(request: Request, language: Language, contact_id: UUID, me: Me) -> Response:
    return await _page(request, _place(request, language, contact_id, me), me, contact_id)


@routes.get("/live")
async def follow(
    request: Request, language: Language, contact_id: UUID, me: Me, person_known: bool = False
) -> StreamingResponse:
    edge = edge_of(request)
    after, who = last_seen(request), None

    async def change() -> Change:
        nonlocal after, who
        still = await staff(request)
        page = _place(request, language, contact_id, still)
        talk = await look(edge, page, still.viewer, contact_id)
        fresh = await messages(edge, still.viewer, talk.conversation, after=after)
        after = fresh[-1].sequence if fresh else after
        panels = panels_of(page, talk)
        if talk.identified and not person_known:
            who = who or await person(edge, still.viewer, contact_id)
            panels["person"] = panel("desk/person.html", page, person=who, readable=readable)
        return Change(tuple((one.sequence, said_here(page, one)) for one in fresh), panels)

    return live(request, me.session_id, change, contacts=(contact_id,), every=edge.knobs.reread_seconds)


class Act:
    """One act on the conversation page."""

    def __init__(self, request: Request, language: Language, contact_id: UUID, me: Me, form: Posted) -> None:
        self.edge, self.viewer, self.form, self.contact_id = edge_of(request), me.viewer, form, contact_id
        self.page = _place(request, language, contact_id, me)
        self._request, self._me = request, me

    async def again(self, refused: Refused | None = None) -> Response:
        """The page as it is now, with what was typed."""
        code = refused.code if refused else ""
        return await _page(self._request, self.page, self._me, self.contact_id, self.form, code)

    async def ends(self, act: Awaitable[object]) -> Response:
        """Do it and answer."""
        return await answered(self._request, act, to=f"{self.page.at}{self.page.path}", again=self.again)


Acting = Annotated[Act, Depends(Act)]


@routes.post("/messages")
async def say(act: Acting) -> Response:
    words = act.form["words"].strip()
    forms.must_hold(act.form, act.page.t, words=(words, MESSAGE_MAX))
    if act.form.errors:
        return await act.again()
    return await act.ends(acts.say(act.edge, act.viewer, act.contact_id, words, key=act.form.key))


@routes.post("/accept")
async def accept(request: Request, language: Language, me: Me, act: Acting) -> Response:
    async def again(refused: Refused) -> Response:
        return await desk_page(request, language, me, refused.code)  # who has it now is nobody else's to look at

    conversation_id = act.form.uuid("conversation_id", "unknown-conversation")
    accepted = acts.accept(act.edge, act.viewer, conversation_id, key=act.form.key)
    return await answered(request, accepted, to=f"{act.page.at}{act.page.path}", again=again)


@routes.post("/identify")
async def ask_identity(act: Acting) -> Response:
    return await act.ends(acts.ask_identity(act.edge, act.viewer, act.contact_id, key=act.form.key))


@routes.post("/offer")
async def offer_times(act: Acting) -> Response:
    return await act.ends(acts.offer_times(act.edge, act.viewer, act.contact_id, key=act.form.key))


@routes.post("/end")
async def end(act: Acting) -> Response:
    return await act.ends(acts.end(act.edge, act.viewer, act.contact_id, key=act.form.key))


@routes.post("/reason")
async def record_reason(act: Acting) -> Response:
    form, t = act.form, act.page.t
    code = form["code"].strip().upper() or None
    if form["reason"] not in set(TroubleGroup):
        form.errors["reason"] = t("error.reason")
    if code and not _is_code(code):
        form.errors["code"] = t("error.reason_code")
    if form.errors:
        return await act.again()
    reason = TroubleGroup(form["reason"])
    return await act.ends(acts.record_reason(act.edge, act.viewer, act.contact_id, reason, code, key=form.key))


def _is_code(typed: str) -> bool:
    try:
        _CODE.validate_python(typed)
    except ValidationError:
        return False
    return True
