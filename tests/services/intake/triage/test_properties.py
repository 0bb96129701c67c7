"""Whatever a person answers, in whatever order and however often: no red flag is lost on the way. Rule 10."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.intake import Route, TraceKind, TriageOutcome
from contracts.portal import Answer, Origin
from services.intake.domain import route
from services.intake.triage import domain
from services.intake.triage.questionnaire import SEVERITY, Subject, most_severe
from tests.services.intake.builders import the_questionnaire
from tests.services.intake.triage.test_domain import TABLE

RULES = the_questionnaire()
PHYSICIAN = SEVERITY.index(TriageOutcome.PHYSICIAN)
CODES = [*(one.code for one in RULES.flags), *(one.code for one in RULES.questions), "nobody_asked"]
ANSWERS = st.lists(
    st.builds(
        Answer,
        question=st.sampled_from(CODES),
        answer=st.sampled_from(["yes", "no", "dont_know", "perhaps", "under_3_months", "prescription"]),
    ),
    max_size=40,
)
TROUBLES = st.sampled_from(RULES.troubles)


@given(TROUBLES, ANSWERS)
@settings(max_examples=500, deadline=None)
def test_no_path_of_answers_with_a_true_red_flag_ends_below_its_class(trouble: Subject, told: list[Answer]) -> None:
    reached = SEVERITY.index(domain.triage(RULES, trouble, told).outcome)
    said_yes = {one.question for one in told if one.answer == "yes"}
    for code in set(trouble.flags) & said_yes:
        assert all(reached <= SEVERITY.index(TABLE[sign]) for sign in RULES.flag(code).signs)


@given(TROUBLES, ANSWERS)
@settings(max_examples=500, deadline=None)
def test_whoever_does_not_say_no_to_every_red_flag_meets_a_physician_or_more(
    trouble: Subject, told: list[Answer]
) -> None:
    weighed = domain.triage(RULES, trouble, told)
    answered = {code: {one.answer for one in told if one.question == code} for code in trouble.flags}
    if any(answers != {"no"} for answers in answered.values()):
        assert SEVERITY.index(weighed.outcome) <= PHYSICIAN
        for door in Origin:
            assert route(weighed, origin=door, shut={}).route is Route.ELSEWHERE


@given(TROUBLES, ANSWERS, st.randoms())
@settings(max_examples=300, deadline=None)
def test_the_order_of_answers_and_saying_one_twice_change_nothing(
    trouble: Subject, told: list[Answer], random: Random
) -> None:
    again = [*told, *told]
    random.shuffle(again)
    assert domain.triage(RULES, trouble, again) == domain.triage(RULES, trouble, told)


@given(TROUBLES, ANSWERS, st.sampled_from(["yes", "dont_know"]), st.data())
@settings(max_examples=300, deadline=None)
def test_a_further_red_flag_never_makes_it_milder(
    trouble: Subject, told: list[Answer], answer: str, data: st.DataObject
) -> None:
    more = [*told, Answer(question=data.draw(st.sampled_from(trouble.flags)), answer=answer)]
    before, after = (SEVERITY.index(domain.triage(RULES, trouble, each).outcome) for each in (told, more))
    assert after <= before


@given(TROUBLES, ANSWERS)
@settings(max_examples=500, deadline=None)
def test_the_severest_hit_of_the_trace_is_the_outcome_and_what_decided_asked_for_it(
    trouble: Subject, told: list[Answer]
) -> None:
    """Rule 10."""
    weighed = domain.triage(RULES, trouble, told)
    hits = {step.code: step.outcome for step in weighed.trace if step.hit}
    assert most_severe(hits.values()) is weighed.outcome
    assert {hits[code] for code in domain.decided_by(weighed.trace)} == {weighed.outcome}


@given(TROUBLES, ANSWERS)
@settings(max_examples=300, deadline=None)
def test_the_trace_names_every_flag_asked_with_every_answer_given(trouble: Subject, told: list[Answer]) -> None:
    steps = [step for step in domain.triage(RULES, trouble, told).trace if step.kind is TraceKind.FLAG]
    assert [step.code for step in steps] == list(trouble.flags)
    for step in steps:
        assert set(step.answers) == {one for one in told if one.question == step.code}
        assert step.milder == (step.hit and "yes" not in {one.answer for one in step.answers})


@given(TROUBLES, ANSWERS)
@settings(max_examples=300, deadline=None)
def test_every_step_of_the_trace_says_where_it_comes_from(trouble: Subject, told: list[Answer]) -> None:
    assert all(step.sources for step in domain.triage(RULES, trouble, told).trace)
