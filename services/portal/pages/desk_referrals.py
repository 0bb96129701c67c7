"""Referrals at the desk: the form by which a professional sends a person, and what has become of those sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from chassis import Refused
from chassis.phones import readable
from contracts import identity_code
from contracts.base import Language
from contracts.chat import MESSAGE_MAX
from contracts.demand import is_reason_code
from contracts.public import TroubleGroup
from contracts.referrals import (
    GetReferral,
    GetReferrals,
    ReferralKind,
    ReferralStatus,
    ReferralView,
    ReturnReason,
    SendReferral,
    Urgency,
)
from services.portal import sending
from services.portal.edge import Edge
from services.portal.forms import Form, must_hold, phone_number
from services.portal.language import LANGUAGES, Words
from services.portal.pages.desk import Me, Posted, in_place, place_of
from services.portal.pages.page import Page, edge_of, shown
from services.portal.pages.posted import SEE_OTHER, answered
from services.portal.refusals import UNPROCESSABLE, status_of
from services.portal.sessions import Staff

routes = APIRouter(prefix="/{language}/desk/referrals")
YES, NO = "yes", "no"
ENDED = frozenset({ReferralStatus.COMPLETED, ReferralStatus.DECLINED})
"""A referral of these is given back no more."""
NAME_MAX = 200
NEEDED = ("person", "family_name", "unit", "role")
"""Fields that are typed, and not left empty."""
FIELD_OF = {
    "bad-personal-identity-code": "person",
    "test-personal-identity-code": "person",
    "too-young": "person",
    "unknown-municipality": "municipality",
    "other-municipality": "municipality",
    "bad-reason-code": "code",
    "phone-needed": "phone",
}
"""Beside which field a refusal stands."""
PICKED: dict[str, frozenset[str]] = {
    "kind": frozenset(ReferralKind),
    "urgency": frozenset(Urgency),
    "reason": frozenset(TroubleGroup),
    "language": frozenset(Language),
    "checked": frozenset({YES, NO}),
}
"""Fields that one of a few is picked for."""


# The list


def _row(edge: Edge, page: Page, one: ReferralView) -> dict[str, Any]:
    return {"sent": one, "place": in_place(edge, page, one.municipality, one.area)}


@routes.get("")
async def listed(request: Request, language: Language, me: Me) -> Response:
    edge, page = edge_of(request), place_of(request, language, "/referrals", me)
    sent = await edge.read(GetReferrals(), viewer=me.viewer)
    return shown("desk/referrals.html", page, rows=[_row(edge, page, one) for one in sent.referrals], tab="")


# The form


def _form_page(request: Request, language: Language, me: Staff, form: Form, refused: str = "") -> Response:
    edge, page = edge_of(request), place_of(request, language, "/referrals/new", me)
    homes = [one for code in sorted(me.viewer.areas) for one in edge.areas.area(code).municipalities]
    status = status_of(refused) if refused else UNPROCESSABLE if form.errors else 200
    t = page.t
    return shown(
        "desk/referral_new.html",
        page,
        status=status,
        form=form,
        refused=refused,
        homes=[(one.code, one.names.of(language)) for one in homes],
        kinds=[(one, t(f"referral.kind.{one}")) for one in ReferralKind],
        urgencies=[(one, t(f"referral.urgency.{one}")) for one in Urgency],
        reasons=[(one, t(f"reason.{one}")) for one in TroubleGroup],
        languages=[(one, t(f"language.{one}")) for one in LANGUAGES],
        checks=[(YES, t("referral.checked.yes")), (NO, t("referral.checked.no"))],
        text_max=MESSAGE_MAX,
        tab="",
    )


@routes.get("/new")
async def new(request: Request, language: Language, me: Me) -> Response:
    return _form_page(request, language, me, Form({"language": language}))


@routes.post("/new")
async def send(request: Request, language: Language, me: Me, form: Posted) -> Response:
    edge, page = edge_of(request), place_of(request, language, "/referrals/new", me)
    referral = referral_of(form, page.t)
    if referral is None:
        return _form_page(request, language, me, form)
    try:
        sent = await sending.send_referral(edge, me.viewer, referral, key=form.key)
    except Refused as refused:
        field = FIELD_OF.get(refused.code)
        if field is None:
            return _form_page(request, language, me, form, refused.code)
        form.errors[field] = why_refused(edge, page.t, refused, form["municipality"])
        return _form_page(request, language, me, form)
    return RedirectResponse(f"/{language}/desk/referrals/{sent.referral_id}", status_code=SEE_OTHER)


def referral_of(form: Form, t: Words) -> SendReferral | None:
    """The referral of a form; None, and errors in the form, when something is missing or not what it should be."""
    phone = phone_number(form, "phone", t) if form["phone"].strip() else None
    must_hold(form, t, **{name: (form[name].strip(), NAME_MAX) for name in NEEDED})
    if len(form["text"]) > MESSAGE_MAX:
        form.errors["text"] = t("error.long", n=MESSAGE_MAX)
    for name in (name for name, values in PICKED.items() if form[name] not in values):
        form.errors[name] = t("error.pick")
    for name, wrong in _not_as_typed(form):
        form.errors.setdefault(name, t.refusal(wrong))
    if not form["municipality"]:
        form.errors["municipality"] = t("error.municipality")
    if form.errors:
        return None
    picked = {name: form[name] for name in PICKED if name != "checked"}
    typed = {name: form[name] for name in ("family_name", "given_names", "unit", "role", "text", "municipality")}
    told = {
        "personal_identity_code": form["person"].strip().upper(),
        "phone": phone,
        "code": form["code"].strip().upper() or None,
        "red_flags_checked": form["checked"] == YES,
        "non_disclosure": form["non_disclosure"] == YES,
    }
    try:
        return SendReferral.model_validate(picked | typed | told)
    except ValidationError:  # its text would quote what was typed
        form.errors["municipality"] = t("error.municipality")
        return None


def _not_as_typed(form: Form) -> Iterator[tuple[str, str]]:
    """Fields that cannot be what they should be, with the refusal they would meet: every one is told at once."""
    code = form["code"].strip().upper()
    if not identity_code.is_one(form["person"].strip().upper()):
        yield "person", "bad-personal-identity-code"
    if code and not is_reason_code(code):
        yield "code", "bad-reason-code"


def why_refused(edge: Edge, t: Words, refused: Refused, municipality: str) -> str:
    """A refusal in words; who is too young is told which place helps."""
    area = edge.areas.of_municipality(municipality)
    places = area.elsewhere if area else {}
    if refused.code == "too-young" and "too_young" in places:
        return places["too_young"].of(t.language)
    return t.refusal(refused.code)


# One of them


async def _one(
    request: Request, language: Language, referral_id: UUID, me: Staff, form: Form, refused: str = ""
) -> Response:
    edge, page = edge_of(request), place_of(request, language, f"/referrals/{referral_id}", me)
    sent = await edge.ask(GetReferral(referral_id=referral_id), viewer=me.viewer)
    return shown(
        "desk/referral.html",
        page,
        status=status_of(refused) if refused else UNPROCESSABLE if form.errors else 200,
        sent=sent,
        phone=readable(sent.phone) if sent.phone else "",
        place=_row(edge, page, sent)["place"],
        form=form,
        refused=refused,
        reasons=[(one, page.t(f"referral.returned.{one}")) for one in ReturnReason] if sent.status not in ENDED else (),
        tab="",
    )


@routes.get("/{referral_id}")
async def one(request: Request, language: Language, referral_id: UUID, me: Me) -> Response:
    return await _one(request, language, referral_id, me, Form())


@routes.post("/{referral_id}/return")
async def give_back(request: Request, language: Language, referral_id: UUID, me: Me, form: Posted) -> Response:
    if form["returned"] not in set(ReturnReason):
        form.errors["returned"] = place_of(request, language, "", me).t("error.pick")
        return await _one(request, language, referral_id, me, form)
    reason = ReturnReason(form["returned"])
    act = sending.return_referral(edge_of(request), me.viewer, referral_id, reason, key=form.key)

    async def again(refused: Refused) -> Response:
        return await _one(request, language, referral_id, me, form, refused.code)

    return await answered(request, act, to=f"/{language}/desk/referrals/{referral_id}", again=again)
