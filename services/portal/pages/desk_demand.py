"""Demand at the desk: why people come, where and when."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from chassis import Refused
from chassis.calendar import local_date
from contracts.areas import Area
from contracts.base import Language
from contracts.demand import DemandView, GetDemand
from contracts.portal import Origin
from contracts.public import TroubleGroup
from services.portal.edge import Edge
from services.portal.forms import Form
from services.portal.language import Words
from services.portal.pages.desk import Me, place_of
from services.portal.pages.front import Word
from services.portal.pages.page import edge_of, shown

routes = APIRouter(prefix="/{language}/desk")
PERIODS = (1, 4, 13, 26)
"""Weeks one can choose to look back, this one included."""
USUAL = 4


def asked_of(edge: Edge, area: str, form: Form) -> GetDemand:
    """What the form asks for; whatever it does not know is the usual."""
    weeks = int(form["weeks"]) if form["weeks"] in {str(each) for each in PERIODS} else USUAL
    today = local_date(edge.clock())
    first, last = (
        f"{year:04}-W{week:02}"
        for year, week, _ in ((today - timedelta(weeks=weeks - 1)).isocalendar(), today.isocalendar())
    )
    origin = Origin(form["door"]) if form["door"] in set(Origin) else None
    return GetDemand(area=area, first_week=first, last_week=last, origin=origin)


def table(demand: DemandView, area: Area, t: Words) -> tuple[list[str], list[tuple[str, list[int | None], int]]]:
    """Sites in words, and a row for each reason: its name, its cells, its sum."""
    names = area.every_site
    sites = list(demand.by_site)
    cells = {(one.reason, one.site): one.contacts for one in demand.table}
    rows = [
        (t(f"reason.{reason}"), [cells[reason, site] for site in sites], demand.by_reason[reason])
        for reason in TroubleGroup
    ]
    return [names[site].of(t.language) if site in names else t("demand.unknown_site") for site in sites], rows


@routes.get("/demand")
async def demand(
    request: Request, language: Language, me: Me, area: Word = "", weeks: Word = "", door: Word = ""
) -> Response:
    edge, page = edge_of(request), place_of(request, language, "/demand", me)
    mine = sorted(me.viewer.areas)
    county = edge.areas.area(area if area in mine else mine[0])
    asked = asked_of(edge, county.code, Form({"weeks": weeks, "door": door}))
    try:
        found = await edge.read(asked, viewer=me.viewer)
    except Refused:
        found = None
    sites, rows = table(found, county, page.t) if found else ([], [])
    return shown(
        "desk/demand.html",
        page,
        demand=found,
        asked=asked,
        weeks=weeks if weeks in {str(each) for each in PERIODS} else str(USUAL),
        periods=PERIODS,
        doors=list(Origin),
        counties=[(code, edge.areas.area(code).names.of(language)) for code in mine],
        county=county,
        sites=sites,
        rows=rows,
        tab="demand",
    )
