"""The rules of intake: is a contact ours, and where does it go. What its answers mean is for triage to say.

Pure: values in, decision out. Time and ids are arguments.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from chassis.calendar import age_on
from chassis.errors import Refused
from contracts.areas import Area, Limits
from contracts.cases import Ending
from contracts.closings import Door
from contracts.intake import DeclineReason, Route, RouteReason, TriageOutcome
from contracts.non_disclosure import CONCEALED
from contracts.portal import AgeBand, ContactOpened, OnBehalf, Origin, WarningShown
from contracts.public import ContactCounted, Destination, TroubleGroup
from services.intake.triage.domain import Triage, triage, unanswered
from services.intake.triage.questionnaire import Questionnaire, Subject, most_severe

YOUNGEST: Final[Mapping[AgeBand, int]] = {
    AgeBand.UNDER_16: 0,
    AgeBand.FROM_16_TO_17: 16,
    AgeBand.FROM_18_TO_22: 18,
    AgeBand.FROM_23_TO_74: 23,
    AgeBand.FROM_75: 75,
}
"""Years that everybody in a band has turned."""

Shut = Mapping[Door, RouteReason]
"""Doors that nobody can go by now, and why."""

_CHAT_FIRST: Final = (Door.CHAT, Door.MESSAGE, Door.BOOKING)
_BOOKING_FIRST: Final = (Door.BOOKING, Door.CHAT, Door.MESSAGE)
_TALKS: Final = (Door.CHAT, Door.MESSAGE)
_ROUTE: Final = {Door.CHAT: Route.CHAT, Door.MESSAGE: Route.CALLBACK, Door.BOOKING: Route.BOOKING}


def eligibility(
    area: Area, *, municipality: str, age_band: AgeBand, on_behalf: OnBehalf | None = None
) -> DeclineReason | None:
    """Why the unit of an area cannot take a person; None when it can.

    Another municipality goes before age: its own county knows its own age limit. An unknown municipality ("000") is
    another one. A limit inside a band declines the whole band, for not everybody in it has turned that age. The age is
    the client's, whoever acts for them.
    Source: rule 2 and section 11 ("has turned", inclusive, per area).
    """
    if municipality not in {one.code for one in area.municipalities}:
        return DeclineReason.OTHER_MUNICIPALITY
    if YOUNGEST[age_band] < area.minimum_age:
        return DeclineReason.TOO_YOUNG
    if on_behalf and on_behalf not in area.acting_for:
        return DeclineReason.ACTING_FOR
    return None


def outside(
    area: Area,
    *,
    municipality: str,
    age_band: str,
    language: str,
    on_behalf: str | None = None,
    interpreter: str | None = None,
) -> Shut:
    """Lines of service that a county has limited and that are not for this person; another way is.

    A limit inside an age band shuts out the whole band, and a place that is forgotten (rule 9) shuts out nobody.
    """

    def fits(limits: Limits) -> bool:
        return (
            YOUNGEST[AgeBand(age_band)] >= (limits.minimum_age or 0)
            and (municipality == CONCEALED or municipality in (limits.municipalities or (municipality,)))
            and language in (limits.languages or (language,))
            and (limits.acting_for or on_behalf is None)
            and (limits.interpreter or interpreter is None)
        )

    return {door: RouteReason.OUTSIDE_LIMITS for door, limits in area.limits.items() if not fits(limits)}


def reasons_by_message(reasons: Iterable[str], why: RouteReason) -> tuple[RouteReason, ...]:
    """Why somebody leaves a message who was to pick a time, once it has turned out that they are not to."""
    left = [RouteReason(one) for one in reasons if one != RouteReason.CAME_BY_BOOKING]
    return tuple(dict.fromkeys([why, *left]))


def is_too_young(area: Area, birth_date: date, day: date) -> bool:
    """Whether somebody whose birth date is known has not turned the county's minimum age by a local day (rule 2)."""
    return age_on(birth_date, day) < area.minimum_age


@dataclass(frozen=True, slots=True)
class Routed:
    """Ours, and where it goes next."""

    triage: Triage
    route: Route
    reasons: tuple[RouteReason, ...]
    """Why, most important first."""
    alert: WarningShown | None = None
    """The warning the person went on from."""


@dataclass(frozen=True, slots=True)
class Declined:
    """Not ours."""

    triage: Triage | None
    """Weighed all the same: the page that declines must still say 112. None when the questionnaire is unknown."""
    reason: DeclineReason


def group(questionnaire: Questionnaire | None, trouble: str) -> TroubleGroup:
    """What a trouble is counted under, in the version that was answered."""
    subject = questionnaire.trouble(trouble) if questionnaire else None
    return subject.group if subject else TroubleGroup.OTHER


def counted(
    fact: ContactOpened, decision: Routed | Declined, questionnaire: Questionnaire | None, *, place: str, day: date
) -> ContactCounted | None:
    """A decision without the person; None while they are still asked.

    `place` is the municipality that public statistics name.
    """
    if isinstance(decision, Routed) and decision.route is Route.QUESTIONS:
        return None
    return ContactCounted(
        area=fact.area,
        municipality=place,
        day=day,
        origin=fact.origin,
        trouble=group(questionnaire, fact.trouble),
        destination=Destination.DECLINED if isinstance(decision, Declined) else Destination(decision.route.value),
    )


def decide(area: Area, fact: ContactOpened, questionnaire: Questionnaire | None, *, shut: Shut) -> Routed | Declined:
    """Decide about a contact that has come in.

    Args:
        area: whose unit it came to.
        fact: what the front end told.
        questionnaire: the version that was answered; None when there is none such.
        shut: doors nobody can go by now.
    """
    reason = eligibility(area, municipality=fact.municipality, age_band=fact.age_band, on_behalf=fact.on_behalf)
    return Declined(_found(fact, questionnaire), reason) if reason else decide_ours(fact, questionnaire, shut=shut)


def decide_ours(fact: ContactOpened, questionnaire: Questionnaire | None, *, shut: Shut) -> Routed | Declined:
    """Decide about a contact that is known to be ours by what it has answered; its place may be forgotten by now.

    Args:
        fact: what the front end told, with all answers.
        questionnaire: as `decide`.
        shut: as `decide`.
    """
    found = _found(fact, questionnaire)
    if found is None:
        return Declined(None, DeclineReason.UNKNOWN_QUESTIONNAIRE)
    if found.unanswered:
        return Routed(found, Route.QUESTIONS, (RouteReason.ANSWERS_MISSING,))
    if fact.warned and not found.elsewhere:
        return went_on(found, fact.warned, shut=shut)
    return route(found, origin=fact.origin, shut=shut, on_behalf=fact.on_behalf)


def _found(fact: ContactOpened, questionnaire: Questionnaire | None) -> Triage | None:
    trouble = questionnaire.trouble(fact.trouble) if questionnaire else None
    return _weighed(fact, questionnaire, trouble) if questionnaire and trouble else None


def _weighed(fact: ContactOpened, questionnaire: Questionnaire, trouble: Subject) -> Triage:
    """The answers that came, weighed.

    Who comes from a symptom assessment elsewhere brings some answers and is asked for the others. Where those that came
    raise a red flag already, nobody waits: what was not asked counts as "don't know", as everywhere.
    Source: rules 10 and 11.
    """
    missing = unanswered(questionnaire, trouble, fact.answers) if fact.origin is Origin.OMAOLO else ()
    known = triage(questionnaire, trouble, fact.answers, assessed=fact.assessed, waiting=missing)
    if missing and not known.red:
        return replace(known, unanswered=missing)
    return triage(questionnaire, trouble, fact.answers, assessed=fact.assessed)


def route(found: Triage, *, origin: Origin, shut: Shut, on_behalf: OnBehalf | None = None) -> Routed:
    """Where a contact of ours goes.

    A red flag goes elsewhere at once, by whatever door it came: the page of its outcome says where. Everybody else
    meets a professional, however mild the outcome, in every triage mode: the rules choose a queue, they send nobody
    home. Nobody is turned away by a closed door: the next way that is open is theirs, and a message is always taken.
    Who acts for another is talked with: a time is for whoever has identified, and that is not the client.
    Source: rules 10-13, design.md (doors), features.md A1 (closings).
    """
    if found.red:
        return Routed(found, Route.ELSEWHERE, (RouteReason.RED_FLAG,))
    if found.not_ours:
        return Routed(found, Route.ELSEWHERE, (RouteReason.NOT_FOR_PHYSIOTHERAPY, RouteReason.NO_RED_FLAG))
    ways = _TALKS if on_behalf else _BOOKING_FIRST if origin is Origin.BOOKING else _CHAT_FIRST
    way, passed = _first_open(ways, shut)
    acting = (RouteReason.ACTING_FOR,) if on_behalf else ()
    return Routed(found, _ROUTE[way], (RouteReason.NO_RED_FLAG, *acting, *passed, *_welcome(way, origin)))


def went_on(found: Triage, shown: WarningShown, *, shut: Shut) -> Routed:
    """Where somebody goes who was told to turn elsewhere, has read it, and wants a physiotherapist all the same.

    To a talk as soon as there can be one, whatever door they came by: a time some days ahead is no help. Whoever meets
    them is told of the more severe of what was shown and what the rules found.
    Source: rule 11.
    """
    alert = most_severe([TriageOutcome(shown), found.outcome])
    first = RouteReason.RED_FLAG if found.red else RouteReason.NO_RED_FLAG
    way, passed = _first_open(_TALKS, shut)
    return Routed(found, _ROUTE[way], (first, RouteReason.WARNING_PASSED, *passed, *_welcome(way)), WarningShown(alert))


def must_be_warned(route: str | None, reasons: Collection[str]) -> None:
    """Let only a contact go on that a red flag has sent elsewhere; one that has gone on already stays where it is.

    Raises:
        Refused: `no-warning`.
    """
    if route != Route.ELSEWHERE or RouteReason.RED_FLAG not in reasons:
        raise no_warning()


def no_warning() -> Refused:
    """What is said when there is no warning to go on from."""
    return Refused("no-warning", "the contact was not sent elsewhere by a red flag, or has gone on already")


def _first_open(ways: Sequence[Door], shut: Shut) -> tuple[Door, Iterable[RouteReason]]:
    """The first way that is open, and why not one before it; a message where none is."""
    way = next((door for door in ways if door not in shut), Door.MESSAGE)
    return way, dict.fromkeys(shut[door] for door in ways[: ways.index(way)])


def _welcome(way: Door, origin: Origin | None = None) -> tuple[RouteReason, ...]:
    """What speaks for a way itself."""
    if way is Door.CHAT:
        return (RouteReason.CHAT_OPEN,)
    return (RouteReason.CAME_BY_BOOKING,) if way is Door.BOOKING and origin is Origin.BOOKING else ()


def over_at_once(decision: Routed | Declined) -> Ending | None:
    """Why there is nothing for the unit to do about a contact; None when it goes on here."""
    if isinstance(decision, Declined):
        return Ending.DECLINED
    return Ending.ELSEWHERE if decision.route is Route.ELSEWHERE else None


def unknown_contact() -> Refused:
    """What is said of a contact that is not there, or not for this viewer."""
    return Refused("unknown-contact", "no such contact for this viewer")
