"""Intake: is this ours, is it safe, and where does it go. Owns contacts, triage runs and the identity vault."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.base import (
    AreaCode,
    Ask,
    Code,
    Event,
    Id,
    Instant,
    Language,
    MunicipalityCode,
    Version,
    View,
    event,
    query,
)
from contracts.portal import _CONTACT, AgeBand, Answer, InterpreterLanguage, Needs, OnBehalf, Origin, WarningShown


class TriageMode(StrEnum):
    """What the rules may decide. Source: domain.md section 3 (MDR)."""

    ROUTING_ONLY = "routing_only"
    """Wishes and topics are routed; a licensed professional assesses every contact."""
    ASSISTIVE = "assistive"
    """Only where the operator has recorded its regulatory basis."""


class TriageOutcome(StrEnum):
    """Outcome classes, most severe first; the most severe hit wins. Source: domain.md section 3."""

    EMERGENCY_112 = "emergency_112"
    URGENT_NOW = "urgent_now"
    URGENT_SAME_DAY = "urgent_same_day"
    PHYSICIAN = "physician"
    DIRECT_ACCESS_PT = "direct_access_pt"
    PT_REMOTE = "pt_remote"
    SELF_CARE = "self_care"


class Route(StrEnum):
    """Where a contact goes next."""

    CHAT = "chat"
    CALLBACK = "callback"
    BOOKING = "booking"
    QUESTIONS = "questions"
    """The person has still to answer what nobody has asked them."""
    ELSEWHERE = "elsewhere"


class RouteReason(StrEnum):
    """Why a contact goes where it goes."""

    NO_RED_FLAG = "no_red_flag"
    RED_FLAG = "red_flag"
    CHAT_OPEN = "chat_open"
    CHAT_CLOSED = "chat_closed"
    NOT_FOR_PHYSIOTHERAPY = "not_for_physiotherapy"
    CAME_BY_BOOKING = "came_by_booking"
    DOOR_CLOSED = "door_closed"
    """The door it would have gone by is closed by staff."""
    DOOR_FULL = "door_full"
    """The door it would have gone by has reached its cap of the day."""
    ANSWERS_MISSING = "answers_missing"
    CAME_BY_REFERRAL = "came_by_referral"
    """A professional has met the person and sent them."""
    URGENT_REFERRAL = "urgent_referral"
    RED_FLAGS_NOT_CHECKED = "red_flags_not_checked"
    """The professional has not looked for red flags."""
    WARNING_PASSED = "warning_passed"
    """The person was told to turn elsewhere, and went on."""
    ACTING_FOR = "acting_for"
    """Somebody acts for the client, who has to identify themselves before a time is booked."""
    OUTSIDE_LIMITS = "outside_limits"
    """The county has limited the line of service it would have gone by, and the person is outside."""


class DeclineReason(StrEnum):
    """Why the unit cannot take a contact; each has a page that says where to go instead."""

    TOO_YOUNG = "too_young"
    OTHER_MUNICIPALITY = "other_municipality"
    UNKNOWN_QUESTIONNAIRE = "unknown_questionnaire"
    ACTING_FOR = "acting_for"
    """The county takes nobody whom another acts for."""
    RETURNED = "returned"
    """It was given back to the professional who had sent the person."""


class ContactState(StrEnum):
    """Where a contact stands in intake."""

    ROUTED = "routed"
    DECLINED = "declined"


@event(
    owner="intake",
    version=1,
    about="contact_id",
    external="the county's data lake: demand by trouble and outcome",
)
class TriageCompleted(Event):
    """The questionnaire has been weighed against the rule table.

    Sent: once per contact, when all is answered, before ContactRouted. In mode routing_only the outcome steers pages,
    it assesses nobody.
    """

    contact_id: Id
    trouble: Code
    """As told by the person."""
    outcome: TriageOutcome
    mode: TriageMode
    rules: Version
    """Version of the rule table that decided."""
    flags: Annotated[tuple[Code, ...], Field(max_length=60)]
    """Red flags answered yes or "don't know", by id of the rule table."""
    completed_at: Instant


TriageCompleted.example = TriageCompleted.shown(
    contact_id=_CONTACT, trouble="knee", outcome="pt_remote", mode="routing_only", rules="2026-11-01", flags=[],
    completed_at="2026-11-24T08:01:00Z",
)  # fmt: skip


@event(owner="intake", version=1, about="contact_id")
class ContactRouted(Event):
    """Intake has decided where a contact goes next.

    Sent: once per decision; a later decision for the same contact has a higher aggregate version and replaces it.
    """

    contact_id: Id
    origin: Origin
    language: Language
    trouble: Code
    """As told by the person."""
    route: Route
    reasons: Annotated[tuple[RouteReason, ...], Field(max_length=8)]
    """Why, most important first."""
    alert: WarningShown | None = None
    """The person went on past this warning: whoever meets them is told first of all."""
    on_behalf: OnBehalf | None = None
    """Whoever is met acts for the client."""
    interpreter: InterpreterLanguage | None = None
    """An interpreter is needed."""
    decided_at: Instant


ContactRouted.example = ContactRouted.shown(
    contact_id=_CONTACT, origin="chat", language="fi", trouble="knee", route="chat",
    reasons=["no_red_flag", "chat_open"], decided_at="2026-11-24T08:01:00Z",
)  # fmt: skip


@event(
    owner="intake",
    version=1,
    about="contact_id",
    external="the county's service guidance: whom the unit had to send elsewhere, and why",
)
class ContactDeclined(Event):
    """The unit cannot take this contact; the person has been told where to go.

    Sent: once per contact: instead of ContactRouted, or after it when identification shows that the person is too
    young, or when a referral is given back.
    """

    contact_id: Id
    reason: DeclineReason
    declined_at: Instant


ContactDeclined.example = ContactDeclined.shown(
    contact_id=_CONTACT, reason="too_young", declined_at="2026-11-24T08:01:00Z"
)


FOUND_BY_MAX = 300
"""Characters of what somebody writes to find a trouble."""


class Option(View):
    """One answer a question offers."""

    code: Code
    text: str


class Question(View):
    """One question of a questionnaire, in the language asked for."""

    code: Code
    text: str
    options: tuple[Option, ...]
    red_flag: bool = False


class Trouble(View):
    """A trouble the unit helps with, in plain words."""

    code: Code
    text: str


class QuestionnaireView(View):
    """A questionnaire in one language, and the troubles one can pick."""

    version: Version
    trouble: Code | None
    troubles: tuple[Trouble, ...]
    safety_signs: tuple[str, ...]
    """What means 112 at once: shown on the safety page before any question."""
    questions: tuple[Question, ...]
    answerable: bool = True
    """Whether answers to this version are taken: it is in force, or was within the last 24 hours."""


@query(owner="intake", version=1)
class GetQuestionnaire(Ask[QuestionnaireView]):
    """The troubles, and the questions of one of them. Refused: `unknown-trouble`, `unknown-questionnaire`."""

    language: Language
    trouble: Code | None = None
    version: Version | None = None
    """One that was asked before; without it, the one in force."""


class FoundTroubles(View):
    """What somebody's own words may mean."""

    alert: TriageOutcome | None
    """The class of the most severe sign they name: what to do about it is said first, before any questionnaire."""
    signs: tuple[str, ...]
    """The signs of that class they name. None of a crisis: that is in no table, and of class `emergency_112`."""
    troubles: tuple[Trouble, ...]
    """The best match first; none when nothing is near enough."""


@query(owner="intake", version=1)
class FindTroubles(Ask[FoundTroubles]):
    """Which troubles somebody's own words may mean, in whatever language of service they are written.

    The words are compared and kept nowhere.
    """

    language: Language
    """Of the answer."""
    words: Annotated[str, StringConstraints(min_length=1, max_length=FOUND_BY_MAX)]


class TraceKind(StrEnum):
    """What the rules looked at."""

    FLAG = "flag"
    """A red-flag question."""
    COMBINATION = "combination"
    """Red flags that are worse together than each alone."""
    RULE = "rule"
    """A rule over the other questions."""
    OTHERWISE = "otherwise"
    """What holds when nothing else does."""


class TraceStep(View):
    """One thing the rules looked at, and what came of it."""

    kind: TraceKind
    code: Code
    answers: tuple[Answer, ...]
    """What it looked at, as answered; nothing where the question came unanswered."""
    hit: bool
    outcome: TriageOutcome
    """What it asks for when it hits."""
    milder: bool = False
    """Hit by a "don't know": one class milder than a yes, where there is a milder one."""
    sources: tuple[str, ...]
    """Where it comes from: letters of the rule table's own list, or words."""


class Trace(View):
    """How the answers of a contact were weighed, step by step."""

    rules: Version
    """Version of the rule table."""
    mode: TriageMode
    """What the rules were allowed to decide."""
    answers: tuple[Answer, ...]
    """As they came."""
    steps: tuple[TraceStep, ...]
    """In the order looked at; none where it was weighed before steps were kept."""
    decided_by: tuple[Code, ...]
    """Which steps asked for the outcome: several when they asked for the same."""
    ran_at: Instant


@event(owner="intake", version=1, about="contact_id")
class DirectAccessGranted(Event):
    """The person may see a physiotherapist directly, for a whole hour, without a physician first.

    Sent: once per contact, when the rule table says so, the person has identified and is of the county's ages.
    Source: rule 22.
    """

    contact_id: Id
    granted_at: Instant


DirectAccessGranted.example = DirectAccessGranted.shown(contact_id=_CONTACT, granted_at="2026-11-24T08:09:00Z")


class ContactView(Needs):
    """What intake knows of a contact: no name and no words of the person."""

    contact_id: Id
    area: AreaCode
    municipality: MunicipalityCode
    origin: Origin
    language: Language
    trouble: Code
    age_band: AgeBand | None = None
    """Of the client: as they told it, or as the birth date of whom a professional sent says."""
    state: ContactState
    route: Route | None
    reasons: tuple[RouteReason, ...]
    declined: DeclineReason | None
    outcome: TriageOutcome | None
    """None: nothing is weighed, or not everything is answered yet."""
    flags: tuple[Code, ...]
    summary: str | None = None
    """Where the summary of the assessment is that the person comes from, in its maker's system; for staff alone."""
    questionnaire: Version | None = None
    """The version that was answered; None: none was."""
    unanswered: tuple[Code, ...] = ()
    """Questions of that version that are still to be asked; of route `questions`."""
    identified: bool
    opened_at: Instant
    trace: Trace | None = None
    """How the answers were weighed; for staff alone."""


@query(owner="intake", version=1)
class GetContact(Ask[ContactView]):
    """Where a contact stands; a therapist's read is audited.

    Refused: `unknown-contact` (not yet decided, or not yours).
    """

    contact_id: Id


class PersonView(View):
    """Who an identified contact is. Personal data: every read is audited."""

    contact_id: Id
    display_name: str
    birth_year: int
    personal_identity_code: str
    phone: str = ""
    """As the person gave it last; empty: never, or not since identifying."""
    takes_sms: bool = False
    """Whether text messages may go to it: to mobile numbers alone."""
    email: str = ""
    non_disclosure: bool = False
    """Phone and address are empty then: GetContactDetails tells them (rule 9)."""


@query(owner="intake", version=1)
class GetPerson(Ask[PersonView]):
    """The person behind a contact, for a therapist. Refused: `not-identified`, `unknown-contact`."""

    contact_id: Id
