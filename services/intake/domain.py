"""The rules of intake: is this ours, is it safe, where does it go, and is a personal identity code one.

Pure: values in, decision out. Time and ids are arguments.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from chassis.errors import Refused, Unprocessable
from contracts import identity_code
from contracts.areas import Area
from contracts.intake import ContactState, DeclineReason, Route, RouteReason, TriageOutcome
from contracts.portal import AgeBand, Answer, ContactOpened, Origin, VerifiedPerson
from contracts.public import ContactCounted, Destination, TroubleGroup
from services.intake.questionnaire import DONT_KNOW, NO, SEVERITY, YES, Questionnaire, Subject, most_severe

YOUNGEST: Final[Mapping[AgeBand, int]] = {
    AgeBand.UNDER_16: 0,
    AgeBand.FROM_16_TO_17: 16,
    AgeBand.FROM_18_TO_22: 18,
    AgeBand.FROM_23_TO_74: 23,
    AgeBand.FROM_75: 75,
}
"""Years that everybody in a band has turned."""


# ------------------------------------------------------------------------------------------------ is this ours


def eligibility(area: Area, *, municipality: str, age_band: AgeBand) -> DeclineReason | None:
    """Why the unit of an area cannot take a person; None when it can.

    Another municipality goes before age: its own county knows its own age limit. An unknown municipality ("000") is
    another one. A limit inside a band declines the whole band, for not everybody in it has turned that age.
    Source: rule 2 and section 11 ("has turned", inclusive, per area).
    """
    if municipality not in {one.code for one in area.municipalities}:
        return DeclineReason.OTHER_MUNICIPALITY
    if YOUNGEST[age_band] < area.minimum_age:
        return DeclineReason.TOO_YOUNG
    return None


# ------------------------------------------------------------------------------------------------ is it safe


@dataclass(frozen=True, slots=True)
class Triage:
    """What the rules made of the answers."""

    outcome: TriageOutcome
    flags: tuple[str, ...]
    """Red flags answered yes or "don't know", in the order asked."""
    not_ours: bool
    """What the person wishes is nothing physiotherapy does."""

    @property
    def red(self) -> bool:
        """Whether a red flag decided."""
        return bool(self.flags)


def milder(outcome: TriageOutcome) -> TriageOutcome:
    """One class milder, but never below PHYSICIAN. Source: domain.md section 3, rule 10."""
    least = SEVERITY.index(TriageOutcome.PHYSICIAN)
    return SEVERITY[min(SEVERITY.index(outcome) + 1, least)]


def triage(questionnaire: Questionnaire, trouble: Subject, answers: Sequence[Answer]) -> Triage:
    """Weigh answers against the rules: the most severe hit wins.

    "Don't know" to a red flag counts as yes, one class milder. The front end sends a questionnaire only when it is
    complete; a red flag that comes unanswered nevertheless, or with an unknown answer, counts as "don't know": nobody
    is left without a decision, and nobody slips through a gap. Answers to questions that were not asked are ignored.
    Source: domain.md section 3, rule 10.
    """
    given = _by_question(answers)
    flagged = {code: answer for code in trouble.flags if (answer := _flag_answer(given.get(code, ()))) != NO}
    return Triage(
        outcome=most_severe(_flag_hits(questionnaire, flagged) or _rule_hits(questionnaire, trouble, given)),
        flags=tuple(flagged),
        not_ours=_not_ours(questionnaire, trouble, given),
    )


def _by_question(answers: Sequence[Answer]) -> dict[str, set[str]]:
    given: dict[str, set[str]] = {}
    for one in answers:
        given.setdefault(one.question, set()).add(one.answer)
    return given


def _flag_answer(answers: Collection[str]) -> str:
    """The one answer to a red flag; of several the most severe."""
    if YES in answers:
        return YES
    return NO if set(answers) == {NO} else DONT_KNOW


def _flag_hits(questionnaire: Questionnaire, flagged: Mapping[str, str]) -> list[TriageOutcome]:
    def weighed(outcome: TriageOutcome, codes: Sequence[str]) -> TriageOutcome:
        return milder(outcome) if any(flagged[code] == DONT_KNOW for code in codes) else outcome

    alone = [weighed(questionnaire.outcome_of(questionnaire.flag(code)), [code]) for code in flagged]
    together = [one for one in questionnaire.combinations if set(one.flags) <= flagged.keys()]
    return alone + [weighed(one.outcome, one.flags) for one in together]


def _rule_hits(questionnaire: Questionnaire, trouble: Subject, given: Mapping[str, set[str]]) -> list[TriageOutcome]:
    def applies(when: Mapping[str, Collection[str]]) -> bool:
        return all(code in trouble.questions and given.get(code, set()) & set(fit) for code, fit in when.items())

    return [one.outcome for one in questionnaire.rules if applies(one.when)] or [questionnaire.otherwise]


def _not_ours(questionnaire: Questionnaire, trouble: Subject, given: Mapping[str, set[str]]) -> bool:
    asked = [questionnaire.question(code) for code in trouble.questions]
    return any(choice.not_ours and choice.code in given.get(one.code, ()) for one in asked for choice in one.options)


# ------------------------------------------------------------------------------------------------ where does it go


@dataclass(frozen=True, slots=True)
class Routed:
    """Ours, and where it goes next."""

    triage: Triage
    route: Route
    reasons: tuple[RouteReason, ...]
    """Why, most important first."""


@dataclass(frozen=True, slots=True)
class Declined:
    """Not ours."""

    triage: Triage | None
    """Weighed all the same: the page that declines must still say 112. None when the questionnaire is unknown."""
    reason: DeclineReason


def counted(
    fact: ContactOpened, decision: Routed | Declined, questionnaire: Questionnaire | None, *, place: str, day: date
) -> ContactCounted:
    """A decision without the person: `place` is the municipality that public statistics name."""
    subject = questionnaire.trouble(fact.trouble) if questionnaire else None
    return ContactCounted(
        area=fact.area,
        municipality=place,
        day=day,
        origin=fact.origin,
        trouble=subject.group if subject else TroubleGroup.OTHER,
        destination=Destination.DECLINED if isinstance(decision, Declined) else Destination(decision.route.value),
    )


def decide(
    area: Area, fact: ContactOpened, questionnaire: Questionnaire | None, *, chat_open: bool
) -> Routed | Declined:
    """Decide about a contact that has come in.

    Args:
        area: whose unit it came to.
        fact: what the front end told.
        questionnaire: the version that was answered; None when there is none such.
        chat_open: whether the area's chat is open now.
    """
    trouble = questionnaire.trouble(fact.trouble) if questionnaire else None
    found = triage(questionnaire, trouble, fact.answers) if questionnaire and trouble else None
    if reason := eligibility(area, municipality=fact.municipality, age_band=fact.age_band):
        return Declined(found, reason)
    if found is None:
        return Declined(None, DeclineReason.UNKNOWN_QUESTIONNAIRE)
    return route(found, origin=fact.origin, chat_open=chat_open)


def route(found: Triage, *, origin: Origin, chat_open: bool) -> Routed:
    """Where a contact of ours goes.

    A red flag goes elsewhere at once, by whatever door it came: the page of its outcome says where. Everybody else
    meets a professional, however mild the outcome, in every triage mode: the rules choose a queue, they send nobody
    home.
    Source: rules 10-13, design.md (doors).
    """
    if found.red:
        return Routed(found, Route.ELSEWHERE, (RouteReason.RED_FLAG,))
    if found.not_ours:
        return Routed(found, Route.ELSEWHERE, (RouteReason.NOT_FOR_PHYSIOTHERAPY, RouteReason.NO_RED_FLAG))
    if origin is Origin.BOOKING:
        return Routed(found, Route.BOOKING, (RouteReason.NO_RED_FLAG, RouteReason.CAME_BY_BOOKING))
    if chat_open:
        return Routed(found, Route.CHAT, (RouteReason.NO_RED_FLAG, RouteReason.CHAT_OPEN))
    return Routed(found, Route.CALLBACK, (RouteReason.NO_RED_FLAG, RouteReason.CHAT_CLOSED))


# ------------------------------------------------------------------------------------------------ who is it


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody whom a strong identification named."""

    personal_identity_code: str | None
    """None for a person from abroad (eIDAS) who has no Finnish code."""
    family_name: str
    given_names: str
    birth_date: date

    @property
    def display_name(self) -> str:
        """How the person is shown to a therapist."""
        return f"{self.given_names} {self.family_name}".strip()


def born(code: str, *, today: date, test_codes: bool) -> date:
    """Check a personal identity code and tell the birth date it holds. Nothing else is read from it.

    Args:
        code: as the identity provider gave it; it is not cleaned.
        today: the day in Finland.
        test_codes: whether individual numbers 900-999 are taken (practice only).

    Raises:
        Unprocessable: `bad-personal-identity-code`; `test-personal-identity-code`. The text never quotes the code.
    """
    try:
        birth_date = identity_code.birth_date(code, today=today)
    except ValueError as error:
        raise Unprocessable("bad-personal-identity-code", str(error)) from None
    if identity_code.is_test(code) and not test_codes:
        raise Unprocessable("test-personal-identity-code", "a test person's code is taken in practice only")
    return birth_date


def identity(opened: Mapping[str, Any], *, today: date, test_codes: bool) -> Identity:
    """Make out who somebody is from what the identity provider said; the code's birth date goes before a told one.

    Args:
        opened: the opened sealed field of IdentityVerified.
        today: as `born`.
        test_codes: as `born`.

    Raises:
        Unprocessable: as `born`; `bad-person`: a field is missing or malformed.
    """
    try:
        told = VerifiedPerson.model_validate(opened)
    except ValidationError:
        raise Unprocessable("bad-person", "expected code, family name, given names and birth date") from None
    code = told.personal_identity_code
    birth_date = told.birth_date if code is None else born(code, today=today, test_codes=test_codes)
    return Identity(code, told.family_name, told.given_names, birth_date)


def must_be_free(*, state: str, known: UUID | None, person_id: UUID) -> None:
    """Whether a contact may be bound to a person: it is one of ours, and nobody else's.

    Raises:
        Refused: `contact-declined`: whom we cannot take we do not keep; `already-identified`: as somebody else.
    """
    if state == ContactState.DECLINED:
        raise Refused("contact-declined", "the contact was declined; its person is not kept")
    if known is not None and known != person_id:
        raise already_identified()


def already_identified() -> Refused:
    """What is said when a contact is somebody else's."""
    return Refused("already-identified", "the contact was identified as another person before")
