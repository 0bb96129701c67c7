"""People without a personal identity code at the desk: who waits, and the page where a professional decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from chassis import Refused
from contracts.base import Ask, Language
from contracts.matching import (
    KEEPING_APART,
    LINKING,
    TAKING_BACK,
    CandidateView,
    FindCandidate,
    GetMatching,
    KeepApart,
    LinkPerson,
    MatchReason,
    ReopenMatch,
    UnmatchedView,
)
from services.portal import acts
from services.portal.edge import Edge
from services.portal.forms import Form
from services.portal.language import Words
from services.portal.pages.desk import Me, Posted, in_place, place_of
from services.portal.pages.page import Page, edge_of, shown
from services.portal.pages.posted import answered
from services.portal.refusals import UNPROCESSABLE, status_of
from services.portal.sessions import Staff

routes = APIRouter(prefix="/{language}/desk/matching")
FIELD_OF = {
    "bad-personal-identity-code": "person",
    "test-personal-identity-code": "person",
    "candidate-not-found": "person",
    "birth-dates-differ": "person",
}
"""Beside which field a refusal stands."""
CODE_MAX = 32


def _row(edge: Edge, page: Page, one: UnmatchedView) -> dict[str, Any]:
    return {"who": one, "place": in_place(edge, page, one.municipality, one.area)}


@routes.get("")
async def listed(request: Request, language: Language, me: Me) -> Response:
    edge, page = edge_of(request), place_of(request, language, "/matching", me)
    found = await edge.read(GetMatching(), viewer=me.viewer)
    waiting, decided = ([_row(edge, page, one) for one in each] for each in (found.waiting, found.decided))
    return shown("desk/matching.html", page, waiting=waiting, decided=decided, tab="")


def _reasons(t: Words, reasons: Iterable[MatchReason]) -> list[tuple[str, str]]:
    return [(one, t(f"matching.reason.{one}")) for one in reasons]


async def _one(
    request: Request,
    language: Language,
    contact_id: UUID,
    me: Staff,
    form: Form | None = None,
    *,
    refused: str = "",
    candidate: CandidateView | None = None,
) -> Response:
    edge, page = edge_of(request), place_of(request, language, f"/matching/{contact_id}", me)
    found = await edge.read(GetMatching(contact_id=contact_id), viewer=me.viewer)
    both = (*found.waiting, *found.decided)
    if not both:
        raise Refused("unknown-contact", "no such contact waits for this viewer")
    form = form or Form()
    return shown(
        "desk/match.html",
        page,
        status=status_of(refused) if refused else UNPROCESSABLE if form.errors else 200,
        **_row(edge, page, both[0]),
        candidate=candidate,
        linking=_reasons(page.t, LINKING),
        apart=_reasons(page.t, KEEPING_APART),
        back=_reasons(page.t, TAKING_BACK),
        form=form,
        refused=refused,
        tab="",
    )


@routes.get("/{contact_id}")
async def one(request: Request, language: Language, contact_id: UUID, me: Me) -> Response:
    return await _one(request, language, contact_id, me)


@routes.post("/{contact_id}/find")
async def find(request: Request, language: Language, contact_id: UUID, me: Me, form: Posted) -> Response:
    """A form that is posted, though it changes nothing: a code belongs in no address."""
    edge, t = edge_of(request), place_of(request, language, "", me).t
    ask = FindCandidate(contact_id=contact_id, personal_identity_code=_typed(form))
    try:
        found = await edge.ask(ask, viewer=me.viewer)
    except Refused as refused:
        return await _again(request, language, contact_id, me, form, refused)
    if found.candidate is None:
        form.errors["person"] = t.refusal("candidate-not-found")
    return await _one(request, language, contact_id, me, form, candidate=found.candidate)


@routes.post("/{contact_id}/link")
async def link(request: Request, language: Language, contact_id: UUID, me: Me, form: Posted) -> Response:
    def ask(reason: MatchReason) -> Ask[Any]:
        return LinkPerson(contact_id=contact_id, personal_identity_code=_typed(form), reason=reason)

    return await _decide(request, language, contact_id, me, form, ask)


@routes.post("/{contact_id}/apart")
async def keep_apart(request: Request, language: Language, contact_id: UUID, me: Me, form: Posted) -> Response:
    return await _decide(
        request, language, contact_id, me, form, lambda reason: KeepApart(contact_id=contact_id, reason=reason)
    )


@routes.post("/{contact_id}/reopen")
async def reopen(request: Request, language: Language, contact_id: UUID, me: Me, form: Posted) -> Response:
    return await _decide(
        request, language, contact_id, me, form, lambda reason: ReopenMatch(contact_id=contact_id, reason=reason)
    )


def _typed(form: Form) -> str:
    return form["person"].strip().upper()[:CODE_MAX]


async def _again(
    request: Request, language: Language, contact_id: UUID, me: Staff, form: Form, refused: Refused
) -> Response:
    field, t = FIELD_OF.get(refused.code), place_of(request, language, "", me).t
    if field is None:
        return await _one(request, language, contact_id, me, form, refused=refused.code)
    form.errors[field] = t.refusal(refused.code)
    return await _one(request, language, contact_id, me, form)


async def _decide(
    request: Request,
    language: Language,
    contact_id: UUID,
    me: Staff,
    form: Form,
    ask: Callable[[MatchReason], Ask[Any]],
) -> Response:
    async def again(refused: Refused) -> Response:
        return await _again(request, language, contact_id, me, form, refused)

    if form["reason"] not in set(MatchReason):
        return await again(Refused("reason-needed", "a decision rests on one of the listed grounds"))
    act = acts.decide_match(edge_of(request), me.viewer, ask(MatchReason(form["reason"])), key=form.key)
    return await answered(request, act, to=f"/{language}/desk/matching/{contact_id}", again=again)
