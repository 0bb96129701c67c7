"""Lists of the desk: promised calls, visits and free times, feedback. Reads of personal data are audited: few."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from chassis import Refused
from chassis.calendar import local_date
from chassis.phones import readable
from contracts.base import Language
from contracts.callbacks import CallbacksView, CallOutcome, GetCallbacks
from contracts.scheduling import GetCalendar, GetVisits, Modality, SlotView
from services.portal import acts, sessions
from services.portal.edge import Edge
from services.portal.forms import Form, day_of, number_of, time_of
from services.portal.language import Words
from services.portal.pages.desk import Me, Posted, alert_of, by_county, in_place, place_of, ratings
from services.portal.pages.desk_talk import person
from services.portal.pages.page import Page, edge_of, panel, safe, shown
from services.portal.pages.posted import answered
from services.portal.pages.stream import Change, live
from services.portal.refusals import UNPROCESSABLE, status_of
from services.portal.sessions import Staff

routes = APIRouter(prefix="/{language}/desk")

MODALITIES = (Modality.VIDEO, Modality.PHONE, Modality.NEAR)
"""Ways to meet that the form offers; which of them residents may book is for scheduling to say."""
COUNT_MAX = 20
MINUTES = (20, 30, 45, 60)


# Promised calls


def callbacks_panel(edge: Edge, page: Page, calls: CallbacksView) -> dict[str, str]:
    listed = [
        (
            one,
            in_place(edge, page, one.municipality, one.area),
            readable(one.phone) if one.phone else page.t("desk.non_disclosure"),
            alert_of(edge, page, one.alert, one.area),
        )
        for one in calls.callbacks
    ]
    return {"callbacks": panel("desk/callbacks.html", page, calls=listed, today=local_date(edge.clock()))}


async def _callbacks(request: Request, language: Language, me: Staff, refused: str = "") -> Response:
    edge, page = edge_of(request), place_of(request, language, "/callbacks", me)
    calls = await edge.read(GetCallbacks(), viewer=me.viewer)
    status = status_of(refused) if refused else 200
    parts = safe(callbacks_panel(edge, page, calls))
    return shown("desk/calls.html", page, status=status, panels=parts, refused=refused, tab="callbacks")


@routes.get("/callbacks")
async def callbacks(request: Request, language: Language, me: Me) -> Response:
    return await _callbacks(request, language, me)


@routes.get("/callbacks/live")
async def follow_callbacks(request: Request, language: Language, me: Me) -> StreamingResponse:
    edge = edge_of(request)

    async def change() -> Change:
        still = await sessions.staff(request)
        calls = await edge.read(GetCallbacks(), viewer=still.viewer)
        return Change(panels=callbacks_panel(edge, place_of(request, language, "/callbacks", still), calls))

    return live(request, me.session_id, change, every=edge.knobs.reread_personal_seconds)


@routes.post("/callbacks/{callback_id}")
async def record_call(request: Request, language: Language, callback_id: UUID, me: Me, form: Posted) -> Response:
    async def again(refused: Refused) -> Response:
        return await _callbacks(request, language, me, refused.code)

    if form["outcome"] not in set(CallOutcome):
        raise Refused("not-valid", "an outcome of a call is one of the listed")
    outcome = CallOutcome(form["outcome"])
    act = acts.record_call(edge_of(request), me.viewer, callback_id, outcome, key=form.key)
    return await answered(request, act, to=f"/{language}/desk/callbacks", again=again)


# Visits and free times


def by_day(slots: Sequence[SlotView]) -> list[tuple[date, list[SlotView]]]:
    """Free times under the local day they are on."""
    in_order = sorted(slots, key=lambda slot: slot.starts_at)
    return [(day, list(times)) for day, times in groupby(in_order, key=lambda slot: local_date(slot.starts_at))]


async def _calendar(
    request: Request, language: Language, me: Staff, form: Form | None = None, refused: str = ""
) -> Response:
    edge, page = edge_of(request), place_of(request, language, "/calendar", me)
    visits, calendar = await asyncio.gather(
        edge.read(GetVisits(), viewer=me.viewer), edge.read(GetCalendar(), viewer=me.viewer)
    )
    people = await asyncio.gather(*(person(edge, me.viewer, one.contact_id) for one in visits.visits))
    counties = [(code, edge.areas.area(code).names.of(language)) for code in sorted(me.viewer.areas)]
    blank = Form(
        {"on": "", "first": "09:00", "count": "4", "minutes": "45", "modality": "video", "area": counties[0][0]}
    )
    status = status_of(refused) if refused else UNPROCESSABLE if form and form.errors else 200
    return shown(
        "desk/calendar.html",
        page,
        status=status,
        visits=[(one, who, one.starts_at > edge.clock()) for one, who in zip(visits.visits, people, strict=True)],
        days=by_day(calendar.slots),
        free=len(calendar.slots),
        counties=counties,
        modalities=[(one, page.t(f"modality.{one}")) for one in MODALITIES],
        lengths=MINUTES,
        today=local_date(edge.clock()),
        form=form or blank,
        refused=refused,
        tab="calendar",
    )


@routes.get("/calendar")
async def calendar(request: Request, language: Language, me: Me) -> Response:
    return await _calendar(request, language, me)


def times_of(form: Form, me: Staff, t: Words, *, today: date) -> acts.Times | None:
    """The free times a form asks for; None, and errors in the form, when something is wrong."""
    on, first = day_of(form["on"]), time_of(form["first"])
    count, minutes = number_of(form["count"], COUNT_MAX), number_of(form["minutes"], max(MINUTES))
    if on is None or on < today:
        form.errors["on"] = t("error.on")
    if first is None:
        form.errors["first"] = t("error.first")
    if count is None:
        form.errors["count"] = t("error.count", n=COUNT_MAX)
    if minutes not in MINUTES:
        form.errors["minutes"] = t("error.minutes")
    if form["modality"] not in MODALITIES or form["area"] not in me.viewer.areas:
        form.errors["modality"] = t("error.modality")
    elif form["modality"] == Modality.NEAR and form["direct"] != "yes":
        form.errors["modality"] = t("error.near")  # nobody could pick it: people choose remote times
    if form.errors or on is None or first is None or count is None or minutes is None:
        return None
    return acts.Times(form["area"], Modality(form["modality"]), on, first, count, minutes, form["direct"] == "yes")


@routes.post("/calendar")
async def publish(request: Request, language: Language, me: Me, form: Posted) -> Response:
    async def again(refused: Refused) -> Response:
        return await _calendar(request, language, me, form, refused.code)

    edge, page = edge_of(request), place_of(request, language, "/calendar", me)
    times = times_of(form, me, page.t, today=local_date(edge.clock()))
    if times is None:
        return await _calendar(request, language, me, form)
    act = acts.publish_times(edge, me.viewer, times, key=form.key)
    return await answered(request, act, to=f"/{language}/desk/calendar", again=again)


@routes.post("/visits/{visit_id}/complete")
async def complete(request: Request, language: Language, visit_id: UUID, me: Me, form: Posted) -> Response:
    async def again(refused: Refused) -> Response:
        return await _calendar(request, language, me, refused=refused.code)

    early = form["held_early"] == "yes"
    act = acts.complete_visit(edge_of(request), me.viewer, visit_id, held_early=early, key=form.key)
    return await answered(request, act, to=f"/{language}/desk/calendar", again=again)


# Feedback


@routes.get("/feedback")
async def feedback(request: Request, language: Language, me: Me) -> Response:
    edge, page = edge_of(request), place_of(request, language, "/feedback", me)
    rated = by_county(edge, page, await ratings(edge, me.viewer))
    return shown("desk/feedback.html", page, ratings=rated, tab="feedback")
