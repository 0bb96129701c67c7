"""Referrals at the desk: the form by which a professional sends a person, and what has become of those sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from chassis import Refused
from chassis.calendar import age_on, local_date
from chassis.phones import readable
from contracts import identity_code
from contracts.areas import Area
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
FIELDS = (
    *("kind", "person", "given_names", "family_name", "municipality", "phone", "language"),
    *("reason", "code", "checked", "urgency", "text", "unit", "role"),
)
"""In the order of the page."""
NEEDED = ("person", "family_name", "unit", "role")
"""Fields that are typed, and not left empty."""
BOUNDS = {"given_names": NAME_MAX, "text": MESSAGE_MAX}
"""Fields that may be left empty, and how long they may be."""
FIELD_OF = {
    "bad-personal-identity-code": "person",
    "test-personal-identity-code": "person",
    "too-young": "person",
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
    referral = referral_of(edge, me, form, page.t)
    if referral is None:
        return _form_page(request, language, me, form)
    try:
        sent = await sending.send_referral(edge, me.viewer, referral, key=form.key)
    except Refused as refused:
        field = FIELD_OF.get(refused.code)
        if field is None:
            return _form_page(request, language, me, form, refused.code)
        form.errors[field] = why_refused(page.t, refused.code, edge.areas.of_municipality(form["municipality"]))
        return _form_page(request, language, me, form)
    return RedirectResponse(f"/{language}/desk/referrals/{sent.referral_id}", status_code=SEE_OTHER)


def referral_of(edge: Edge, me: Staff, form: Form, t: Words) -> SendReferral | None:
    """The referral of a form; None, and each error beside its field, when anything is not as it should be."""
    phone = phone_number(form, "phone", t) if form["phone"].strip() else None
    must_hold(form, t, **{name: (form[name].strip(), NAME_MAX) for name in NEEDED})
    form.errors |= {name: t("error.long", n=most) for name, most in BOUNDS.items() if len(form[name]) > most}
    form.errors |= {name: t("error.pick") for name, values in PICKED.items() if form[name] not in values}
    area = edge.areas.of_municipality(form["municipality"])
    if area is None or area.code not in me.viewer.areas:
        form.errors["municipality"] = t("error.home")
    for refused in _would_be_refused(form, area, local_date(edge.clock())):
        form.errors.setdefault(FIELD_OF[refused], why_refused(t, refused, area))
    if form.errors:
        form.errors = {name: form.errors[name] for name in FIELDS if name in form.errors}
        return None
    told = {name: form[name] for name in FIELDS if name not in ("person", "checked")}
    return SendReferral.model_validate(
        told
        | {
            "personal_identity_code": _upper(form["person"]),
            "phone": phone,
            "code": _upper(form["code"]) or None,
            "red_flags_checked": form["checked"] == YES,
            "non_disclosure": form["non_disclosure"] == YES,
        }
    )


def _would_be_refused(form: Form, area: Area | None, today: date) -> Iterator[str]:
    """What intake would refuse one by one, so that it is told at once; intake decides all the same."""
    try:
        born = identity_code.birth_date(_upper(form["person"]), today=today)
    except ValueError:
        yield "bad-personal-identity-code"
    else:
        if area and age_on(born, today) < area.minimum_age:
            yield "too-young"
    if not form["phone"].strip() and (form["urgency"] == Urgency.URGENT or form["checked"] == NO):
        yield "phone-needed"
    if form["code"].strip() and not is_reason_code(_upper(form["code"])):
        yield "bad-reason-code"


def _upper(typed: str) -> str:
    return typed.strip().upper()


def why_refused(t: Words, code: str, area: Area | None) -> str:
    """A refusal in words; who is too young is told which place helps."""
    places = area.elsewhere if area else {}
    return places["too_young"].of(t.language) if code == "too-young" and "too_young" in places else t.refusal(code)


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
