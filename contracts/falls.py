"""Fall prevention: the screen of people of 70 and 75, what is measured at the visit, and the way onward. Intake's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.base import (
    AreaCode,
    Ask,
    Code,
    Event,
    Id,
    Instant,
    Language,
    Message,
    MunicipalityCode,
    Version,
    View,
    command,
    event,
    query,
)
from contracts.intake import Option, Question
from contracts.portal import _CONTACT, Answer

_SCREEN = Id("5b0f7a52-6f0e-4c57-9d0a-93b1f7a1d201")

ScreenScore = Annotated[int, Field(ge=0, le=9)]
"""Points of the short screen: three items of 0-3. Source: FROP-Com Screen (domain.md section 4)."""


class FallForm(StrEnum):
    """What is filled in. Source: Soite's report 2025."""

    SHORT_SCREEN = "short_screen"
    """At 75: falls in 12 months, help in the home, balance; 0-9 points."""
    FALLS_AND_FEAR = "falls_and_fear"
    """At 70: falls and fear of falling; no points."""


class FallCondition(StrEnum):
    """What a form can show."""

    SCORE = "score"
    """The points reach the county's threshold."""
    BALANCE_PROBLEM = "balance_problem"
    FALL = "fall"
    """In the last 12 months."""
    FEAR = "fear"
    """Of falling."""


class FallOutcome(StrEnum):
    """What a form leads to, most first."""

    PHYSIOTHERAPIST = "physiotherapist"
    EXTENSIVE_ASSESSMENT = "extensive_assessment"
    """An extensive assessment of the risk is advised."""
    SHORT_SCREEN = "short_screen"
    """The short screen is next."""
    NO_RAISED_RISK = "no_raised_risk"


class FilledBy(StrEnum):
    """Who filled the form in."""

    RESIDENT = "resident"
    STAFF = "staff"


@event(
    owner="intake",
    version=1,
    about="contact_id",
    external="the county's senior health points: whom to screen again, and when; the data lake",
)
class FallRiskScreened(Event):
    """A fall-risk form was filled in and weighed against the rules of the day.

    Sent: once per filled form. `contact_id` may be one that has not come in yet: a resident fills the form first.
    """

    contact_id: Id
    screen_id: Id
    form: FallForm
    filled_by: FilledBy
    source: Code
    """What led to it: a senior health point, the resident alone; closed list of the rule table, with dates."""
    score: ScreenScore | None
    """None where the form has no points."""
    conditions: Annotated[tuple[FallCondition, ...], Field(max_length=8)]
    """Which held."""
    outcome: FallOutcome
    rule: Code
    """The named rule of the county that was asked."""
    rules: Version
    """Version of the rule table."""
    review_on: date
    """When to screen again."""
    screened_at: Instant


FallRiskScreened.example = FallRiskScreened.shown(
    contact_id=_CONTACT, screen_id=_SCREEN, form="short_screen", filled_by="resident", source="self", score=7,
    conditions=["score", "balance_problem", "fall"], outcome="physiotherapist", rule="all_of_three",
    rules="2024-09-01", review_on="2027-05-24", screened_at="2026-11-24T08:01:00Z",
)  # fmt: skip


class FallInstrument(StrEnum):
    """What is measured at the visit for the risk of falling. Source: Soite's report 2025."""

    TUG = "tug"
    """Timed Up and Go, seconds."""
    BERG = "berg"
    """Berg balance scale, 0-56 points."""
    FSQFIN = "fsqfin"
    """Functional Status Questionnaire in Finnish, 0-100 a scale: function, no risk of falling."""
    SPPB = "sppb"
    """Short Physical Performance Battery, 0-12 points."""


class FallSign(StrEnum):
    """A measure beyond its limit. A sign helps a professional and decides nothing."""

    TUG_SLOW = "tug_slow"
    """13.5 s or more; never used alone. Source: BMC Geriatrics 2014."""
    BERG_LOW = "berg_low"
    """Below 45 points."""


class BergBand(StrEnum):
    """Points of the Berg balance scale in bands; unverified."""

    FROM_0_TO_20 = "berg_0_20"
    FROM_21_TO_40 = "berg_21_40"
    FROM_41_TO_56 = "berg_41_56"


@event(
    owner="intake",
    version=1,
    about="contact_id",
    external="the county's quality register: which visits measure what; the figures stay with the unit",
)
class FallMeasuresRecorded(Event):
    """A visit for the risk of falling was measured. What was measured is told, and signs; the figures are asked for.

    Sent: once per record.
    """

    contact_id: Id
    measures_id: Id
    instruments: Annotated[tuple[FallInstrument, ...], Field(min_length=1, max_length=8)]
    """What was measured."""
    signs: Annotated[tuple[FallSign, ...], Field(max_length=8)]
    """Measures beyond their limit."""
    raised_risk: bool
    """Whether the signs together speak for a raised risk; a slow Timed Up and Go alone never does."""
    berg_band: BergBand | None
    """None: Berg was not measured."""
    rules: Version
    """Version of the rule table that has the limits."""
    recorded_at: Instant


FallMeasuresRecorded.example = FallMeasuresRecorded.shown(
    contact_id=_CONTACT, measures_id="5b0f7a52-6f0e-4c57-9d0a-93b1f7a1d202", instruments=["tug", "berg"],
    signs=["tug_slow", "berg_low"], raised_risk=True, berg_band="berg_21_40", rules="2024-09-01",
    recorded_at="2026-12-01T09:40:00Z",
)  # fmt: skip


class FallRoute(StrEnum):
    """Where somebody goes on after the visit. Source: Soite's report 2025."""

    FUNCTIONAL_CAPACITY_GROUP = "functional_capacity_group"
    INDIVIDUAL_PHYSIOTHERAPY = "individual_physiotherapy"
    MUNICIPAL_GROUP = "municipal_group"
    ASSOCIATION_GROUP = "association_group"
    NONE = "none"


class FallRouteReason(StrEnum):
    """Why a professional chose a way onward."""

    BALANCE_AND_STRENGTH = "balance_and_strength"
    """Balance and strength are to be trained."""
    DAILY_LIFE = "daily_life"
    """Getting along at home needs individual work."""
    FEAR_OF_FALLING = "fear_of_falling"
    KEEPS_ACTIVE = "keeps_active"
    """To go on with what has been reached."""
    OWN_WISH = "own_wish"
    NO_NEED = "no_need"
    CARE_ELSEWHERE = "care_elsewhere"


@event(
    owner="intake",
    version=1,
    about="contact_id",
    external="groups of municipalities and associations: how many are coming; the data lake",
)
class FallRouteChosen(Event):
    """A professional chose where somebody at risk of falling goes on.

    Sent: each time one is chosen; the last one counts.
    """

    contact_id: Id
    route: FallRoute
    """Where to."""
    reason: FallRouteReason
    """Why, by code."""
    chosen_at: Instant


FallRouteChosen.example = FallRouteChosen.shown(
    contact_id=_CONTACT, route="municipal_group", reason="balance_and_strength", chosen_at="2026-12-01T09:45:00Z"
)


class FallFormView(View):
    """A form in one language."""

    form: FallForm
    age_years: int
    """Who of this age is asked to fill it in."""
    questions: tuple[Question, ...]


class FsqScaleView(View):
    """A scale of the FSQfin and what is asked in it."""

    code: Code
    text: str
    items: tuple[Option, ...]


class FsqAnswerView(View):
    """What an item of the FSQfin can be answered with: 4…1, 0 is not scored."""

    value: int
    text: str


class FallFormsView(View):
    """The forms in effect."""

    version: Version
    forms: tuple[FallFormView, ...]
    sources: tuple[Option, ...]
    """What may have led to a form that staff fills in; those in effect today."""
    fsq_scales: tuple[FsqScaleView, ...] = ()
    fsq_answers: tuple[FsqAnswerView, ...] = ()


@query(owner="intake", version=1)
class GetFallForms(Ask[FallFormsView]):
    """The forms of today, in one language. Never refused."""

    language: Language


class FallScreenView(View):
    """A filled form, and how it was weighed."""

    screen_id: Id
    contact_id: Id
    municipality: MunicipalityCode = "000"
    form: FallForm
    filled_by: FilledBy
    source: Code
    source_text: str = ""
    """In the language of the question; empty where none was asked for."""
    answers: tuple[Answer, ...]
    score: int | None
    held: dict[FallCondition, bool]
    """Every condition the form can show, and whether it held."""
    threshold: int | None
    """Points from which the condition `score` holds; None where the form has no points."""
    outcome: FallOutcome
    rule: Code
    rule_text: str = ""
    """In words, as `source_text`."""
    rules: Version
    screened_at: Instant
    review_on: date


@command(owner="intake", version=1)
class ScreenFallRisk(Ask[FallScreenView]):
    """Weigh a filled form. A resident fills in the one of their age; staff either, for a contact of their areas.

    Refused: `unknown-contact`, `unknown-municipality`, `fall-form-renewed`, `not-invited`, `unknown-source`,
    `unknown-question`, `unknown-answer`, `unanswered-question`.
    """

    contact_id: Id
    """A resident's may be one that has not come in yet."""
    municipality: MunicipalityCode
    """As told, while the contact has not come in; then the contact's own counts."""
    form: FallForm
    rules: Version
    answers: Annotated[tuple[Answer, ...], Field(max_length=20)]
    source: Code = "self"


class FsqItem(Message):
    """An answered item of the FSQfin: 4…1, 0 is not scored."""

    code: Code
    value: int


class FallMeasuresView(View):
    """What was measured at a visit."""

    measures_id: Id
    contact_id: Id
    tug_seconds: Decimal | None
    berg_points: int | None
    berg_band: BergBand | None
    sppb_points: int | None
    fsq_items: tuple[FsqItem, ...]
    fsq_scores: dict[Code, float]
    """0-100 by scale, of those with a scored item."""
    signs: tuple[FallSign, ...]
    raised_risk: bool
    rules: Version
    recorded_at: Instant


@command(owner="intake", version=1)
class RecordFallMeasures(Ask[FallMeasuresView]):
    """Record what was measured at a visit: at least one thing. For staff of the contact's area.

    Refused: `unknown-contact`, `nothing-measured`, `tug-out-of-range`, `berg-out-of-range`, `sppb-out-of-range`,
    `fsq-out-of-range`.
    """

    contact_id: Id
    tug_seconds: Decimal | None = None
    berg_points: Decimal | None = None
    sppb_points: Decimal | None = None
    fsq_items: Annotated[tuple[FsqItem, ...], Field(max_length=50)] = ()


class FallRouteView(View):
    """A way onward that was chosen."""

    contact_id: Id
    route: FallRoute
    reason: FallRouteReason
    chosen_at: Instant


@command(owner="intake", version=1)
class ChooseFallRoute(Ask[FallRouteView]):
    """Choose where somebody goes on, after a form or a visit. For staff of the contact's area.

    Refused: `unknown-contact`, `nothing-recorded`.
    """

    contact_id: Id
    route: FallRoute
    reason: FallRouteReason


class FallPathwayView(View):
    """What has been done about somebody's risk of falling, newest first. Health data: a read by staff is audited."""

    contact_id: Id
    form: FallForm | None
    """The form of the person's age, once identified; None: another age, or nobody knows it."""
    screens: tuple[FallScreenView, ...]
    review_on: date | None
    """When to screen again."""
    team: str
    """Where visits for the risk of falling are held, by municipality; empty: the county says nothing."""
    measures: tuple[FallMeasuresView, ...] = ()
    """Staff's alone."""
    routes: tuple[FallRouteView, ...] = ()


@query(owner="intake", version=1)
class GetFallPathway(Ask[FallPathwayView]):
    """The way of one contact; for staff of an identified person that of all their contacts in the viewer's areas.

    A resident sees the screens of the own contact. Refused: `unknown-contact`.
    """

    contact_id: Id
    language: Language


class FallWaiting(View):
    """Somebody whose risk of falling is for staff to look at."""

    contact_id: Id
    area: AreaCode
    municipality: MunicipalityCode
    non_disclosure: bool = False
    """Under non-disclosure for personal safety (rule 9)."""
    outcome: FallOutcome
    screened_at: Instant
    review_on: date


class FallWorkView(View):
    """What staff have to do about falls, the longest waiting first."""

    to_meet: tuple[FallWaiting, ...]
    """Sent to a physiotherapist or to an extensive assessment, and no way onward chosen yet."""
    to_review: tuple[FallWaiting, ...]
    """Due to be screened again."""


@query(owner="intake", version=1)
class GetFallWork(Ask[FallWorkView]):
    """What waits in the viewer's areas, each person once. Staff only: `not-yours`."""
