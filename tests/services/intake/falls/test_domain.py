"""What a filled form leads to. Figures: Soite's report 2025, THL IKINÄ guide 16/2012 (domain.md section 4)."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from chassis.calendar import age_on
from contracts.areas import Falls
from contracts.falls import FallCondition, FallForm, FallOutcome
from contracts.portal import Answer
from services.intake.falls import domain
from tests.services.intake.falls.builders import at_70, refusal_of, short, the_rules

RULES = the_rules()
SHORT, AT_70 = RULES.form(FallForm.SHORT_SCREEN), RULES.form(FallForm.FALLS_AND_FEAR)
UNIT = Falls()
ANY = Falls(rule="any_of_three")
EVERY = list(product(range(4), repeat=3))
"""Every short screen there is: falls, help, balance."""


def weigh(*points: int, county: Falls = UNIT) -> domain.Weighed:
    return domain.weigh(RULES, SHORT, short(*points), county)


def test_the_points_of_the_short_screen_are_the_sum_of_three_items() -> None:
    """Rule 24: 0-9."""
    assert [weigh(*points).score for points in EVERY] == [sum(points) for points in EVERY]
    assert (weigh(0, 0, 0).score, weigh(3, 3, 3).score) == (0, 9)


@pytest.mark.parametrize(
    ("points", "outcome"),
    [
        ((2, 2, 1), FallOutcome.EXTENSIVE_ASSESSMENT),  # 5
        ((2, 2, 2), FallOutcome.PHYSIOTHERAPIST),  # 6
        ((3, 2, 2), FallOutcome.PHYSIOTHERAPIST),  # 7
        ((1, 1, 1), FallOutcome.NO_RAISED_RISK),  # 3
        ((2, 1, 1), FallOutcome.EXTENSIVE_ASSESSMENT),  # 4
    ],
)
def test_six_points_with_a_fall_and_a_balance_problem_lead_to_a_physiotherapist_and_four_to_an_assessment(
    points: tuple[int, int, int], outcome: FallOutcome
) -> None:
    """Rule 24: 5, 6 and 7 points; 3 and 4."""
    assert weigh(*points).outcome is outcome


@pytest.mark.parametrize("points", [(3, 3, 0), (0, 3, 3)])
def test_six_points_without_a_balance_problem_or_without_a_fall_lead_to_an_assessment_alone(
    points: tuple[int, int, int],
) -> None:
    """Rule 24, read as AND."""
    assert weigh(*points).outcome is FallOutcome.EXTENSIVE_ASSESSMENT


@pytest.mark.parametrize("points", EVERY)
def test_all_three_conditions_together_and_nothing_else_lead_to_a_physiotherapist(points: tuple[int, int, int]) -> None:
    """Rule 24, read as AND: the default."""
    falls, _, balance = points
    all_three = sum(points) >= 6 and falls > 0 and balance > 0
    assert (weigh(*points).outcome is FallOutcome.PHYSIOTHERAPIST) == all_three


@pytest.mark.parametrize("points", EVERY)
def test_a_county_that_reads_any_of_the_three_sends_whoever_shows_one(points: tuple[int, int, int]) -> None:
    """Rule 24, read as OR: another named rule."""
    falls, _, balance = points
    weighed = weigh(*points, county=ANY)
    assert weighed.rule == "any_of_three"
    assert (weighed.outcome is FallOutcome.PHYSIOTHERAPIST) == (sum(points) >= 6 or falls > 0 or balance > 0)


@pytest.mark.parametrize(("threshold", "outcome"), [(4, FallOutcome.PHYSIOTHERAPIST), (5, FallOutcome.NO_RAISED_RISK)])
def test_a_county_sets_thresholds_of_its_own(threshold: int, outcome: FallOutcome) -> None:
    """Rule 24."""
    county = Falls(physiotherapist_from=threshold, assessment_from=threshold)
    assert weigh(2, 1, 1, county=county).outcome is outcome


def test_what_held_and_what_did_not_is_kept() -> None:
    weighed = weigh(3, 3, 0)
    assert weighed.held == {
        FallCondition.SCORE: True,
        FallCondition.BALANCE_PROBLEM: False,
        FallCondition.FALL: True,
    }
    assert (weighed.conditions, weighed.threshold) == ((FallCondition.SCORE, FallCondition.FALL), 6)


@pytest.mark.parametrize(
    ("fallen", "fear", "outcome"),
    [
        ("no", "none", FallOutcome.NO_RAISED_RISK),
        ("yes", "none", FallOutcome.SHORT_SCREEN),
        ("dont_know", "none", FallOutcome.SHORT_SCREEN),
        ("no", "some", FallOutcome.SHORT_SCREEN),
        ("yes", "much", FallOutcome.SHORT_SCREEN),
    ],
)
def test_at_70_a_fall_or_fear_of_falling_leads_to_the_short_screen(
    fallen: str, fear: str, outcome: FallOutcome
) -> None:
    """Rule 24: falls and fear at 70; Tays: yes or suspicion leads to the short screen."""
    weighed = domain.weigh(RULES, AT_70, at_70(fallen, fear), UNIT)
    assert (weighed.outcome, weighed.score, weighed.rule) == (outcome, None, "fall_or_fear")


@pytest.mark.parametrize("county", [UNIT, ANY])
def test_the_form_of_70_leads_nobody_to_a_physiotherapist_by_itself(county: Falls) -> None:
    """Rule 24: six points belong to the short screen alone."""
    weighed = domain.weigh(RULES, AT_70, at_70("yes", "much"), county)
    assert weighed.outcome is FallOutcome.SHORT_SCREEN


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        (short(1, 1, 1)[:2], "unanswered-question"),
        ((), "unanswered-question"),
        ((*short(1, 1, 1), Answer(question="fear", answer="some")), "unknown-question"),
        ((*short(1, 1, 1)[:2], Answer(question="balance", answer="wobbly")), "unknown-answer"),
        ((*short(1, 1, 1), Answer(question="balance", answer="steady")), "unknown-answer"),
    ],
)
def test_a_form_that_is_not_filled_in_as_asked_is_refused(answers: tuple[Answer, ...], code: str) -> None:
    assert refusal_of(lambda: domain.must_fit(RULES, SHORT, answers)) == code


@pytest.mark.parametrize(
    ("form", "age_years", "fits"),
    [
        (FallForm.SHORT_SCREEN, 75, True),
        (FallForm.SHORT_SCREEN, 74, False),
        (FallForm.SHORT_SCREEN, 76, False),
        (FallForm.FALLS_AND_FEAR, 70, True),
        (FallForm.FALLS_AND_FEAR, 75, False),
        (FallForm.FALLS_AND_FEAR, 69, False),
    ],
)
def test_people_of_75_fill_in_the_short_screen_and_people_of_70_the_other_form(
    form: FallForm, age_years: int, *, fits: bool
) -> None:
    """Rule 24."""
    refused = refusal_of(lambda: domain.must_be_invited(RULES, form, age_years=age_years, earlier=None))
    assert refused == ("" if fits else "not-invited")


def test_an_age_nobody_has_proved_is_taken_as_told() -> None:
    domain.must_be_invited(RULES, FallForm.SHORT_SCREEN, age_years=None, earlier=None)


@pytest.mark.parametrize(
    ("earlier", "code"),
    [(FallOutcome.SHORT_SCREEN, ""), (FallOutcome.NO_RAISED_RISK, "not-invited"), (None, "not-invited")],
)
def test_whom_the_form_of_70_led_to_the_short_screen_fills_it_in(earlier: FallOutcome | None, code: str) -> None:
    """Rule 24."""
    invited = refusal_of(lambda: domain.must_be_invited(RULES, FallForm.SHORT_SCREEN, age_years=70, earlier=earlier))
    assert invited == code


@pytest.mark.parametrize(
    ("on", "age_years"),
    [(date(2026, 11, 23), 74), (date(2026, 11, 24), 75), (date(2027, 11, 23), 75), (date(2027, 11, 24), 76)],
)
def test_an_age_is_turned_on_the_birthday(on: date, age_years: int) -> None:
    assert age_on(date(1951, 11, 24), on) == age_years


@pytest.mark.parametrize(
    ("on", "age_years"), [(date(2027, 2, 28), 74), (date(2027, 3, 1), 75), (date(2028, 2, 29), 76)]
)
def test_who_was_born_on_29_february_turns_older_on_1_march_of_a_common_year(on: date, age_years: int) -> None:
    assert age_on(date(1952, 2, 29), on) == age_years


@pytest.mark.parametrize(
    ("screened", "again"),
    [
        (date(2026, 11, 24), date(2027, 5, 24)),
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2027, 8, 31), date(2028, 2, 29)),
        (date(2026, 7, 1), date(2027, 1, 1)),
        (date(2026, 6, 30), date(2026, 12, 30)),
    ],
)
def test_the_risk_is_looked_at_again_after_six_months(screened: date, again: date) -> None:
    """Rule 24: the same day of the month, else its last one."""
    assert domain.review_on(screened, months=RULES.review_after_months) == again


@pytest.mark.parametrize(
    ("source", "on", "by_staff", "known"),
    [
        ("kaateh", date(2024, 12, 31), True, True),
        ("kaateh", date(2025, 1, 1), True, False),
        ("senior_health_point", date(2025, 1, 1), True, True),
        ("senior_health_point", date(2025, 1, 1), False, False),
        ("self", date(2026, 11, 24), False, True),
        ("made_up", date(2026, 11, 24), True, False),
    ],
)
def test_a_source_counts_in_its_days_alone(source: str, on: date, *, by_staff: bool, known: bool) -> None:
    """KAATEH ended with 2024, the senior health points go on: before and after 31.12.2024."""
    refused = refusal_of(lambda: domain.must_be_a_source(RULES, source, by_staff=by_staff, on=on))
    assert refused == ("" if known else "unknown-source")
