"""Who comes with some answers is asked for the others, once; what was answered is never asked again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.cases import ContactClosed, ContactReopened, Ending
from contracts.due import DueTimeSet
from contracts.intake import (
    ContactRouted,
    ContactView,
    GetContact,
    Route,
    RouteReason,
    TraceKind,
    TriageCompleted,
    TriageOutcome,
)
from contracts.portal import Answer, Assessed, ContactOpened, Origin, QuestionsAnswered
from services.intake.cases.jobs import close_quiet_contacts
from services.intake.domain import decide
from services.intake.triage.questionnaire import DONT_KNOW, NO, YES
from tests.factories import client, contact_opened, like_the_example, staff
from tests.services.intake.builders import answers, the_questionnaire
from tests.unit import Unit

CONTACT = uuid4()
ALL = [one.question for one in answers()]


def some(*codes: str, **over: str) -> list[Answer]:
    """Of a complete set the answers to some questions."""
    return [one for one in answers(**over) if one.question in codes]


def came(unit: Unit, *codes: str, **over: Any) -> None:
    told = {"contact_id": CONTACT, "origin": Origin.OMAOLO, "answers": some(*codes)} | over
    unit.hears(contact_opened(**told))


def answered(unit: Unit, *codes: str, **over: str) -> None:
    unit.hears(like_the_example(QuestionsAnswered, contact_id=CONTACT, answers=some(*codes, **over)))


def seen(unit: Unit) -> ContactView:
    view = unit.asks(GetContact(contact_id=CONTACT), viewer=client(CONTACT))
    assert isinstance(view, ContactView)
    return view


def rest(*codes: str) -> list[str]:
    return [code for code in ALL if code not in codes]


def test_who_comes_with_some_answers_is_asked_for_the_others_alone(intake: Unit) -> None:
    came(intake, "joint_now", "duration")
    view = seen(intake)
    assert (view.route, view.reasons) == (Route.QUESTIONS, (RouteReason.ANSWERS_MISSING,))
    assert list(view.unanswered) == rest("joint_now", "duration")
    assert (view.outcome, view.questionnaire) == (None, "2026-11-01")
    assert [type(one) for one in intake.told] == [ContactRouted]


def test_all_answers_are_weighed_together_in_a_second_run(intake: Unit) -> None:
    came(intake, "joint_now", "duration")
    answered(intake, *rest("joint_now", "duration"))
    view = intake.asks(GetContact(contact_id=CONTACT), viewer=staff())
    assert (view.route, view.unanswered, view.outcome) == (Route.CHAT, (), TriageOutcome.SELF_CARE)
    assert {one.question for one in view.trace.answers} == set(ALL)
    assert [type(one) for one in intake.told][1:] == [TriageCompleted, ContactRouted, DueTimeSet]


def test_a_red_flag_among_the_later_answers_leads_elsewhere(intake: Unit) -> None:
    """Rule 10."""
    came(intake, "joint_now", "duration")
    answered(intake, *rest("joint_now", "duration"), leg_same_day=YES)
    assert (seen(intake).route, seen(intake).outcome) == (Route.ELSEWHERE, TriageOutcome.URGENT_SAME_DAY)


@pytest.mark.parametrize("answer", [YES, DONT_KNOW])
def test_a_red_flag_among_the_first_answers_waits_for_no_others(intake: Unit, answer: str) -> None:
    """Rules 10 and 11."""
    came(intake, answers=some("joint_now", joint_now=answer))
    assert (seen(intake).route, seen(intake).reasons) == (Route.ELSEWHERE, (RouteReason.RED_FLAG,))


def test_where_nobody_waits_what_was_not_asked_counts_as_dont_know(intake: Unit) -> None:
    """Rule 10. A mild flag is known; a severe one was never asked about, and is not taken for a no."""
    came(intake, answers=some("knee_physician", knee_physician=YES))
    assert seen(intake).outcome is TriageOutcome.URGENT_SAME_DAY


@pytest.mark.parametrize(
    ("assessed", "outcome"),
    [(Assessed.EMERGENCY, TriageOutcome.EMERGENCY_112), (Assessed.URGENT, TriageOutcome.URGENT_NOW)],
)
def test_what_an_assessment_elsewhere_found_urgent_leads_elsewhere_at_once(
    intake: Unit, assessed: Assessed, outcome: TriageOutcome
) -> None:
    """Rule 11."""
    came(intake, "duration", assessed=assessed)
    view = intake.asks(GetContact(contact_id=CONTACT), viewer=staff())
    assert (view.route, view.outcome) == (Route.ELSEWHERE, outcome)
    [step] = [one for one in view.trace.steps if one.code == f"assessed_{assessed}"]
    assert (step.kind, step.hit) == (TraceKind.FLAG, True)


@pytest.mark.parametrize("assessed", [Assessed.ROUTINE, Assessed.SELF_CARE])
def test_a_mild_assessment_elsewhere_decides_nothing(intake: Unit, assessed: Assessed) -> None:
    """Whoever asks for a professional meets one."""
    came(intake, *ALL, assessed=assessed)
    assert seen(intake).route is Route.CHAT


def test_who_comes_with_all_answers_is_asked_nothing(intake: Unit) -> None:
    came(intake, *ALL)
    assert (seen(intake).route, seen(intake).unanswered) == (Route.CHAT, ())


def test_an_answer_that_this_version_does_not_offer_is_asked_again(intake: Unit) -> None:
    came(intake, answers=[Answer(question="duration", answer="a_while"), *some("joint_now")])
    assert "duration" in seen(intake).unanswered


def test_who_still_leaves_something_out_is_asked_for_that(intake: Unit) -> None:
    came(intake, "joint_now")
    answered(intake, "duration")
    assert list(seen(intake).unanswered) == rest("joint_now", "duration")
    answered(intake, *rest("joint_now", "duration"))
    assert seen(intake).route is Route.CHAT


def test_answers_that_come_a_second_time_change_nothing(intake: Unit) -> None:
    came(intake, "joint_now")
    answered(intake, *rest("joint_now"))
    answered(intake, *rest("joint_now"), leg_same_day=YES)
    assert intake.verdict
    assert (intake.verdict.code, seen(intake).route) == ("already-decided", Route.CHAT)


def test_answers_that_come_before_their_contact_wait_for_it(intake: Unit) -> None:
    answered(intake, *ALL)
    assert intake.outcome == "later"


def test_whom_the_unit_cannot_take_is_not_asked_anything(intake: Unit) -> None:
    """Rule 2."""
    came(intake, "joint_now", age_band="under_16")
    assert (seen(intake).state, seen(intake).unanswered) == ("declined", ())


FLAGS = the_questionnaire().trouble("knee").flags  # type: ignore[union-attr]  # the version has a knee


@given(
    st.dictionaries(st.sampled_from(FLAGS), st.sampled_from([YES, NO, DONT_KNOW])),
    st.sets(st.sampled_from([one for one in ALL if one not in FLAGS])),
    st.sampled_from([None, *Assessed]),
)
def test_no_part_of_the_answers_leads_past_a_red_flag(
    areas: Any, flags: dict[str, str], others: set[str], assessed: Assessed | None
) -> None:
    """Rule 10. Either all red flags are answered no, or the person is asked on, or is led elsewhere."""
    told = [Answer(question=code, answer=answer) for code, answer in flags.items()] + some(*others)
    fact = ContactOpened.model_validate(
        contact_opened(origin=Origin.OMAOLO, answers=told, assessed=assessed).model_dump()
    )
    decision = decide(areas.area("10"), fact, the_questionnaire(), shut={})
    red = any(answer != NO for answer in flags.values()) or assessed in (Assessed.EMERGENCY, Assessed.URGENT)
    complete = {one.question for one in told} >= set(ALL)
    expected = Route.ELSEWHERE if red else Route.CHAT if complete else Route.QUESTIONS
    assert decision.route is expected  # type: ignore[union-attr]  # nobody is declined here


def test_who_never_answers_the_rest_is_over_after_thirty_quiet_days(intake: Unit) -> None:
    came(intake, "joint_now")
    for days, told in ((29, []), (2, [(CONTACT, Ending.QUIET)])):
        intake.clock.advance(timedelta(days=days))
        intake.runs(close_quiet_contacts)
        assert [(fact.contact_id, fact.ending) for fact in intake.told_of(ContactClosed)] == told


def test_who_answers_the_rest_is_not_over_because_they_waited(intake: Unit) -> None:
    """The thirty days begin anew with what the person did last."""
    came(intake, "joint_now")
    intake.clock.advance(timedelta(days=29))
    answered(intake, *rest("joint_now"))
    intake.clock.advance(timedelta(days=2))
    intake.runs(close_quiet_contacts)
    assert intake.told_of(ContactClosed) == []


def test_who_answers_after_that_goes_on(intake: Unit) -> None:
    came(intake, "joint_now")
    intake.clock.advance(timedelta(days=31))
    intake.runs(close_quiet_contacts)
    answered(intake, *rest("joint_now"))
    assert [fact.contact_id for fact in intake.told_of(ContactReopened)] == [CONTACT]
    assert seen(intake).route is Route.CHAT
