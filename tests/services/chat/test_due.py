"""A promised call moves with what intake says is due."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest

from chassis import Hint
from contracts.callbacks import CallOutcome, RecordCall
from contracts.due import DueKind, DueTimeSet
from contracts.portal import PromiseKind
from tests.factories import like_the_example, staff
from tests.services.chat.desk import Desk
from tests.unit import Unit


def set_due(contact_id: UUID, due_id: UUID, kind: DueKind, due_on: str) -> DueTimeSet:
    fact: DueTimeSet = like_the_example(DueTimeSet, contact_id=contact_id, due_id=due_id, kind=kind, due_on=due_on)
    return fact


def test_a_promised_call_is_due_when_intake_says_so(chat: Unit, desk: Desk) -> None:
    left = desk.left_message(kind=PromiseKind.ADVICE)
    chat.hears(set_due(left.contact_id, left.callback_id, DueKind.ASSESSMENT, "2026-11-24"))
    [call] = desk.callbacks()
    assert (call.kind, call.due_on) == (PromiseKind.ASSESSMENT, date(2026, 11, 24))
    assert Hint(contact=left.contact_id, area="10") in chat.hinted


def test_an_earlier_word_heard_later_moves_nothing(chat: Unit, desk: Desk) -> None:
    left = desk.left_message(kind=PromiseKind.ADVICE)
    chat.hears(set_due(left.contact_id, left.callback_id, DueKind.ASSESSMENT, "2026-11-24"), version=2)
    chat.hears(set_due(left.contact_id, left.callback_id, DueKind.ADVICE, "2026-12-01"), version=1)
    assert [call.due_on for call in desk.callbacks()] == [date(2026, 11, 24)]


@pytest.mark.parametrize("kind", list(DueKind))
def test_what_is_due_of_something_else_moves_no_call(chat: Unit, desk: Desk, kind: DueKind) -> None:
    left = desk.left_message(kind=PromiseKind.ADVICE)
    chat.hears(set_due(left.contact_id, uuid4(), kind, "2026-11-24"))
    assert (chat.outcome, [call.due_on for call in desk.callbacks()]) == ("done", [date(2026, 12, 1)])


def test_a_kept_promise_is_moved_no_more(chat: Unit, desk: Desk) -> None:
    left = desk.left_message(kind=PromiseKind.ADVICE)
    chat.asks(RecordCall(callback_id=left.callback_id, outcome=CallOutcome.REACHED), viewer=staff())
    chat.hears(set_due(left.contact_id, left.callback_id, DueKind.ASSESSMENT, "2026-11-24"))
    assert [call.due_on for call in desk.callbacks(kept=True)] == [date(2026, 12, 1)]
