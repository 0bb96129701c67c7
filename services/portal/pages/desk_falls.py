"""Fall prevention at the desk: who waits, and one person's way from the form to the visit and onward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from chassis import Refused
from contracts.base import Language
from contracts.falls import (
    FallForm,
    FallFormsView,
    FallMeasuresView,
    FallPathwayView,
    FallRoute,
    FallRouteReason,
    FallRouteView,
    FallScreenView,
    FsqItem,
    GetFallWork,
    RecordFallMeasures,
)
from contracts.intake import ContactView, GetContact
from services.portal import falls
from services.portal.edge import Edge
from services.portal.forms import Form
from services.portal.language import Words
from services.portal.pages.desk import Me, Posted, in_place, place_of
from services.portal.pages.falls import shown_of
from services.portal.pages.page import Page, edge_of, shown
from services.portal.pages.posted import SEE_OTHER, answered
from services.portal.refusals import UNPROCESSABLE, status_of

routes = APIRouter(prefix="/{language}/desk/falls")

FIELD_OF = {
    "tug-out-of-range": "tug_seconds",
    "berg-out-of-range": "berg_points",
    "sppb-out-of-range": "sppb_points",
}
"""The field that a refusal of measures is about."""
NUMBERS = ("tug_seconds", "berg_points", "sppb_points")


@routes.get("")
async def work(request: Request, language: Language, me: Me) -> Response:
    """Who waits to be met, and who is due to be screened again."""
    edge, page = edge_of(request), place_of(request, language, "/falls", me)
    found = await edge.read(GetFallWork(), viewer=me.viewer)

    def listed(waiting: Sequence[Any]) -> list[tuple[Any, str]]:
        return [(one, in_place(edge, page, one.municipality, one.area)) for one in waiting]

    return shown(
        "desk/falls.html",
        page,
        to_meet=listed(found.to_meet),
        to_review=listed(found.to_review),
        refused="",
        tab="desk",
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One thing on the timeline: a form, measures, or a way onward."""

    at: datetime
    screen: FallScreenView | None = None
    measures: FallMeasuresView | None = None
    route: FallRouteView | None = None
    answers: tuple[tuple[str, str], ...] = ()
    """Questions and answers of the form in words, where they are still asked so."""


def timeline(found: FallPathwayView, forms: FallFormsView) -> list[Step]:
    """Everything that was done, newest first."""
    steps = [Step(one.screened_at, screen=one, answers=in_words(one, forms)) for one in found.screens]
    steps += [Step(one.recorded_at, measures=one) for one in found.measures]
    steps += [Step(one.chosen_at, route=one) for one in found.routes]
    return sorted(steps, key=lambda one: one.at, reverse=True)


def in_words(screen: FallScreenView, forms: FallFormsView) -> tuple[tuple[str, str], ...]:
    """What was asked and answered, in words; empty when the form has changed since."""
    asked = falls.form_of(forms, screen.form)
    if asked is None or screen.rules != forms.version:
        return ()
    given = {one.question: one.answer for one in screen.answers}
    return tuple(
        (one.text, next((option.text for option in one.options if option.code == given.get(one.code)), ""))
        for one in asked.questions
    )


class Person:
    """One contact's page of fall prevention: what every page below it needs."""

    def __init__(self, request: Request, language: Language, contact_id: UUID, me: Me) -> None:
        self.request, self.contact_id, self.me = request, contact_id, me
        self.edge: Edge = edge_of(request)
        self.page: Page = place_of(request, language, f"/falls/{contact_id}", me)

    @property
    def t(self) -> Words:
        return self.page.t

    @property
    def path(self) -> str:
        return f"{self.page.at}{self.page.path}"

    def below(self, path: str) -> Page:
        """A page below this one."""
        return place_of(self.request, self.t.language, f"/falls/{self.contact_id}{path}", self.me)

    async def contact(self) -> ContactView:
        return await self.edge.read(GetContact(contact_id=self.contact_id), viewer=self.me.viewer)

    async def forms(self) -> FallFormsView:
        return await falls.forms(self.edge, self.me.viewer, self.t.language)

    async def shown(self, refused: str = "") -> Response:
        contact, forms = await self.contact(), await self.forms()
        found = await falls.pathway(self.edge, self.me.viewer, self.contact_id, self.t.language)
        return shown(
            "desk/fall_pathway.html",
            self.page,
            status=status_of(refused) if refused else 200,
            place=in_place(self.edge, self.page, contact.municipality, contact.area),
            found=found,
            steps=timeline(found, forms),
            forms=forms.forms,
            scales=forms.fsq_scales,
            ways=[(one, self.t(f"falls.route.{one}")) for one in FallRoute],
            reasons=[(one, self.t(f"falls.reason.{one}")) for one in FallRouteReason],
            refused=refused,
            tab="desk",
        )


One = Annotated[Person, Depends(Person)]


@routes.get("/{contact_id}")
async def show(one: One) -> Response:
    return await one.shown()


@routes.post("/{contact_id}/route")
async def choose(one: One, form: Posted) -> Response:
    if form["route"] not in set(FallRoute) or form["reason"] not in set(FallRouteReason):
        raise Refused("not-valid", "a way onward and its reason are of the listed")
    act = falls.choose(
        one.edge,
        one.me.viewer,
        one.contact_id,
        FallRoute(form["route"]),
        FallRouteReason(form["reason"]),
        key=form.key,
    )
    return await answered(one.request, act, to=one.path, again=lambda refused: one.shown(refused.code))


# Filling in a form


def _screening(one: Person, forms: FallFormsView, kind: FallForm, form: Form, refused: str = "") -> Response:
    asked = falls.form_of(forms, kind)
    assert asked  # every version has every form
    return shown(
        "desk/fall_screen.html",
        one.below(f"/screen/{kind}"),
        status=status_of(refused) if refused else UNPROCESSABLE if form.errors else 200,
        back=one.path,
        kind=kind,
        questions=shown_of(asked),
        sources=[(source.code, source.text) for source in forms.sources],
        form=form,
        refused=refused,
        tab="desk",
    )


@routes.get("/{contact_id}/screen/{kind}")
async def screening(one: One, kind: FallForm) -> Response:
    await one.contact()
    return _screening(one, await one.forms(), kind, Form())


@routes.post("/{contact_id}/screen/{kind}")
async def screen(one: One, kind: FallForm, form: Posted) -> Response:
    contact, forms = await one.contact(), await one.forms()
    asked = falls.form_of(forms, kind)
    assert asked  # every version has every form
    answers = falls.answers_of(asked, form, one.t)
    if form["source"] not in {source.code for source in forms.sources}:
        form.errors["source"] = one.t.refusal("unknown-source")
    if form.errors:
        return _screening(one, forms, kind, form)
    filled = falls.Filled(contact.municipality, kind, forms.version, answers, form["source"])

    async def again(refused: Refused) -> Response:
        return _screening(one, forms, kind, form, refused.code)

    act = falls.fill_in(one.edge, one.me.viewer, one.contact_id, filled, key=form.key)
    return await answered(one.request, act, to=one.path, again=again)


# Measures


def _measuring(one: Person, forms: FallFormsView, form: Form, refused: str = "") -> Response:
    return shown(
        "desk/fall_measures.html",
        one.below("/measures"),
        status=status_of(refused) if refused else UNPROCESSABLE if form.errors else 200,
        back=one.path,
        scales=forms.fsq_scales,
        values=forms.fsq_answers,
        form=form,
        refused=refused,
        tab="desk",
    )


@routes.get("/{contact_id}/measures")
async def measuring(one: One) -> Response:
    await one.contact()
    return _measuring(one, await one.forms(), Form())


def measures_of(form: Form, forms: FallFormsView, contact_id: UUID, t: Words) -> RecordFallMeasures | None:
    """What was typed; None, and errors in the form, when something is no number. A decimal comma is one."""
    numbers = {name: number(form[name]) for name in NUMBERS if form[name].strip()}
    form.errors |= {name: t("falls.error.number") for name, value in numbers.items() if value is None}
    codes = [item.code for scale in forms.fsq_scales for item in scale.items]
    values = {str(one.value): one.value for one in forms.fsq_answers}
    items = tuple(FsqItem(code=code, value=values[form[code]]) for code in codes if form[code] in values)
    if form.errors:
        return None
    return RecordFallMeasures(contact_id=contact_id, fsq_items=items, **numbers)


def number(typed: str) -> Decimal | None:
    """A number as people write it; None when it is none."""
    try:
        value = Decimal(typed.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


@routes.post("/{contact_id}/measures")
async def measure(one: One, form: Posted) -> Response:
    forms = await one.forms()
    told = measures_of(form, forms, one.contact_id, one.t)
    if told is None:
        return _measuring(one, forms, form)
    try:
        await falls.measure(one.edge, one.me.viewer, told, key=form.key)
    except Refused as refused:
        if refused.code not in FIELD_OF:
            return _measuring(one, forms, form, refused.code)
        form.errors[FIELD_OF[refused.code]] = one.t.refusal(refused.code)
        return _measuring(one, forms, form)
    return RedirectResponse(one.path, status_code=SEE_OTHER)
