"""What a maker's answers mean here: the shipped file fits the questionnaire, several of theirs make one of ours."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import Language
from contracts.intake import GetQuestionnaire, Option, Question, QuestionnaireView
from services.portal.assessments.domain import YES, Assessment, Given, known
from services.portal.assessments.mapping import MappingError, load_mappings
from services.portal.edge import PASSER_BY
from services.portal.settings import MAPPINGS
from tests.services.portal.town import Town

(KNEE, *OTHERS) = load_mappings(MAPPINGS).in_force(date(2026, 11, 24))


def _asked(assessment: Assessment) -> QuestionnaireView:
    """Every question of ours that the assessment answers, with every answer it may mean."""
    meant: dict[str, set[str]] = {}
    for one in assessment.questions:
        meant.setdefault(one.ours, set()).update(filter(None, one.answers.values()))
    questions = [
        Question(code=code, text="?", options=tuple(Option(code=answer, text="?") for answer in sorted(answers)))
        for code, answers in meant.items()
    ]
    told = {"version": "2026-11-01", "trouble": assessment.trouble, "troubles": (), "safety_signs": ()}
    return QuestionnaireView.model_validate({**told, "questions": questions})


ASKED = {one.code: _asked(one) for one in (KNEE, *OTHERS)}


def asked(town: Town, trouble: str) -> QuestionnaireView:
    ask = GetQuestionnaire(language=Language.FI, trouble=trouble)
    view = town.units["intake"].asks(ask, viewer=PASSER_BY)
    assert isinstance(view, QuestionnaireView)
    return view


@pytest.mark.parametrize("assessment", [KNEE, *OTHERS], ids=lambda one: one.code)
def test_every_answer_of_the_shipped_file_is_one_that_we_offer(town: Town, assessment: Assessment) -> None:
    offered = {one.code: {option.code for option in one.options} for one in asked(town, assessment.trouble).questions}
    meant = {(one.ours, answer) for one in assessment.questions for answer in one.answers.values() if answer}
    assert [each for each in meant if each[1] not in offered.get(each[0], set())] == []


@pytest.mark.parametrize(
    ("deformed", "hot", "ours"),
    [
        ("no", "no", "no"),
        ("yes", "no", "yes"),
        ("no", "yes", "yes"),
        ("yes", "unsure", "yes"),
        ("unsure", "unsure", "dont_know"),
        ("no", "unsure", "dont_know"),
        (None, "unsure", "dont_know"),
        ("no", None, None),
        (None, None, None),
    ],
)
def test_a_no_counts_only_when_every_sign_was_asked_for(
    town: Town, deformed: str | None, hot: str | None, ours: str | None
) -> None:
    """Rule 10: nobody slips through between their questions and ours."""
    given = {"knee_deformed": deformed, "knee_hot": hot}
    answers = known(KNEE, [Given(question=q, answer=a) for q, a in given.items() if a], asked(town, "knee"))
    assert {one.question: one.answer for one in answers}.get("joint_now") == ours


@given(data=st.data())
def test_no_yes_to_a_sign_is_lost_and_no_no_is_made_up(data: st.DataObject) -> None:
    """Rules 10 and 11, over every assessment of the shipped file and any part of its answers."""
    assessment = data.draw(st.sampled_from([KNEE, *OTHERS]))
    told = {
        one.code: data.draw(st.sampled_from(sorted(one.answers)))
        for one in assessment.questions
        if data.draw(st.booleans())
    }
    flags = {one.ours for one in assessment.questions if YES in one.answers.values()}
    answers = {
        one.question: one.answer
        for one in known(assessment, [Given(question=q, answer=a) for q, a in told.items()], ASKED[assessment.code])
    }
    for flag in flags:
        behind = [one for one in assessment.questions if one.ours == flag]
        meant = [one.answers[told[one.code]] if one.code in told else "" for one in behind]
        assert (answers.get(flag) == YES) == (YES in meant)
        assert (answers.get(flag) == "no") == (set(meant) == {"no"})


def test_what_our_questionnaire_does_not_ask_is_left_out(town: Town) -> None:
    given = [Given(question="since", answer="weeks")]
    without = asked(town, "knee").model_copy(update={"questions": ()})
    assert known(KNEE, given, without) == ()


def written(folder: Path, day: str, **over: Any) -> None:
    told = {"code": '"knee"', "versions": '["1"]', "trouble": '"knee"'} | over
    lines = ['source = "test"', "[[assessments]]", *(f"{name} = {value}" for name, value in told.items())]
    (folder / f"{day}.toml").write_text("\n".join(lines))


def test_the_newest_file_that_has_taken_effect_holds(tmp_path: Path) -> None:
    for day, versions in (("2026-01-01", '["1"]'), ("2026-02-01", '["2"]')):
        written(tmp_path, day, versions=versions)
    held = [load_mappings(tmp_path).in_force(date(2026, *day)) for day in ((1, 31), (2, 1))]
    assert [one.versions for (one,) in held] == [("1",), ("2",)]
    assert load_mappings(tmp_path).in_force(date(2025, 12, 31)) == ()


@pytest.mark.parametrize(
    ("day", "over"),
    [
        ("knee", {}),
        ("2026-01-01", {"versions": "[]"}),
        ("2026-01-01", {"versions": '["1", "1"]'}),
        ("2026-01-01", {"left_out": '["a"]', "questions": '[{ code = "a", ours = "b", answers = {} }]'}),
        ("2026-01-01", {"colour": '"red"'}),
    ],
)
def test_a_file_that_makes_no_sense_is_an_error_at_the_start(tmp_path: Path, day: str, over: dict[str, Any]) -> None:
    written(tmp_path, day, **over)
    with pytest.raises(MappingError, match=day):
        load_mappings(tmp_path)
