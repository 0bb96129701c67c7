from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel

from contracts.areas import Texts, load_areas
from contracts.base import Language
from services.intake.settings import QUESTIONNAIRES
from services.intake.triage.questionnaire import (
    MOST_QUESTIONS,
    Questionnaire,
    QuestionnaireError,
    Questionnaires,
    load_questionnaires,
    read_questionnaire,
)

FILE = (QUESTIONNAIRES / "2026-11-01.toml").read_text(encoding="utf-8")


def every_text(part: object) -> Iterator[Texts]:
    if isinstance(part, Texts):
        yield part
    elif isinstance(part, BaseModel):
        for _, value in part:
            yield from every_text(value)
    elif isinstance(part, tuple):
        for one in part:
            yield from every_text(one)


@pytest.mark.parametrize("language", list(Language))
def test_every_text_is_there_in_every_language(questionnaire: Questionnaire, language: Language) -> None:
    """Rule 35."""
    texts = [one.of(language) for one in every_text(questionnaire)]
    of_words = r"(?<!words\.)(?<!ordinary\.)(?<!negations\.)(?<!crisis\.)"
    assert len(texts) == len(re.findall(rf"{of_words}\b{language} = ", FILE))
    assert all(text.strip() for text in texts)


def test_the_finnish_of_a_sign_or_question_is_never_left_untranslated(questionnaire: Questionnaire) -> None:
    asked = [*(sign.text for sign in questionnaire.signs), *(one.text for one in questionnaire.questions)]
    assert all(len({text.fi, text.sv, text.en}) == len(Language) for text in asked)


def test_the_troubles_are_those_the_unit_names(questionnaire: Questionnaire) -> None:
    assert [one.text.fi for one in questionnaire.troubles] == [
        "Polvi", "Lonkka", "Nilkka", "Olkapää", "Niska-hartiaseutu", "Selkä", "Kyynärpää tai ranne",
        "Leikkauksen jälkeinen kuntoutus", "Apuvälineet", "Liikunnan aloittaminen", "Muu vaiva",
    ]  # fmt: skip


def test_no_questionnaire_asks_more_than_seven_questions(questionnaire: Questionnaire) -> None:
    counts = [len(one.flags) + len(one.questions) for one in questionnaire.troubles]
    assert max(counts) <= MOST_QUESTIONS == 7


def test_the_safety_page_shows_every_sign_of_class_112(questionnaire: Questionnaire) -> None:
    """Rule 11. domain.md section 3: eight rows."""
    assert [sign.code for sign in questionnaire.emergency_signs()] == [
        "g_chest", "g_stroke", "g_highenergy", "g_collapse", "g_cannotmove", "n_dissect", "n_mening", "j_disloc",
    ]  # fmt: skip


@pytest.mark.parametrize("area", ["10", "18"])
def test_every_red_flag_outcome_has_a_page_that_says_where_to_go(questionnaire: Questionnaire, area: str) -> None:
    reachable = {sign.outcome.value for sign in questionnaire.signs}
    county = load_areas(Path("deploy/areas").resolve(), practice=False).area(area)
    assert reachable <= set(county.elsewhere)


def test_a_question_with_several_signs_says_them_as_sentences(questionnaire: Questionnaire) -> None:
    asked = questionnaire.flag_text(questionnaire.flag("leg_same_day"), Language.EN)
    assert asked.startswith("Does any of these concern you? You cannot take four steps after an injury. One calf")


def test_a_question_with_one_sign_asks_about_that(questionnaire: Questionnaire) -> None:
    asked = questionnaire.flag_text(questionnaire.flag("neck_now"), Language.SV)
    assert asked.startswith("Gäller det här dig? Klumpiga händer")


# what a file may not say


def changed(pattern: str, by: str) -> str:
    text, count = re.subn(pattern, by, FILE, count=1, flags=re.MULTILINE)
    assert count == 1
    return text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (changed(r'^text\.sv = "Bröstsmärta.*$', ""), r"signs\.g_chest\.text\.sv: Field required"),
        (changed(r', sv = "Knä"', ""), r"troubles\.knee\.text\.sv: Field required"),
        (changed(r'sv = "Knä"', 'sv = " "'), r"troubles\.knee\.text\.sv: .*at least 1"),
        (changed(r'sv = "Knä"', 'sv = "Knä", de = "Knie"'), r"troubles\.knee\.text\.de: Extra inputs"),
        (changed('outcome = "urgent_now"', 'outcome = "urgent_soon"'), r"signs\.lb_urine\.outcome: .*'emergency_112'"),
        (changed('code = "lb_saddle"', 'code = "lb_urine"'), "signs: twice lb_urine"),
        (changed('code = "hip"', 'code = "knee"'), "troubles: twice knee"),
        (changed('code = "duration"', 'code = "joint_now"'), "flags and questions: twice joint_now"),
        (changed(r'signs = \["j_deform", "j_hot"\]', 'signs = ["j_odd"]'), "signs of flags: unknown j_odd"),
        (
            changed(r'flags = \["joint_now", "leg_', 'flags = ["joint_later", "leg_'),
            "flags of troubles: unknown joint",
        ),
        (changed(r'limits = \["none"\]', 'limits = ["nothing"]'), "answers of r_self: unknown nothing"),
        (changed(r'signs = \["j_locked", "g_weight"\]', 'signs = ["g_weight"]'), "nobody is asked about: j_locked"),
        (changed('outcome = "physician"', 'outcome = "self_care"'), "at least of class physician"),
        (changed('outcome = "pt_remote"', 'outcome = "physician"'), "milder than physician"),
        (changed(r'"course", "limits", "wish"\]', '"course", "limits", "wish", "surgery"]'), "knee asks 8 questions"),
        (changed('code = "dont_know"', 'code = "maybe"'), "flag_options are yes, no, dont_know"),
        (changed("^otherwise", "otherways"), "otherwise: Field required"),
        (changed('outcome = "self_care"\\nsource = "G"', 'outcome = "self_care"'), r"rules\.r_self\.source: Field req"),
        (changed('source = "A,B,E"', 'source = "A,,E"'), r"signs\.lb_urine\.source: String should match"),
        (changed('code = "neck_infection"', 'code = "back_infection"'), "combinations: twice back_infection"),
        (
            changed(r'words\.en = \["surgery".*?\]', "words.en = []"),
            r"troubles\.after_surgery\.words\.en: .*at least 1",
        ),
        (changed('"polvi", "polv\\*"', '"polvi!"'), r"troubles\.knee\.words\.fi\.0: String should match"),
        (
            changed(r'(text\.en = "You cannot pass urine.*"\n)(words(.*\n)*?)\n', r"\1\n"),
            "lb_urine: signs of class emergency_112 and urgent_now have words",
        ),
        (
            changed(r'(text\.en = "Cancer now or earlier"\n)', r'\1words = {fi = ["a"], sv = ["b"], en = ["c"]}\n'),
            "g_cancer: signs milder than urgent_same_day have no words",
        ),
        ("troubles = [", "2026-11-01: "),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_and_told_why(text: str, told: str) -> None:
    with pytest.raises(QuestionnaireError, match=told):
        read_questionnaire("2026-11-01", text)


def test_a_file_is_named_after_its_version() -> None:
    with pytest.raises(QuestionnaireError, match="november"):
        read_questionnaire("november", FILE)


def test_a_folder_without_questionnaires_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuestionnaireError, match="no questionnaire"):
        load_questionnaires(tmp_path)


# which version


@pytest.mark.parametrize(
    ("day", "version"),
    [
        (date(2026, 10, 31), "2026-11-01"),
        (date(2026, 11, 1), "2026-11-01.10"),
        (date(2026, 11, 30), "2026-11-01.10"),
        (date(2026, 12, 1), "2026-12-01"),
    ],
)
def test_the_newest_version_in_effect_is_asked(questionnaire: Questionnaire, day: date, version: str) -> None:
    versions = ["2026-12-01", "2026-11-01.9", "2026-11-01", "2026-11-01.10"]
    there = Questionnaires([questionnaire.model_copy(update={"version": one}) for one in versions])
    assert there.current(day).version == version
