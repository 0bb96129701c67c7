"""Fall prevention: the screen of people of 70 and 75, what is measured at the visit, and the way onward. Intake's."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.base import (
    Ask,
    Code,
    Event,
    Id,
    Instant,
    Language,
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


class FallFormView(View):
    """A form in one language."""

    form: FallForm
    age_years: int
    """Who of this age is asked to fill it in."""
    questions: tuple[Question, ...]


class FallFormsView(View):
    """The forms in effect."""

    version: Version
    forms: tuple[FallFormView, ...]
    sources: tuple[Option, ...]
    """What may have led to a form that staff fills in; those in effect today."""


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
    answers: tuple[Answer, ...]
    score: int | None
    held: dict[FallCondition, bool]
    """Every condition the form can show, and whether it held."""
    threshold: int | None
    """Points from which the condition `score` holds; None where the form has no points."""
    outcome: FallOutcome
    rule: Code
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


@query(owner="intake", version=1)
class GetFallPathway(Ask[FallPathwayView]):
    """The way of one contact; for staff of an identified person that of all their contacts in the viewer's areas.

    A resident sees the screens of the own contact. Refused: `unknown-contact`.
    """

    contact_id: Id
    language: Language
