"""An invitation is answered once; staff of the area read what was said, with its base."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import Refused
from contracts.base import Language
from contracts.feedback import FeedbackGiven, FeedbackInvited, GetFeedback, GetInvitations, GiveFeedback
from services.feedback.jobs import tell_given
from tests.factories import AINO, client, conversation_ended, staff
from tests.unit import Unit


def invite(feedback: Unit, **over: Any) -> FeedbackInvited:
    feedback.hears(conversation_ended(**over))
    invited = feedback.told_of(FeedbackInvited)[-1]
    assert isinstance(invited, FeedbackInvited)
    return invited


def give(feedback: Unit, invited: FeedbackInvited, recommend: int = 10, *, as_: UUID | None = None, **over: Any) -> Any:
    ask = GiveFeedback(
        invitation_id=invited.invitation_id,
        contact_id=invited.contact_id,
        language=Language.FI,
        recommend=recommend,
        **over,
    )
    return feedback.asks(ask, viewer=client(as_ or invited.contact_id))


def test_an_answered_invitation_is_shown_as_answered(feedback: Unit) -> None:
    invited = invite(feedback)
    give(feedback, invited)
    view = feedback.asks(GetInvitations(contact_id=invited.contact_id), viewer=client(invited.contact_id))
    assert view.invitations[0].answered


def test_a_second_answer_is_refused(feedback: Unit) -> None:
    invited = invite(feedback)
    give(feedback, invited)
    with pytest.raises(Refused, match="already-answered"):
        give(feedback, invited, 0)


def test_a_second_answer_changes_nothing(feedback: Unit) -> None:
    invited = invite(feedback)
    give(feedback, invited, 10)
    with pytest.raises(Refused):
        give(feedback, invited, 0)
    assert feedback.asks(GetFeedback(area="10"), viewer=staff()).summary.detractors == 0


def test_another_residents_invitation_does_not_exist(feedback: Unit) -> None:
    with pytest.raises(Refused, match="unknown-invitation"):
        give(feedback, invite(feedback), as_=uuid4())


def test_an_invitation_of_another_contact_does_not_exist(feedback: Unit) -> None:
    mine, others = invite(feedback), invite(feedback)
    with pytest.raises(Refused, match="unknown-invitation"):
        give(feedback, others.model_copy(update={"contact_id": mine.contact_id}))


def test_staff_cannot_answer_for_a_resident(feedback: Unit) -> None:
    invited = invite(feedback)
    ask = GiveFeedback(
        invitation_id=invited.invitation_id, contact_id=invited.contact_id, language=Language.FI, recommend=10
    )
    with pytest.raises(Refused, match="unknown-invitation"):
        feedback.asks(ask, viewer=staff())


def test_staff_read_the_score_with_its_base(feedback: Unit) -> None:
    for score in (10, 9, 7, 3):
        give(feedback, invite(feedback), score)
    invite(feedback)
    summary = feedback.asks(GetFeedback(area="10"), viewer=staff()).summary
    assert (summary.nps, summary.asked, summary.answered) == (25, 5, 4)


def test_without_answers_there_is_no_score(feedback: Unit) -> None:
    invite(feedback)
    summary = feedback.asks(GetFeedback(area="10"), viewer=staff()).summary
    assert (summary.nps, summary.nps_interval, summary.asked) == (None, None, 1)


def test_13_answers_to_21_invitations_give_the_figures_of_soite(feedback: Unit) -> None:
    """Rule 27: Source: mission.md section 3: NPS 92 of 12/1/0, feedback share 13 of 21 lies in 40.9-79.2 %."""
    invitations = [invite(feedback, area="18") for _ in range(21)]
    for invited, score in zip(invitations, [10] * 12 + [8], strict=False):
        give(feedback, invited, score)
    summary = feedback.asks(GetFeedback(area="18"), viewer=staff()).summary
    assert (summary.nps, summary.answered_interval) == (92, (40.9, 79.2))


def test_usefulness_has_its_own_base(feedback: Unit) -> None:
    for useful in (True, True, False, None):
        give(feedback, invite(feedback), useful=useful)
    summary = feedback.asks(GetFeedback(area="10"), viewer=staff()).summary
    assert (summary.useful_yes, summary.useful_base) == (2, 3)


def test_another_areas_feedback_is_not_counted(feedback: Unit) -> None:
    give(feedback, invite(feedback, area="18"))
    assert feedback.asks(GetFeedback(area="10"), viewer=staff()).summary.answered == 0


def test_since_leaves_earlier_days_out(feedback: Unit) -> None:
    give(feedback, invite(feedback), 0)
    feedback.clock.advance(timedelta(days=1))
    give(feedback, invite(feedback), 10)
    summary = feedback.asks(GetFeedback(area="10", since=feedback.clock()), viewer=staff()).summary
    assert (summary.asked, summary.answered, summary.nps) == (1, 1, 100)


def test_an_answer_counts_at_once_and_its_words_wait_until_its_day_is_over(feedback: Unit) -> None:
    """The moment of a text would name its writer to the therapist who has just ended the conversation."""
    give(feedback, invite(feedback), text="Kiitos")
    view = feedback.asks(GetFeedback(area="10"), viewer=staff())
    assert (view.summary.answered, view.texts) == (1, ())


def test_words_are_shown_with_their_day_and_without_a_phone_number(feedback: Unit) -> None:
    give(feedback, invite(feedback), text="Soita 040 123 4567!")
    feedback.clock.advance(timedelta(days=1))
    feedback.runs(tell_given)
    (text,) = feedback.asks(GetFeedback(area="10"), viewer=staff()).texts
    assert (text.text, text.given_on.isoformat()) == ("Soita •••!", "2026-11-24")


@pytest.mark.parametrize("viewer", [staff(AINO, "18"), client(uuid4())], ids=["staff of another area", "resident"])
def test_feedback_is_for_staff_of_the_area(feedback: Unit, viewer: Any) -> None:
    with pytest.raises(Refused, match="not-yours"):
        feedback.asks(GetFeedback(area="10"), viewer=viewer)


def test_an_answer_is_not_told_on_its_own_day(feedback: Unit) -> None:
    give(feedback, invite(feedback))
    feedback.runs(tell_given)
    assert feedback.told_of(FeedbackGiven) == []


def test_an_answer_is_told_once_when_its_day_is_over(feedback: Unit) -> None:
    give(feedback, invite(feedback), 9, useful=True)
    feedback.clock.advance(timedelta(days=1))
    feedback.runs(tell_given)
    feedback.runs(tell_given)
    (given,) = feedback.told_of(FeedbackGiven)
    assert (given.recommend, given.useful, given.municipality, given.given_on.isoformat()) == (
        9,
        True,
        "000",
        "2026-11-24",
    )


def test_a_told_answer_still_counts(feedback: Unit) -> None:
    give(feedback, invite(feedback), text="Kiitos")
    feedback.clock.advance(timedelta(days=1))
    feedback.runs(tell_given)
    view = feedback.asks(GetFeedback(area="10"), viewer=staff())
    assert (view.summary.answered, [one.text for one in view.texts]) == (1, ["Kiitos"])
