"""How a client is reached, at the desk: shown on request, on record. And whether they are under non-disclosure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from uuid import UUID

from fastapi import APIRouter, Request, Response

from chassis import Refused, Viewer
from chassis.phones import readable
from contracts.base import Language
from contracts.intake import GetContact
from contracts.non_disclosure import GetCallNumber, GetContactDetails, SetNonDisclosure
from contracts.scheduling import GetTimes
from services.portal import acts
from services.portal.edge import Edge
from services.portal.forms import Form
from services.portal.pages.desk import Me, Posted, place_of
from services.portal.pages.page import edge_of, shown
from services.portal.pages.posted import answered
from services.portal.refusals import UNPROCESSABLE, status_of
from services.portal.sessions import Staff

routes = APIRouter(prefix="/{language}/desk/contact/{contact_id}")
YES, NO = "yes", "no"


async def _call_number(edge: Edge, viewer: Viewer, contact_id: UUID) -> str:
    """Where a promised call goes; empty when none is promised.

    Raises:
        Refused: `service-unavailable`: nobody may read that there is no number while nobody could be asked.
    """
    try:
        return (await edge.read(GetCallNumber(contact_id=contact_id), viewer=viewer)).phone
    except Refused as refused:
        if refused.code != "unknown-callback":
            raise
        return ""


async def _page(
    request: Request, language: Language, contact_id: UUID, me: Staff, form: Form | None = None, refused: str = ""
) -> Response:
    """What is asked here is on record: the page is opened to reach somebody."""
    edge, page = edge_of(request), place_of(request, language, f"/contact/{contact_id}", me)
    contact, details, left, times = await asyncio.gather(
        edge.read(GetContact(contact_id=contact_id), viewer=me.viewer),
        edge.read(GetContactDetails(contact_id=contact_id), viewer=me.viewer),
        _call_number(edge, me.viewer, contact_id),
        edge.read(GetTimes(contact_id=contact_id), viewer=me.viewer),
    )
    told = [("left", left), ("own", details.phone), ("referral", details.referral_phone)]
    numbers = {number: label for label, number in reversed(told) if number}
    return shown(
        "desk/contact.html",
        page,
        status=status_of(refused) if refused else UNPROCESSABLE if form and form.errors else 200,
        contact=contact,
        details=details,
        numbers=[(page.t(f"contact.number.{label}"), number, readable(number)) for number, label in numbers.items()],
        times=times,
        form=form or Form(),
        refused=refused,
        tab="",
    )


@routes.get("")
async def show(request: Request, language: Language, contact_id: UUID, me: Me) -> Response:
    return await _page(request, language, contact_id, me)


async def _change(
    request: Request, language: Language, contact_id: UUID, me: Staff, form: Form, act: Awaitable[object]
) -> Response:
    async def again(refused: Refused) -> Response:
        return await _page(request, language, contact_id, me, form, refused.code)

    return await answered(request, act, to=f"/{language}/desk/contact/{contact_id}", again=again)


@routes.post("/non-disclosure")
async def mark(request: Request, language: Language, contact_id: UUID, me: Me, form: Posted) -> Response:
    if form["in_force"] not in (YES, NO):
        raise Refused("not-valid", "non-disclosure is set or lifted")
    ask = SetNonDisclosure(contact_id=contact_id, in_force=form["in_force"] == YES)
    act = edge_of(request).ask(ask, viewer=me.viewer, key=form.key)
    return await _change(request, language, contact_id, me, form, act)


@routes.post("/book")
async def book(request: Request, language: Language, contact_id: UUID, me: Me, form: Posted) -> Response:
    """A time that was agreed on with the person, in the language they are served in."""
    edge, slot_id = edge_of(request), form.uuid("slot_id", "unknown-slot")
    contact = await edge.ask(GetContact(contact_id=contact_id), viewer=me.viewer)
    act = acts.book_together(edge, me.viewer, contact_id, slot_id, language=contact.language, key=form.key)
    return await _change(request, language, contact_id, me, form, act)
