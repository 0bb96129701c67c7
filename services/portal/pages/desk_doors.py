"""Doors at the desk: which are open, close one for a while, open it again, cap it for the day. Live."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import get_args

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from chassis import Refused
from chassis.calendar import HELSINKI, local_date
from contracts.base import Language
from contracts.closings import CAP_MAX, CloseDoor, ClosingReason, Door, DoorsView, GetDoors, ReopenDoor, SetCap
from services.portal import acts, sessions
from services.portal.edge import Edge
from services.portal.forms import Form, day_of, number_of, time_of
from services.portal.language import Words
from services.portal.pages.desk import Me, Posted, place_of
from services.portal.pages.page import Page, edge_of, panel, safe, shown
from services.portal.pages.posted import answered
from services.portal.pages.stream import Change, live
from services.portal.refusals import UNPROCESSABLE, status_of
from services.portal.sessions import Staff

routes = APIRouter(prefix="/{language}/desk/doors")
REASONS: tuple[ClosingReason, ...] = get_args(CloseDoor.model_fields["reason"].annotation)
"""Why staff close a door."""
USUAL_TIME = "08:00"


async def _read(edge: Edge, me: Staff) -> list[DoorsView]:
    asked = (edge.read(GetDoors(area=area), viewer=me.viewer) for area in sorted(me.viewer.areas))
    return list(await asyncio.gather(*asked))


def panels_of(edge: Edge, page: Page, found: list[DoorsView]) -> dict[str, str]:
    counties = [(one.area, edge.areas.area(one.area).names.of(page.t.language), one.doors) for one in found]
    closed = sum(not door.open for one in found for door in one.doors)
    return {"doors": panel("desk/doors_now.html", page, counties=counties, closed=closed)}


async def _doors(
    request: Request, language: Language, me: Staff, form: Form | None = None, refused: str = ""
) -> Response:
    edge, page = edge_of(request), place_of(request, language, "/doors", me)
    parts = safe(panels_of(edge, page, await _read(edge, me)))
    counties = [(code, edge.areas.area(code).names.of(language)) for code in sorted(me.viewer.areas)]
    today = local_date(edge.clock())
    most_days = max(edge.areas.area(code).closing_most_days for code in me.viewer.areas)
    blank = Form({"on": (today + timedelta(days=1)).isoformat(), "at": USUAL_TIME, "area": counties[0][0]})
    return shown(
        "desk/doors.html",
        page,
        status=status_of(refused) if refused else UNPROCESSABLE if form and form.errors else 200,
        panels=parts,
        counties=counties,
        doors=list(Door),
        reasons=[(one, page.t(f"closed.reason.{one}")) for one in REASONS],
        today=today,
        last=today + timedelta(days=most_days),
        most=CAP_MAX,
        form=form or blank,
        refused=refused,
        tab="doors",
    )


@routes.get("")
async def show(request: Request, language: Language, me: Me) -> Response:
    return await _doors(request, language, me)


@routes.get("/live")
async def follow(request: Request, language: Language, me: Me) -> StreamingResponse:
    edge = edge_of(request)

    async def change() -> Change:
        still = await sessions.staff(request)
        found = await _read(edge, still)
        return Change(panels=panels_of(edge, place_of(request, language, "/doors", still), found))

    areas = tuple(me.viewer.areas)
    return live(request, me.session_id, change, areas=areas, every=edge.knobs.reread_seconds)


def _door(form: Form, me: Staff, t: Words, name: str = "door") -> Door | None:
    """The door a form is about; None, and an error in the form, when it is none of a county of one's own."""
    if form[name] in set(Door) and form["area"] in me.viewer.areas:
        return Door(form[name])
    form.errors[name] = t("error.door")
    return None


def closing_of(form: Form, me: Staff, t: Words, *, today: date) -> CloseDoor | None:
    """What a form asks to close; None, and errors in the form, when something is wrong."""
    door, on, at = _door(form, me, t), day_of(form["on"]), time_of(form["at"])
    if form["reason"] not in REASONS:
        form.errors["reason"] = t("error.closing_reason")
    if on is None or on < today:
        form.errors["on"] = t("error.on")
    if at is None:
        form.errors["at"] = t("error.at")
    if form.errors or door is None or on is None or at is None:
        return None
    until = datetime.combine(on, at, tzinfo=HELSINKI).astimezone(UTC)
    return CloseDoor.model_validate({"area": form["area"], "door": door, "reason": form["reason"], "until": until})


def cap_of(form: Form, me: Staff, t: Words) -> SetCap | None:
    """The cap a form asks for, an empty one for none; None, and errors in the form, when something is wrong."""
    door, per_day = _door(form, me, t, "capped"), number_of(form["per_day"].strip(), CAP_MAX)
    if per_day is None and form["per_day"].strip():
        form.errors["per_day"] = t("error.cap", n=CAP_MAX)
    return None if form.errors or door is None else SetCap(area=form["area"], door=door, per_day=per_day)


@routes.post("/close")
async def close(request: Request, language: Language, me: Me, form: Posted) -> Response:
    async def again(refused: Refused) -> Response:
        return await _doors(request, language, me, form, refused.code)

    edge, page = edge_of(request), place_of(request, language, "/doors", me)
    closing = closing_of(form, me, page.t, today=local_date(edge.clock()))
    if closing is None:
        return await _doors(request, language, me, form)
    act = acts.close_door(edge, me.viewer, closing, key=form.key)
    return await answered(request, act, to=f"/{language}/desk/doors", again=again)


@routes.post("/cap")
async def cap(request: Request, language: Language, me: Me, form: Posted) -> Response:
    async def again(refused: Refused) -> Response:
        return await _doors(request, language, me, form, refused.code)

    edge, page = edge_of(request), place_of(request, language, "/doors", me)
    wanted = cap_of(form, me, page.t)
    if wanted is None:
        return await _doors(request, language, me, form)
    act = acts.set_cap(edge, me.viewer, wanted, key=form.key)
    return await answered(request, act, to=f"/{language}/desk/doors", again=again)


@routes.post("/open")
async def reopen(request: Request, language: Language, me: Me, form: Posted) -> Response:
    async def again(refused: Refused) -> Response:
        return await _doors(request, language, me, refused=refused.code)

    edge, page = edge_of(request), place_of(request, language, "/doors", me)
    door = _door(form, me, page.t)
    if door is None:
        return await _doors(request, language, me, form)
    act = acts.reopen_door(edge, me.viewer, ReopenDoor(area=form["area"], door=door), key=form.key)
    return await answered(request, act, to=f"/{language}/desk/doors", again=again)
