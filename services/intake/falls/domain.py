"""The rules of fall prevention: what a filled form shows, and what follows. Pure: values in, decision out.

Source: domain.md section 4, rules 24 and 25.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from chassis.errors import Refused
from contracts.areas import Falls
from contracts.falls import FallCondition, FallForm, FallOutcome
from contracts.portal import Answer
from services.intake.falls.ruleset import FallRules, Form

SELF: Final = "self"
"""The source of what a resident fills in alone."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the rules made of a filled form, and why."""

    score: int | None
    """Points; None where the form has none."""
    threshold: int | None
    """Points from which the condition SCORE holds."""
    held: Mapping[FallCondition, bool]
    """Every condition the form can show."""
    rule: str
    """The named rule that was asked."""
    outcome: FallOutcome

    @property
    def conditions(self) -> tuple[FallCondition, ...]:
        """Those that held."""
        return tuple(code for code, holds in self.held.items() if holds)


def weigh(rules: FallRules, form: Form, answers: Sequence[Answer], county: Falls) -> Weighed:
    """Weigh a completely filled form: the county's named rule first, then the points alone.

    Args:
        rules: the version in effect.
        form: what was filled in.
        answers: checked with `must_fit`.
        county: its own rule and thresholds, where it has any.
    """
    given = {one.question: one.answer for one in answers}
    score = _score(rules, form, given)
    threshold = None if score is None else _either(county.physiotherapist_from, rules.physiotherapist_from)
    held = {} if score is None or threshold is None else {FallCondition.SCORE: score >= threshold}
    held |= {one.code: given[one.question] in one.answers for one in rules.shown_by(form.code)}
    rule = rules.rule(form.code, county.rule)
    applies = all(held[code] for code in rule.all_of) if rule.all_of else any(held[code] for code in rule.any_of)
    outcome = rule.outcome if applies else _by_points(score, _either(county.assessment_from, rules.assessment_from))
    return Weighed(score, threshold, held, rule.code, outcome)


def _score(rules: FallRules, form: Form, given: Mapping[str, str]) -> int | None:
    if not rules.is_scored(form):
        return None
    return sum(question.points[given[question.code]] for question in rules.asked(form))


def _either(own: int | None, default: int) -> int:
    return default if own is None else own


def _by_points(score: int | None, assessment_from: int) -> FallOutcome:
    if score is not None and score >= assessment_from:
        return FallOutcome.EXTENSIVE_ASSESSMENT
    return FallOutcome.NO_RAISED_RISK


def must_fit(rules: FallRules, form: Form, answers: Sequence[Answer]) -> None:
    """Check that a form is filled in completely, each question once, with answers it offers.

    Raises:
        Refused: `unknown-question`, `unknown-answer`, `unanswered-question`. The text names no answer.
    """
    asked = {one.code: {choice.code for choice in one.options} for one in rules.asked(form)}
    given = [one.question for one in answers]
    if set(given) - asked.keys():
        raise Refused("unknown-question", "an answer belongs to no question of this form")
    if len(set(given)) < len(given) or any(one.answer not in asked[one.question] for one in answers):
        raise Refused("unknown-answer", "expected one of the offered answers to each question, once")
    if asked.keys() - set(given):
        raise Refused("unanswered-question", f"expected {len(asked)} answers, got {len(given)}")


def must_be_current(rules: FallRules, answered: str) -> None:
    """Check that the form in effect was answered.

    Raises:
        Refused: `fall-form-renewed`: a page that was left open over the day the rules changed.
    """
    if answered != rules.version:
        raise Refused("fall-form-renewed", f"expected answers to version {rules.version}")


def must_be_invited(rules: FallRules, form: FallForm, *, age_years: int | None, earlier: FallOutcome | None) -> None:
    """Check that a resident fills in the form of their own age, once it is known; staff screen whom they see fit.

    Args:
        rules: the version in effect.
        form: what was filled in.
        age_years: years the person has turned; None while nobody has identified: then picking a form tells the age.
        earlier: what the person's form before this one led to; one may lead to the short screen.

    Raises:
        Refused: `not-invited`.
    """
    own = None if age_years is None else rules.form_of_age(age_years)
    led_to = earlier is FallOutcome.SHORT_SCREEN and form is FallForm.SHORT_SCREEN
    if age_years is not None and not led_to and (own is None or own.code is not form):
        raise Refused("not-invited", "the form is for another age")


def must_be_a_source(rules: FallRules, source: str, *, by_staff: bool, on: date) -> None:
    """Check what is said to have led to a form.

    Raises:
        Refused: `unknown-source`: not in effect on the day, or not a resident's to name.
    """
    if source not in {one.code for one in rules.sources_on(on)} or (not by_staff and source != SELF):
        raise Refused("unknown-source", "expected a source that is in effect today")


def age_on(birth_date: date, on: date) -> int:
    """Years somebody has turned on a day. Who was born on 29 February turns older on 1 March of a common year."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def review_on(screened_on: date, *, months: int) -> date:
    """The day to screen again: the same day of the month, else the last of it."""
    year, month = divmod(screened_on.month - 1 + months, 12)
    year, month = screened_on.year + year, month + 1
    return date(year, month, min(screened_on.day, calendar.monthrange(year, month)[1]))
