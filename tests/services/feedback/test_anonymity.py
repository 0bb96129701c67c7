"""Nothing that is stored or told leads from an answer back to who was invited. Source: design.md, trust.md F11."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from chassis.tables import outbox
from contracts.base import Language
from contracts.feedback import FeedbackGiven, FeedbackInvited, GiveFeedback
from services.feedback.app import build
from services.feedback.jobs import tell_given
from services.feedback.models import Answer, Invitation
from tests.factories import client, conversation_ended
from tests.unit import Unit, practice_settings

ROUNDS = 40


@pytest.fixture
def answered(feedback: Unit) -> Unit:
    """Forty conversations, each answered with a text that tells its number, a minute apart; the day is over."""
    for number in range(ROUNDS):
        feedback.hears(conversation_ended())
        invited = feedback.told_of(FeedbackInvited)[-1]
        ask = GiveFeedback(
            invitation_id=invited.invitation_id,
            contact_id=invited.contact_id,
            language=Language.SV,
            recommend=number % 11,
            text=f"nr {number}",
        )
        feedback.asks(ask, viewer=client(invited.contact_id))
        feedback.clock.advance(timedelta(minutes=1))
    feedback.clock.advance(timedelta(days=1))
    feedback.runs(tell_given)
    return feedback


def rows(unit: Unit, statement: str) -> list[Any]:
    return list(unit.database.read(lambda session: session.connection().execute(text(statement)).all()))


def test_an_answer_has_no_column_that_an_invitation_could_be_found_by() -> None:
    shared = set(Answer.model_fields) & set(Invitation.model_fields)
    assert shared == {"area", "about_what"}


def test_an_answer_keeps_a_day_and_no_moment() -> None:
    assert [name for name in Answer.model_fields if name.endswith(("_at", "_on"))] == ["given_on"]


def test_an_answered_invitation_does_not_say_when(answered: Unit) -> None:
    assert [name for name in Invitation.model_fields if name.endswith(("_at", "_on"))] == ["invited_at"]


def test_no_id_of_an_invitation_stands_in_an_answer(answered: Unit) -> None:
    ids = {
        value for row in rows(answered, "SELECT invitation_id, contact_id, cause_id FROM invitation") for value in row
    }
    assert not ids & {value for row in rows(answered, "SELECT * FROM answer") for value in row}


def test_answers_are_stored_in_the_order_of_their_random_ids(answered: Unit) -> None:
    stored = [row[0] for row in rows(answered, "SELECT answer_id FROM answer NOT INDEXED")]
    assert stored == sorted(stored)


def test_an_answer_has_no_running_number(answered: Unit) -> None:
    (ddl,) = (row[0] for row in rows(answered, "SELECT sql FROM sqlite_master WHERE name = 'answer'"))
    assert "WITHOUT ROWID" in ddl


def test_all_answers_of_a_day_are_told_at_one_moment_in_the_order_of_their_ids(answered: Unit) -> None:
    given = [event.answer_id for event in answered.told_of(FeedbackGiven)]
    assert (len(given), given) == (ROUNDS, sorted(given))


def test_the_fact_of_an_answer_names_no_cause_and_no_trace(answered: Unit) -> None:
    found = answered.database.read(lambda session: session.connection().execute(outbox.select()).all())
    headers = [json.loads(row.headers) for row in found if "feedback_given" in row.subject]
    assert all({"ce-causationid", "traceparent"}.isdisjoint(one) for one in headers)


def test_answering_tells_nothing_at_that_moment(feedback: Unit) -> None:
    feedback.hears(conversation_ended())
    (invited,) = feedback.told
    assert isinstance(invited, FeedbackInvited)
    ask = GiveFeedback(
        invitation_id=invited.invitation_id, contact_id=invited.contact_id, language=Language.FI, recommend=0
    )
    feedback.asks(ask, viewer=client(invited.contact_id))
    assert feedback.told == [invited]


def test_production_never_tells_an_answer_on_its_own_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDBACK_TOLD_AFTER_DAYS", "0")
    settings = practice_settings(tmp_path).model_copy(update={"profile": "production"})
    with pytest.raises(ValueError, match="FEEDBACK_TOLD_AFTER_DAYS"):
        build(settings)
