"""Nobody without a licence closes an assessment (rule 13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from chassis import Refused
from chassis.service import Service
from contracts.base import Ask
from contracts.callbacks import CallOutcome, RecordCall
from contracts.chat import AcceptConversation, EndConversation, GetConversation
from contracts.referrals import ReturnReason, ReturnReferral
from contracts.scheduling import CompleteVisit
from services.chat.app import build as chat
from services.intake.app import build as intake
from services.scheduling.app import build as scheduling
from tests.factories import contact_routed, staff
from tests.services.chat.desk import Desk
from tests.services.intake.referrals.sending import neighbour, send
from tests.services.scheduling.steps import booked
from tests.unit import Unit, practice_settings

Started = Callable[[Callable[..., Service]], Unit]
ASSISTANT = staff(licensed=False)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Started]:
    units: list[Unit] = []

    def one(build: Callable[..., Service]) -> Unit:
        units.append(Unit(build(practice_settings(tmp_path))))
        return units[-1]

    yield one
    for unit in units:
        unit.close()


def refused(unit: Unit, ask: Ask[object]) -> str:
    with pytest.raises(Refused) as refusal:
        unit.asks(ask, viewer=ASSISTANT)
    return refusal.value.code


def test_a_conversation_is_taken_and_ended_by_licensed_staff_alone(start: Started) -> None:
    """Rule 13."""
    unit, contact_id = start(chat), uuid4()
    unit.hears(contact_routed(contact_id=contact_id, route="chat"))
    waiting = unit.asks(GetConversation(contact_id=contact_id), viewer=ASSISTANT)
    taking = AcceptConversation(conversation_id=waiting.conversation_id, therapist_name="Aino")
    assert refused(unit, taking) == "licence-needed"
    unit.asks(taking, viewer=staff())
    assert refused(unit, EndConversation(contact_id=contact_id)) == "licence-needed"
    unit.asks(EndConversation(contact_id=contact_id), viewer=staff())


@pytest.mark.parametrize(("outcome", "code"), [("reached", "licence-needed"), ("no_answer", None)])
def test_an_assistant_may_try_to_call_and_keeps_no_promise(start: Started, outcome: str, code: str | None) -> None:
    """Rule 13."""
    desk = Desk(start(chat))
    ask = RecordCall(callback_id=desk.left_message().callback_id, outcome=CallOutcome(outcome))
    if code:
        assert refused(desk.chat, ask) == code
    else:
        assert desk.chat.asks(ask, viewer=ASSISTANT).attempts == 1


def test_a_visit_is_completed_by_licensed_staff_alone(start: Started) -> None:
    """Rule 13."""
    unit = start(scheduling)
    visit = booked(unit)
    assert refused(unit, CompleteVisit(visit_id=visit.visit_id, held_early=True)) == "licence-needed"
    unit.asks(CompleteVisit(visit_id=visit.visit_id, held_early=True), viewer=staff())


def test_a_referral_is_given_back_by_licensed_staff_alone(start: Started) -> None:
    """Rule 13."""
    unit = start(intake)
    sent = send(unit, neighbour(), number="R-1")
    ask = ReturnReferral(referral_id=sent.referral_id, reason=next(iter(ReturnReason)))
    assert refused(unit, ask) == "licence-needed"
    unit.asks(ask, viewer=staff())
