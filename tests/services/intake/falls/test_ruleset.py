from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from contracts.areas import load_areas
from contracts.base import Language
from contracts.falls import FallForm
from services.intake.falls.ruleset import AllFallRules, FallRulesError, load_fall_rules, read_fall_rules
from services.intake.settings import FALL_RULES
from tests.architecture.rules import ROOT
from tests.services.intake.falls.builders import VERSION, the_rules
from tests.services.intake.triage.test_questionnaire import every_text

FILE = (FALL_RULES / f"{VERSION}.toml").read_text("utf-8")
RULES = the_rules()
AREAS = load_areas(ROOT / "deploy" / "areas", practice=False)


@pytest.mark.parametrize("language", list(Language))
def test_every_text_is_there_in_every_language(language: Language) -> None:
    """Rule 35."""
    texts = [one.of(language) for one in every_text(RULES)]
    assert len(texts) == len(re.findall(rf"\b{language} = ", FILE))
    assert all(text.strip() for text in texts)


def test_the_figures_are_those_of_the_sources() -> None:
    """Rule 24: 75 and 70 years, 6 and 4 points, all three conditions, 6 months."""
    assert {one.code: one.age_years for one in RULES.forms} == {FallForm.SHORT_SCREEN: 75, FallForm.FALLS_AND_FEAR: 70}
    assert (RULES.physiotherapist_from, RULES.assessment_from, RULES.review_after_months) == (6, 4, 6)
    assert RULES.rule(FallForm.SHORT_SCREEN, None).code == "all_of_three"


def test_both_counties_keep_the_default_rule() -> None:
    """Rule 24: AND until a clinician says otherwise (domain.md section 11)."""
    assert [(one.falls.rule, one.falls.physiotherapist_from) for one in AREAS.values()] == [(None, None)] * 2


def test_an_item_of_the_short_screen_has_0_to_3_points() -> None:
    """Rule 24. FROP-Com Screen."""
    asked = RULES.asked(RULES.form(FallForm.SHORT_SCREEN))
    assert [sorted(question.points.values()) for question in asked] == [[0, 1, 2, 3]] * 3


@pytest.mark.parametrize(
    ("on", "version"), [("2024-01-01", "2024-09-01"), ("2024-12-31", "2024-09-01"), ("2025-01-01", "2025-01-01")]
)
def test_the_newest_version_in_effect_on_a_day_counts(on: str, version: str) -> None:
    both = AllFallRules([read_fall_rules(VERSION, FILE), read_fall_rules("2025-01-01", FILE)])
    assert both.current(date.fromisoformat(on)).version == version


WRONG = {
    "a key nobody knows": ("review_after_months", "reviewed_after"),
    "a rule about what its form does not show": ('any_of = ["fall", "fear"]', 'any_of = ["score"]'),
    "a rule that says nothing": ('any_of = ["fall", "fear"]', ""),
    "a question that is not asked": ('question = "balance"', 'question = "fear"'),
    "an answer that is not offered": ('answers = ["some", "much"]', 'answers = ["a_lot"]'),
    "a default that is no rule": ('default_rule = "all_of_three"', 'default_rule = "most"'),
    "eight points": ('"all", points = 3', '"all", points = 2'),
    "thresholds the wrong way round": ("assessment_from = 4", "assessment_from = 7"),
    "a missing translation": ('text.sv = "Är du rädd för att falla?"\n', ""),
    "a form missing": ('code = "falls_and_fear"\nage_years', 'code = "short_screen"\nage_years'),
    "no TOML": ("default_rule", "[[default_rule"),
}
"""What is changed in the file, and into what."""


@pytest.mark.parametrize("what", WRONG)
def test_a_file_that_makes_no_sense_is_refused(what: str) -> None:
    changed = FILE.replace(*WRONG[what])
    assert changed != FILE
    with pytest.raises(FallRulesError, match=VERSION):
        read_fall_rules(VERSION, changed)


def test_a_folder_without_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FallRulesError, match="no fall rules"):
        load_fall_rules(tmp_path, AREAS)


def test_a_county_that_names_a_rule_nobody_wrote_stops_the_start(tmp_path: Path) -> None:
    county = (
        (ROOT / "deploy" / "areas" / "10.toml").read_text("utf-8").replace("[chat]", '[falls]\nrule = "most"\n\n[chat]')
    )
    (tmp_path / "10.toml").write_text(county, "utf-8")
    with pytest.raises(FallRulesError, match="area 10"):
        load_fall_rules(FALL_RULES, load_areas(tmp_path, practice=False))


@pytest.mark.parametrize(
    ("municipality", "team"),
    [("272", "Keskitetty fysioterapia, Kokkola"), ("849", "Lestijokilaakso"), ("584", "Perhonjokilaakso")],
)
def test_visits_of_kokkola_are_central_and_those_of_the_river_valleys_in_their_own_area(
    municipality: str, team: str
) -> None:
    found = AREAS.area("18").falls.team_of(municipality)
    assert found
    assert found.names.fi == team


def test_every_municipality_of_soite_has_a_team() -> None:
    soite = AREAS.area("18")
    assert all(soite.falls.team_of(one.code) for one in soite.municipalities)
