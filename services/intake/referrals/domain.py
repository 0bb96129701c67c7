"""The rules of referrals: whom the unit takes, where they go, what status follows which. Pure: values in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from chassis.calendar import age_on
from chassis.errors import Refused, Unprocessable
from contracts.areas import Area, Areas
from contracts.closings import Door
from contracts.demand import is_reason_code
from contracts.intake import Route, RouteReason
from contracts.portal import AgeBand
from contracts.referrals import ReferralStatus, SendReferral, Urgency
from services.intake.domain import YOUNGEST, Shut, outside
from services.intake.identity.domain import Identity, born

_ORDER: Final = tuple(ReferralStatus)
"""A status is never followed by an earlier one: facts may arrive in another order than they happened."""
LAST: Final = frozenset({ReferralStatus.COMPLETED, ReferralStatus.DECLINED})
"""Nothing follows these."""
GOES_ON: Final = frozenset({ReferralStatus.BOOKED, ReferralStatus.COMPLETED})
"""What may follow a matter that was closed: something more was begun about it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A referral that the unit takes."""

    area: Area
    person: Identity
    age_band: AgeBand
    route: Route
    reasons: tuple[RouteReason, ...]
    """Why the route, most important first."""
    site: str


def area_of(ask: SendReferral, areas: Areas, serves: Collection[str]) -> Area:
    """The county that a referral is for.

    Args:
        ask: what the professional sent.
        areas: the counties served here.
        serves: counties that the sender may send to.

    Raises:
        Refused: `unknown-municipality`; `other-municipality`: of a county the sender does not serve.
    """
    area = areas.of_municipality(ask.municipality)
    if area is None:
        raise Refused("unknown-municipality", "the municipality belongs to no county served here")
    if area.code not in serves:
        raise Refused("other-municipality", "the municipality belongs to a county that the sender does not serve")
    return area


def take(
    ask: SendReferral,
    area: Area,
    *,
    today: date,
    test_codes: bool,
    under: bool = False,
    shut: Shut = MappingProxyType({}),
) -> Taken:
    """Decide about a referral, before anything of it is kept.

    Args:
        ask: what the professional sent.
        area: the county it is for.
        today: the day in Finland.
        test_codes: whether test persons are taken (practice only).
        under: whether the person is under non-disclosure, as the professional says or as is known here.
        shut: doors that nobody can go by now, and why.

    Raises:
        Refused: `bad-personal-identity-code`, `test-personal-identity-code`; `too-young`; `unknown-site`;
            `bad-reason-code`; `phone-needed`.

    Source: rules 1-3, 30.
    """
    birth_date = _born(ask.personal_identity_code, today=today, test_codes=test_codes)
    if (age := age_on(birth_date, today)) < area.minimum_age:
        raise Refused("too-young", f"the unit of area {area.code} takes people from {area.minimum_age} years on")
    site = ask.site or area.site_of(ask.municipality)
    if site not in area.every_site:
        raise Refused("unknown-site", "the county has no such site")
    if ask.code is not None:
        _must_be_a_reason(ask.code)
    route, reasons = way(
        ask.urgency,
        red_flags_checked=ask.red_flags_checked,
        phone=ask.phone is not None,
        books_not=_books_not(ask, area, band_of(age), under=under, shut=shut),
    )
    person = Identity(ask.personal_identity_code, ask.family_name, ask.given_names, birth_date)
    return Taken(area, person, band_of(age), route, reasons, site)


def _books_not(ask: SendReferral, area: Area, age_band: AgeBand, *, under: bool, shut: Shut) -> RouteReason | None:
    """Why somebody picks no time by the page, by what the county has decided; None when they do (rule 9).

    A number is asked for what the professional has said themselves: else the refusal would tell what is known here. Who
    is known to be under non-disclosure and has none leaves a message, once they come. So does while booking is closed
    who has none; who can be called is called.
    """
    if under and (ask.non_disclosure or ask.phone) and not area.limits_of(Door.BOOKING).non_disclosure:
        return RouteReason.DOOR_CLOSED
    if ask.phone and Door.BOOKING in shut:
        return shut[Door.BOOKING]
    return outside(area, municipality=ask.municipality, age_band=age_band, language=ask.language).get(Door.BOOKING)


def way(
    urgency: Urgency, *, red_flags_checked: bool, phone: bool, books_not: RouteReason | None = None
) -> tuple[Route, tuple[RouteReason, ...]]:
    """Where a person goes whom a professional has sent, and why.

    A professional has met them, so nobody asks them again: they choose a remote time themselves (the OmaHoito rule).
    Two are called first by a physiotherapist, the same day: who is sent as urgent, for a time some days ahead is no
    help; and whose red flags nobody has looked for, for a time chosen alone would pass them by. So is whoever is not to
    pick a time by the page.

    Raises:
        Refused: `phone-needed`: somebody is to be called and there is no number.
    """
    why = [RouteReason.URGENT_REFERRAL] * (urgency is Urgency.URGENT)
    why += [RouteReason.RED_FLAGS_NOT_CHECKED] * (not red_flags_checked)
    why += [books_not] if books_not else []
    if not why:
        return Route.BOOKING, (RouteReason.CAME_BY_REFERRAL,)
    if not phone:
        raise Refused("phone-needed", "who is to be called first needs a phone number in their referral")
    return Route.CALLBACK, (*why, RouteReason.CAME_BY_REFERRAL)


def band_of(age: int) -> AgeBand:
    """The band of an age in years."""
    return max((band for band, youngest in YOUNGEST.items() if age >= youngest), key=lambda band: YOUNGEST[band])


def follows(status: ReferralStatus, later: ReferralStatus) -> bool:
    """Whether a status may become another one."""
    if status is ReferralStatus.CLOSED:
        return later in GOES_ON
    return status not in LAST and _ORDER.index(later) > _ORDER.index(status)


def must_go_on(status: ReferralStatus) -> None:
    """Let only a referral be given back that has not come to its end.

    Raises:
        Refused: `referral-over`.
    """
    if status in LAST:
        raise Refused("referral-over", "the person was met, or the referral was given back before")


def unknown_referral() -> Refused:
    """What is said of a referral that is not there, or not for this viewer."""
    return Refused("unknown-referral", "no such referral for this viewer")


def _born(code: str, *, today: date, test_codes: bool) -> date:
    try:
        return born(code, today=today, test_codes=test_codes)
    except Unprocessable as wrong:  # somebody waits for the answer: to them it is a no
        raise Refused(wrong.code, wrong.text) from None


def _must_be_a_reason(code: str) -> None:
    """Refuse what is no code of the musculoskeletal system. Source: rule 30."""
    if not is_reason_code(code):
        raise Refused("bad-reason-code", "expected ICPC-2 of chapter L, or ICD-10 of M00-M99 (L15, M17.1)")
