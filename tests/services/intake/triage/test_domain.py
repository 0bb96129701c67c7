from __future__ import annotations

import pytest

from contracts.intake import TraceKind, TraceStep, TriageOutcome
from contracts.portal import Answer
from services.intake.triage import domain
from services.intake.triage.domain import Triage
from services.intake.triage.questionnaire import SEVERITY, Questionnaire
from tests.services.intake.builders import answers, the_questionnaire

RULES = the_questionnaire()

# domain.md section 3, red-flag table: the class of each sign, written down here on its own.
TABLE = {
    **dict.fromkeys(
        "g_chest g_stroke g_highenergy g_collapse g_cannotmove n_dissect n_mening j_disloc".split(),
        TriageOutcome.EMERGENCY_112,
    ),
    **dict.fromkeys("lb_urine lb_saddle lb_weak n_myelo j_deform j_hot".split(), TriageOutcome.URGENT_NOW),
    **dict.fromkeys(
        "g_fever g_fracture g_trauma g_abdo j_weight d_dvt s_acutetear o_postop".split(), TriageOutcome.URGENT_SAME_DAY
    ),
    **dict.fromkeys("g_infrisk g_cancer g_weight j_locked g_radic g_inflam".split(), TriageOutcome.PHYSICIAN),
}


FLAG_QUESTIONS = [(trouble.code, flag) for trouble in RULES.troubles for flag in trouble.flags]


def outcome(trouble: str, given: list[Answer]) -> TriageOutcome:
    return triage(trouble, given).outcome


def triage(trouble: str, given: list[Answer]) -> Triage:
    subject = RULES.trouble(trouble)
    assert subject
    return domain.triage(RULES, subject, given)


def test_the_table_in_force_is_the_reference_table(questionnaire: Questionnaire) -> None:
    """domain.md section 3."""
    assert {sign.code: sign.outcome for sign in questionnaire.signs} == TABLE


@pytest.mark.parametrize(("trouble", "flag"), FLAG_QUESTIONS)
def test_yes_to_a_red_flag_ends_at_or_above_the_class_of_each_of_its_signs(trouble: str, flag: str) -> None:
    reached = SEVERITY.index(outcome(trouble, answers(trouble, **{flag: "yes"})))
    assert all(reached <= SEVERITY.index(TABLE[sign]) for sign in RULES.flag(flag).signs)


@pytest.mark.parametrize(("trouble", "flag"), FLAG_QUESTIONS)
def test_dont_know_to_a_red_flag_is_one_class_milder_and_never_below_physician(trouble: str, flag: str) -> None:
    """Rule 10."""
    whole = min(SEVERITY.index(TABLE[sign]) for sign in RULES.flag(flag).signs)
    expected = min(whole + 1, SEVERITY.index(TriageOutcome.PHYSICIAN))
    assert SEVERITY.index(outcome(trouble, answers(trouble, **{flag: "dont_know"}))) == expected


@pytest.mark.parametrize(("trouble", "flag"), FLAG_QUESTIONS)
@pytest.mark.parametrize("given", ["yes", "dont_know"])
def test_a_red_flag_is_named(trouble: str, flag: str, given: str) -> None:
    assert triage(trouble, answers(trouble, **{flag: given})).flags == (flag,)


@pytest.mark.parametrize(("trouble", "flag"), FLAG_QUESTIONS)
def test_an_unanswered_red_flag_counts_as_dont_know(trouble: str, flag: str) -> None:
    without = [one for one in answers(trouble) if one.question != flag]
    assert outcome(trouble, without) == outcome(trouble, answers(trouble, **{flag: "dont_know"}))


@pytest.mark.parametrize("trouble", [one.code for one in RULES.troubles])
def test_no_answers_at_all_never_end_below_physician(trouble: str) -> None:
    assert SEVERITY.index(outcome(trouble, [])) <= SEVERITY.index(TriageOutcome.PHYSICIAN)


def test_an_unknown_answer_to_a_red_flag_counts_as_dont_know() -> None:
    assert outcome("knee", answers(joint_now="perhaps")) == outcome("knee", answers(joint_now="dont_know"))


def test_two_answers_to_one_red_flag_count_as_the_severer() -> None:
    both = [*answers(joint_now="yes"), Answer(question="joint_now", answer="no")]
    assert outcome("knee", both) is TriageOutcome.URGENT_NOW


def test_the_most_severe_red_flag_wins() -> None:
    given = answers(joint_now="yes", leg_same_day="yes", knee_physician="yes")
    assert outcome("knee", given) is TriageOutcome.URGENT_NOW


def test_every_flag_hit_is_told_in_the_order_asked() -> None:
    assert triage("knee", answers(knee_physician="yes", joint_now="dont_know")).flags == ("joint_now", "knee_physician")


@pytest.mark.parametrize(
    ("fever", "weakened", "expected"),
    [
        ("yes", "yes", TriageOutcome.URGENT_NOW),
        ("yes", "dont_know", TriageOutcome.URGENT_SAME_DAY),
        ("dont_know", "dont_know", TriageOutcome.URGENT_SAME_DAY),
        ("yes", "no", TriageOutcome.URGENT_SAME_DAY),
        ("no", "yes", TriageOutcome.PHYSICIAN),
    ],
)
def test_fever_with_weakened_immunity_is_urgent_now(fever: str, weakened: str, expected: TriageOutcome) -> None:
    """domain.md section 3, g_infrisk: with g_fever urgent_now, alone physician."""
    given = answers("back", back_same_day=fever, back_physician=weakened)
    assert outcome("back", given) is expected


@pytest.mark.parametrize(
    ("duration", "limits", "expected"),
    [
        ("under_2_weeks", "none", TriageOutcome.SELF_CARE),
        ("under_2_weeks", "some", TriageOutcome.DIRECT_ACCESS_PT),
        ("under_3_months", "much", TriageOutcome.DIRECT_ACCESS_PT),
        ("under_3_months", "none", TriageOutcome.PT_REMOTE),
        ("over_3_months", "much", TriageOutcome.PT_REMOTE),
    ],
)
def test_without_red_flags_duration_and_limits_decide(duration: str, limits: str, expected: TriageOutcome) -> None:
    """domain.md section 3, rows r_direct, r_remote, r_self."""
    assert outcome("knee", answers(duration=duration, limits=limits)) is expected


@pytest.mark.parametrize("trouble", ["after_surgery", "assistive_device", "exercise"])
def test_guidance_devices_and_advice_after_surgery_are_given_remotely(trouble: str) -> None:
    """domain.md section 3, row r_remote."""
    assert outcome(trouble, answers(trouble, limits="much")) is TriageOutcome.PT_REMOTE


def test_an_answer_to_a_question_that_was_not_asked_is_ignored() -> None:
    given = [*answers("assistive_device", limits="none"), Answer(question="duration", answer="under_2_weeks")]
    assert outcome("assistive_device", given) is TriageOutcome.PT_REMOTE


# the trace


def step(trouble: str, given: list[Answer], code: str) -> TraceStep:
    (found,) = [one for one in triage(trouble, given).trace if one.code == code]
    return found


def test_a_questionnaire_without_hits_is_decided_by_what_holds_otherwise() -> None:
    trace = triage("knee", answers(duration="over_3_months", limits="much")).trace
    assert [(one.kind.value, one.code, one.hit) for one in trace] == [
        ("flag", "joint_now", False),
        ("flag", "leg_same_day", False),
        ("flag", "knee_physician", False),
        ("rule", "r_direct", False),
        ("rule", "r_self", False),
        ("otherwise", "r_remote", True),
    ]
    assert domain.decided_by(trace) == ("r_remote",)


def test_what_dont_know_made_milder_is_marked_and_only_that() -> None:
    """Rule 10."""
    given = answers(joint_now="dont_know", knee_physician="yes")
    assert [one.code for one in triage("knee", given).trace if one.milder] == ["joint_now"]
    assert step("knee", given, "joint_now").outcome is TriageOutcome.URGENT_SAME_DAY


def test_an_unanswered_red_flag_is_a_step_without_an_answer() -> None:
    found = step("knee", [], "joint_now")
    assert (found.answers, found.hit, found.milder) == ((), True, True)


def test_flags_that_are_worse_together_are_a_step_of_their_own() -> None:
    given = answers("back", back_same_day="yes", back_physician="dont_know")
    found = step("back", given, "back_infection")
    assert (found.kind, found.outcome, found.milder) == (TraceKind.COMBINATION, TriageOutcome.URGENT_SAME_DAY, True)
    assert found.sources == ("A",)
    assert domain.decided_by(triage("back", given).trace) == ("back_same_day", "back_infection")


def test_a_red_flag_question_has_the_sources_of_all_its_signs() -> None:
    assert step("back", answers("back"), "back_now").sources == ("A", "B", "E")
