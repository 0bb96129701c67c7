"""The rules of fall prevention: what a filled form shows, and what follows. Pure: values in, decision out.

Source: domain.md section 4, rules 24 and 25.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from chassis.errors import Refused
from contracts.areas import Falls
from contracts.falls import (
    BergBand,
    FallCondition,
    FallForm,
    FallInstrument,
    FallOutcome,
    FallSign,
    FsqItem,
    RecordFallMeasures,
)
from contracts.portal import Answer
from services.intake.falls.ruleset import FallRules, Form, Fsq, Measures, Tug

SELF: Final = "self"
"""The source of what a resident fills in alone."""

TUG_DECIMALS: Final = 2
"""A stopwatch shows hundredths of a second."""


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


def review_on(screened_on: date, *, months: int) -> date:
    """The day to screen again: the same day of the month, else the last of it."""
    year, month = divmod(screened_on.month - 1 + months, 12)
    year, month = screened_on.year + year, month + 1
    return date(year, month, min(screened_on.day, calendar.monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured at a visit, and what it shows."""

    tug_seconds: Decimal | None
    berg_points: int | None
    berg_band: BergBand | None
    sppb_points: int | None
    fsq_items: tuple[FsqItem, ...]
    fsq_scores: Mapping[str, float]
    """0-100 by scale."""
    signs: tuple[FallSign, ...]

    @property
    def instruments(self) -> tuple[FallInstrument, ...]:
        """What was measured at all."""
        there = {
            FallInstrument.TUG: self.tug_seconds is not None,
            FallInstrument.BERG: self.berg_points is not None,
            FallInstrument.FSQFIN: bool(self.fsq_items),
            FallInstrument.SPPB: self.sppb_points is not None,
        }
        return tuple(one for one, measured in there.items() if measured)

    @property
    def raised_risk(self) -> bool:
        """Whether the signs speak for a raised risk. A slow Timed Up and Go alone never does (rule 25)."""
        return bool(set(self.signs) - {FallSign.TUG_SLOW})


def measure(rules: Measures, told: RecordFallMeasures) -> Measured:
    """Check what was measured and find its signs.

    Raises:
        Refused: `nothing-measured`; `tug-out-of-range`, `berg-out-of-range`, `sppb-out-of-range`, `fsq-out-of-range`.
            The text names the range, never the figure.
    """
    tug = _seconds(told.tug_seconds, rules.tug)
    berg = _points(told.berg_points, rules.berg.most_points, "berg-out-of-range")
    sppb = _points(told.sppb_points, rules.sppb.most_points, "sppb-out-of-range")
    _must_be_items(rules.fsq, told.fsq_items)
    signs = {
        FallSign.TUG_SLOW: tug is not None and tug >= rules.tug.sign_from_seconds,
        FallSign.BERG_LOW: berg is not None and berg < rules.berg.sign_below_points,
    }
    measured = Measured(
        tug_seconds=tug,
        berg_points=berg,
        berg_band=None if berg is None else rules.berg.band(berg),
        sppb_points=sppb,
        fsq_items=told.fsq_items,
        fsq_scores=fsq_scores(rules.fsq, told.fsq_items),
        signs=tuple(sign for sign, shows in signs.items() if shows),
    )
    if not measured.instruments:
        raise Refused("nothing-measured", "expected at least one measure")
    return measured


def fsq_scores(fsq: Fsq, items: Sequence[FsqItem]) -> dict[str, float]:
    """Score of each scale, 0-100 with one decimal: (mean of the scored items - 1) / 3 * 100; 0 is not scored.

    A scale without a scored item has no score. Source: scoring note of the FSQ (domain.md section 4).
    """
    scores = {}
    for scale in fsq.scales:
        of_scale = {item.code for item in scale.items}
        scored = [item.value for item in items if item.code in of_scale and item.value > 0]
        if scored:
            scores[scale.code] = round(float((Fraction(sum(scored), len(scored)) - 1) / 3 * 100), 1)
    return scores


def _seconds(told: Decimal | None, tug: Tug) -> Decimal | None:
    if told is None:
        return None
    if not told.is_finite() or not 0 < told <= tug.most_seconds or told != round(told, TUG_DECIMALS):
        raise Refused(
            "tug-out-of-range", f"expected more than 0 and at most {tug.most_seconds} s, two decimals at most"
        )
    return told


def _points(told: Decimal | None, most: int, code: str) -> int | None:
    if told is None:
        return None
    if not told.is_finite() or not 0 <= told <= most or told != int(told):
        raise Refused(code, f"expected a whole number from 0 to {most}")
    return int(told)


def _must_be_items(fsq: Fsq, items: Sequence[FsqItem]) -> None:
    known = {item.code for scale in fsq.scales for item in scale.items}
    values = {one.value for one in fsq.answers}
    codes = [one.code for one in items]
    if set(codes) - known or len(set(codes)) < len(codes) or any(one.value not in values for one in items):
        raise Refused("fsq-out-of-range", "expected items of the FSQfin, each once, with a value from 0 to 4")
