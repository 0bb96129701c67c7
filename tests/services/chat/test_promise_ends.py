"""A promised call that is not to be made any more: the unit does not take the person, or has agreed on a time."""

from __future__ import annotations

from uuid import UUID, uuid4

from chassis.tables import outbox
from contracts.callbacks import (
    CallbackKept,
    CallbackLifted,
    CallbackPromised,
    CallbackState,
    CallOutcome,
    GetPromise,
    RecordCall,
)
from contracts.public import CallbackCounted
from tests.factories import AINO, MATTI, client, contact_declined, staff, visit_booked
from tests.services.chat.desk import Desk
from tests.unit import START, Unit


def declined(chat: Unit, contact_id: UUID) -> None:
    chat.hears(contact_declined(contact_id=contact_id))
    assert chat.outcome == "done"


def counted(chat: Unit) -> list[bool]:
    """Calls as they are counted in public: whether on time."""
    rows = chat.database.read(lambda session: session.connection().execute(outbox.select()).all())
    payloads = [row.payload for row in rows if row.subject.startswith("pub.")]
    return [CallbackCounted.model_validate_json(payload).on_time for payload in payloads]


def state(chat: Unit, contact_id: UUID) -> CallbackState:
    return CallbackState(chat.asks(GetPromise(contact_id=contact_id), viewer=client(contact_id)).state)


def test_who_is_declined_is_called_no_more(chat: Unit, desk: Desk) -> None:
    """Of a returned referral too: its contact is declined. Nobody rings who was told to turn elsewhere."""
    fact, other = desk.left_message(), desk.left_message()
    declined(chat, fact.contact_id)
    assert [one.contact_id for one in desk.callbacks()] == [other.contact_id]
    expected = CallbackLifted(
        area="10", municipality="285", callback_id=fact.callback_id, contact_id=fact.contact_id, lifted_at=START
    )
    assert chat.told_of(CallbackLifted) == [expected]
    assert state(chat, fact.contact_id) is CallbackState.LIFTED


def test_who_was_declined_before_their_message_was_heard_is_called_no_more(chat: Unit, desk: Desk) -> None:
    contact_id = uuid4()
    declined(chat, contact_id)
    fact = desk.left_message(contact_id=contact_id)
    assert desk.callbacks() == []
    told = [type(one) for one in chat.told if isinstance(one, CallbackPromised | CallbackLifted)]
    assert told == [CallbackPromised, CallbackLifted]
    assert state(chat, fact.contact_id) is CallbackState.LIFTED


def test_a_call_is_lifted_once(chat: Unit, desk: Desk) -> None:
    contact_id = desk.left_message().contact_id
    for _ in range(2):
        declined(chat, contact_id)
    assert len(chat.told_of(CallbackLifted)) == 1


def test_a_call_that_was_made_stays_made(chat: Unit, desk: Desk) -> None:
    fact = desk.left_message()
    chat.asks(RecordCall(callback_id=fact.callback_id, outcome=CallOutcome.REACHED), viewer=staff())
    declined(chat, fact.contact_id)
    assert (state(chat, fact.contact_id), chat.told_of(CallbackLifted)) == (CallbackState.KEPT, [])


def test_no_call_can_be_recorded_that_nobody_is_to_make(chat: Unit, desk: Desk) -> None:
    fact = desk.left_message()
    declined(chat, fact.contact_id)
    ask = RecordCall(callback_id=fact.callback_id, outcome=CallOutcome.REACHED)
    assert desk.refusal(ask, staff()) == "callback-lifted"


def test_a_time_agreed_with_the_person_keeps_the_promised_call(chat: Unit, desk: Desk) -> None:
    fact = desk.left_message()
    at = desk.later(hours=1)
    chat.hears(visit_booked(contact_id=fact.contact_id, booked_by=MATTI, therapist_id=AINO, booked_at=at))
    assert chat.outcome == "done"
    assert desk.callbacks() == []
    [kept] = chat.told_of(CallbackKept)
    assert (kept.callback_id, kept.therapist_id, kept.attempts, kept.on_time, kept.kept_at) == (
        fact.callback_id,
        MATTI,
        1,
        True,
        at,
    )
    assert counted(chat) == [True]


def test_a_time_the_person_booked_themselves_does_not_end_the_promised_call(chat: Unit, desk: Desk) -> None:
    """A time next week is no assessment today (rule 14): the call was promised, and stays so."""
    fact = desk.left_message()
    chat.hears(visit_booked(contact_id=fact.contact_id, booked_by=None))
    assert [one.callback_id for one in desk.callbacks()] == [fact.callback_id]


def test_a_time_agreed_twice_over_keeps_the_call_once(chat: Unit, desk: Desk) -> None:
    fact = desk.left_message()
    for visit_id in (uuid4(), uuid4()):
        chat.hears(visit_booked(contact_id=fact.contact_id, visit_id=visit_id, booked_by=AINO, booked_at=START))
    assert len(chat.told_of(CallbackKept)) == 1
