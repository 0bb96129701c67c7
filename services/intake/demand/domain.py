"""The rules of demand: how contacts are counted, and what of it is shown to whom. Pure: values in, tables out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from chassis.errors import Refused
from contracts.demand import MOST_WEEKS, DemandCell, DemandSum, DemandView
from contracts.public import Destination, TroubleGroup

FEWEST_SHOWN: Final = 5
"""Contacts a cell needs to be shown outside the unit. Source: rule 38."""

Sums = Mapping[tuple[TroubleGroup, str], int]
"""Contacts by reason and site."""


@dataclass(frozen=True, slots=True)
class Counted:
    """So many contacts of one reason at one site in one week."""

    reason: TroubleGroup
    site: str
    week: str
    contacts: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What is counted: a county's weeks, both included, and its sites in their order."""

    area: str
    first_week: str
    last_week: str
    sites: Sequence[str]


@dataclass(frozen=True, slots=True)
class Spared:
    """Contacts whose reason a professional has coded, and how many of them no physician had to see."""

    coded: int
    without_physician: int


MET_HERE: Final = frozenset(Destination) - {Destination.ELSEWHERE, Destination.DECLINED}
"""Where contacts go that the unit meets itself."""


def iso_week(day: date) -> str:
    """The week a local day belongs to, Monday to Sunday: "2023-W47". Source: ISO 8601."""
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"


def monday_of(week: str) -> date:
    """The first day of a week.

    Raises:
        Refused: `unknown-week`: its year has no such week.
    """
    year, number = week.split("-W")
    try:
        return date.fromisocalendar(int(year), int(number), 1)
    except ValueError:
        raise Refused("unknown-week", "the year has no week of this number") from None


def must_be_few_weeks(first_week: str, last_week: str) -> None:
    """Let only so many weeks be asked for as fit into one answer.

    Raises:
        Refused: `weeks-reversed`, `too-many-weeks`; `unknown-week`.
    """
    first, last = monday_of(first_week), monday_of(last_week)
    if last < first:
        raise Refused("weeks-reversed", "the last week comes before the first")
    if last - first >= timedelta(weeks=MOST_WEEKS):
        raise Refused("too-many-weeks", f"expected at most {MOST_WEEKS} weeks")


def within_the_unit(asked: Asked, counted: Iterable[Counted], spared: Spared) -> DemandView:
    """The whole demand, every cell and both margins: for those who plan the work."""
    cells = sorted(counted, key=lambda one: (one.week, tuple(TroubleGroup).index(one.reason), one.site))
    sums = _summed(cells)
    return _view(
        asked,
        sums,
        shown=sums,
        cells=tuple(
            DemandCell(reason=one.reason, site=one.site, week=one.week, contacts=one.contacts) for one in cells
        ),
        coded=spared.coded,
        without_physician=spared.without_physician,
    )


def outside_the_unit(asked: Asked, counted: Iterable[Counted]) -> DemandView:
    """The same for everybody else: small cells are not shown, nor any sum they could be worked out from.

    Source: rule 38.
    """
    sums = _summed(counted)
    shown = {where: contacts for where, contacts in sums.items() if contacts >= FEWEST_SHOWN}
    return _view(asked, sums, shown=shown, cells=(), coded=None, without_physician=None)


def _summed(counted: Iterable[Counted]) -> dict[tuple[TroubleGroup, str], int]:
    sums: dict[tuple[TroubleGroup, str], int] = {}
    for one in counted:
        sums[one.reason, one.site] = sums.get((one.reason, one.site), 0) + one.contacts
    return sums


def _view(
    asked: Asked,
    sums: Sums,
    *,
    shown: Sums,
    cells: tuple[DemandCell, ...],
    coded: int | None,
    without_physician: int | None,
) -> DemandView:
    """Every site there is, and after them those that only somebody's contact names ("000")."""
    sites = [*asked.sites, *sorted({site for _, site in sums} - set(asked.sites))]

    def cell(reason: TroubleGroup, site: str) -> int | None:
        return shown.get((reason, site), None if (reason, site) in sums else 0)

    return DemandView(
        area=asked.area,
        first_week=asked.first_week,
        last_week=asked.last_week,
        cells=cells,
        table=tuple(
            DemandSum(reason=reason, site=site, contacts=cell(reason, site))
            for reason in TroubleGroup
            for site in sites
        ),
        by_reason={one: sum(n for (reason, _), n in shown.items() if reason is one) for one in TroubleGroup},
        by_site={one: sum(n for (_, site), n in shown.items() if site == one) for one in sites},
        total=sum(shown.values()),
        coded=coded,
        without_physician=without_physician,
    )
