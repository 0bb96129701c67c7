"""Cases at the desk: what is open, soonest owed first; one case whole, and what a professional changes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from chassis import Refused, Viewer
from contracts.base import Ask, Language
from contracts.cases import JoinContact, JoinGround, PartContact, PartReason
from contracts.due import CorrectDue, CorrectionReason
from contracts.overview import CaseContact, CaseView, GetCase, GetCases, OpenCase, OtherCase, Step
from contracts.overview import TimelineStep as Line
from contracts.portal import PromiseKind
from services.portal.edge import Edge
from services.portal.forms import Form
from services.portal.pages.desk import Me, Posted, alert_of, in_place, place_of, troubles
from services.portal.pages.desk_talk import person
from services.portal.pages.page import Page, edge_of, panel, safe, shown
from services.portal.pages.posted import answered
from services.portal.pages.weighed import Told, told
from services.portal.questionnaire import questionnaire
from services.portal.refusals import UNPROCESSABLE, status_of
from services.portal.sessions import Staff

E = TypeVar("E", bound=StrEnum)
routes = APIRouter(prefix="/{language}/desk/cases")
CORRECTS: Mapping[CorrectionReason, PromiseKind] = {
    CorrectionReason.NEW_OR_WORSE: PromiseKind.ASSESSMENT,
    CorrectionReason.SAME_AS_BEFORE: PromiseKind.ADVICE,
    CorrectionReason.BY_PLAN: PromiseKind.ADVICE,
    CorrectionReason.AIDS_OR_ADVICE: PromiseKind.ADVICE,
}
"""What a contact needs when that is the reason: nobody is asked twice."""
PARTS = (PartReason.MISTAKE, PartReason.OTHER_MATTER)
"""Reasons a professional has; the others are not theirs to give."""
SAID_BY = {
    Step.OPENED: "origin",
    Step.REFERRED: "referral.kind",
    Step.TRIAGED: "outcome",
    Step.ROUTED: "route",
    Step.DECLINED: "declined",
    Step.JOINED: "joined.ground",
    Step.PARTED: "parted.reason",
    Step.CORRECTED: "correction",
    Step.DUE_KEPT: "due",
    Step.DUE_LIFTED: "due",
    Step.DUE_SET: "due",
    Step.DUE_WARNED: "due",
    Step.DUE_MISSED: "due",
    Step.REFERRAL_CHANGED: "referral.status",
    Step.CLOSED: "ending",
}
"""Under which words the detail of a step stands."""
MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """An open case on the list, in words."""

    case: OpenCase
    trouble: str
    place: str


@dataclass(frozen=True, slots=True)
class Member:
    """A contact of the case, in words."""

    of: CaseContact
    place: str
    alert: str
    answers: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Another case that could be the same matter, in words."""

    of: OtherCase
    place: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A case as its page shows it."""

    case: CaseView
    trouble: str
    members: tuple[Member, ...]
    others: tuple[Choice, ...]

    @property
    def newest(self) -> CaseContact:
        """The contact that is joined and corrected: what came before it has been settled."""
        return self.case.contacts[-1]


@routes.get("")
async def listed(
    request: Request, language: Language, me: Me, sivu: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1
) -> Response:
    edge, page = edge_of(request), place_of(request, language, "/cases", me)
    found, names = await asyncio.gather(edge.read(GetCases(page=sivu), viewer=me.viewer), troubles(edge, language))
    rows = [
        Row(one, names.get(one.trouble, ""), in_place(edge, page, one.municipality, one.area)) for one in found.cases
    ]
    return shown("desk/cases.html", page, rows=rows, number=sivu, more=found.more, tab="cases")


@routes.get("/{contact_id}")
async def one(request: Request, language: Language, contact_id: UUID, me: Me) -> Response:
    return await _page(request, language, contact_id, me)


async def _page(
    request: Request, language: Language, contact_id: UUID, me: Staff, form: Form | None = None, refused: str = ""
) -> Response:
    edge, page = edge_of(request), place_of(request, language, f"/cases/{contact_id}", me)
    whole = await _look(edge, page, me.viewer, contact_id)
    known = whole.case.identified
    who = await person(edge, me.viewer, known) if known else None
    return shown(
        "desk/case.html",
        page,
        status=status_of(refused) if refused else UNPROCESSABLE if form and form.errors else 200,
        whole=whole,
        place=in_place(edge, page, whole.newest.contact.municipality, whole.case.area),
        panels=safe({"person": panel("desk/person.html", page, person=who)}),
        history=[(one, _detail(page, one)) for one in reversed(whole.case.timeline)],
        corrections=[(reason, page.t(f"correction.{reason}")) for reason in CORRECTS],
        parts=[(reason, page.t(f"parted.reason.{reason}")) for reason in PARTS],
        form=form or Form(),
        refused=refused,
        tab="cases",
    )


async def _look(edge: Edge, page: Page, viewer: Viewer, contact_id: UUID) -> Whole:
    """Ask intake for the case, and for the words of what was answered.

    Raises:
        Refused: `unknown-contact`, `service-unavailable`.
    """
    case, names = await asyncio.gather(
        edge.read(GetCase(contact_id=contact_id), viewer=viewer), troubles(edge, page.t.language)
    )
    members = await asyncio.gather(*(_member(edge, page, one) for one in case.contacts))
    others = tuple(Choice(one, in_place(edge, page, one.municipality, case.area)) for one in case.others)
    return Whole(case, names.get(case.trouble, ""), tuple(members), others)


async def _member(edge: Edge, page: Page, one: CaseContact) -> Member:
    contact = one.contact
    place, alert = in_place(edge, page, contact.municipality, contact.area), _alert(edge, page, one)
    if contact.trace is None:
        return Member(one, place, alert, ())
    try:
        asked = await questionnaire(edge.recall, page.t.language, contact.trouble, version=contact.trace.rules)
    except Refused:
        return Member(one, place, alert, ())
    return Member(one, place, alert, told(asked, contact, page.t))


def _alert(edge: Edge, page: Page, one: CaseContact) -> str:
    return alert_of(edge, page, one.contact.alert, one.contact.area)


def _detail(page: Page, line: Line) -> str:
    """What a step of the history is about, in words; empty where the step says it all."""
    prefix = SAID_BY.get(line.step)
    return page.t(f"{prefix}.{line.detail}") if prefix and line.detail else ""


@routes.post("/{contact_id}/join")
async def join(request: Request, language: Language, contact_id: UUID, me: Me, form: Posted) -> Response:
    if not form["case"]:
        form.errors["case"] = place_of(request, language, "", me).t("cases.pick")
        return await _page(request, language, contact_id, me, form)
    case_id = form.uuid("case", "unknown-case")
    said = JoinGround.CLIENT_SAID  # where both are identified as one person, intake puts that before it
    ask = JoinContact(contact_id=contact_id, case_id=case_id, ground=said)
    return await _change(request, language, me, form, ask)


@routes.post("/{contact_id}/part")
async def part(request: Request, language: Language, contact_id: UUID, me: Me, form: Posted) -> Response:
    reason = _picked(form, PARTS)
    return await _change(request, language, me, form, PartContact(contact_id=contact_id, reason=reason))


@routes.post("/{contact_id}/correct")
async def correct(request: Request, language: Language, contact_id: UUID, me: Me, form: Posted) -> Response:
    """Rules 14 and 16: what the answers led to, corrected by a professional with a reason."""
    reason = _picked(form, CORRECTS)
    ask = CorrectDue(contact_id=contact_id, kind=CORRECTS[reason], reason=reason)
    return await _change(request, language, me, form, ask)


def _picked(form: Form, offered: Iterable[E]) -> E:
    """The reason picked in a list; one that is not on it comes from no form of ours."""
    for one in offered:
        if form["reason"] == one:
            return one
    raise Refused("not-valid", "a reason is one of the listed")


async def _change(request: Request, language: Language, me: Staff, form: Form, ask: Ask[Any]) -> Response:
    contact_id: UUID = ask.contact_id  # type: ignore[attr-defined]  # each of the three is about one

    async def again(refused: Refused) -> Response:
        return await _page(request, language, contact_id, me, form, refused.code)

    act = edge_of(request).ask(ask, viewer=me.viewer, key=form.key)
    return await answered(request, act, to=f"/{language}/desk/cases/{contact_id}", again=again)
