"""Rule 9 in the chat: whoever is under non-disclosure is of no place there, their number is told on record alone."""

from __future__ import annotations

from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import Viewer
from chassis.tables import outbox
from contracts import Event
from contracts.callbacks import CallbackPromised, CallOutcome, RecordCall
from contracts.chat import ConversationAccepted, ConversationQueued, GetConversation, GetQueue
from contracts.non_disclosure import GetCallNumber, NonDisclosureChanged
from contracts.public import CallbackCounted, ConversationCounted
from tests.factories import client, contact_routed, like_the_example, staff
from tests.services.chat.desk import PHONE, Desk
from tests.unit import Unit

KOUVOLA, NOWHERE = "286", "000"


def changed(contact_id: UUID, *, in_force: bool = True) -> NonDisclosureChanged:
    fact: NonDisclosureChanged = like_the_example(NonDisclosureChanged, contact_id=contact_id, in_force=in_force)
    return fact


def test_who_waits_is_of_no_place_any_more_and_marked_for_the_desk(chat: Unit, desk: Desk) -> None:
    """Rule 9."""
    contact_id = desk.queued(municipality=KOUVOLA).contact_id
    chat.hears(changed(contact_id), version=2)
    queue = chat.asks(GetQueue(), viewer=staff())
    assert [(one.municipality, one.non_disclosure) for one in queue.waiting] == [(NOWHERE, True)]


def test_the_residents_own_page_does_not_tell(chat: Unit, desk: Desk) -> None:
    contact_id = desk.queued(municipality=KOUVOLA).contact_id
    chat.hears(changed(contact_id), version=2)
    assert not desk.seen(contact_id).non_disclosure
    assert chat.asks(GetConversation(contact_id=contact_id), viewer=staff()).non_disclosure


def test_nothing_that_is_told_after_it_names_the_place(chat: Unit, desk: Desk) -> None:
    conversation = desk.queued(municipality=KOUVOLA)
    chat.hears(changed(conversation.contact_id), version=2)
    before = len(chat.told)
    desk.accepted(conversation)
    desk.ended(conversation.contact_id)
    assert any(isinstance(one, ConversationAccepted) for one in chat.told[before:])
    assert {one.municipality for one in chat.told[before:]} == {NOWHERE}


def test_in_the_list_of_calls_neither_place_nor_number_stands(chat: Unit, desk: Desk) -> None:
    """Rule 9: location and phone masked everywhere."""
    left = desk.left_message(municipality=KOUVOLA)
    chat.hears(changed(left.contact_id))
    [call] = desk.callbacks()
    assert (call.municipality, call.phone, call.non_disclosure) == (NOWHERE, "", True)
    recorded = chat.asks(RecordCall(callback_id=left.callback_id, outcome=CallOutcome.REACHED), viewer=staff())
    assert (recorded.municipality, recorded.phone) == (NOWHERE, "")
    assert {one.municipality for one in chat.told if not isinstance(one, CallbackPromised)} == {NOWHERE}


def test_who_asks_is_told_the_number_and_it_is_on_record(chat: Unit, desk: Desk) -> None:
    left = desk.left_message(municipality=KOUVOLA)
    chat.hears(changed(left.contact_id))
    before = len(chat.audited)
    assert chat.asks(GetCallNumber(contact_id=left.contact_id), viewer=staff()).phone == PHONE
    assert [row.what for row in chat.audited[before:]] == ["call number"]


@pytest.mark.parametrize(
    ("who", "code"), [("another county's", "unknown-callback"), ("the resident's own", "not-yours")]
)
def test_nobody_else_is(desk: Desk, who: str, code: str) -> None:
    left = desk.left_message()
    viewer: Viewer = staff(uuid4(), "18") if who == "another county's" else client(left.contact_id)
    assert desk.refusal(GetCallNumber(contact_id=left.contact_id), viewer) == code


def _known(desk: Desk, contact_id: UUID) -> list[tuple[Event, int]]:
    """What may be heard of a contact, with its aggregate version."""
    sealed = desk.chat.seal({"phone": PHONE, "words": "knee"})
    left = desk.left_message(contact_id=uuid4()).model_copy(update={"contact_id": contact_id, "message": sealed})
    over: dict[str, Any] = {"contact_id": contact_id, "municipality": KOUVOLA}
    return [
        (contact_routed(route="chat", **over), 1),
        (left.model_copy(update={"callback_id": uuid4(), "municipality": KOUVOLA}), 1),
        (changed(contact_id), 3),
    ]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_in_whatever_order_it_is_heard_no_place_is_kept(chat: Unit, desk: Desk, order: tuple[int, ...]) -> None:
    """Rule 9. A mark may be heard before the contact is known at all."""
    contact_id = uuid4()
    facts = _known(desk, contact_id)
    before = len(chat.told)
    for place in order:
        chat.hears(facts[place][0], version=facts[place][1])
        assert chat.outcome == "done"
    call = next(one for one in desk.callbacks() if one.contact_id == contact_id)
    seen = chat.asks(GetConversation(contact_id=contact_id), viewer=staff())
    assert (call.municipality, call.phone, seen.municipality, seen.non_disclosure) == (NOWHERE, "", NOWHERE, True)
    heard_first = order[0] == 2
    told = {one.municipality for one in chat.told[before:] if isinstance(one, ConversationQueued | CallbackPromised)}
    assert told == {NOWHERE} if heard_first else told <= {NOWHERE, KOUVOLA}


def test_lifted_the_number_is_shown_again_and_no_place_comes_back(chat: Unit, desk: Desk) -> None:
    left = desk.left_message(municipality=KOUVOLA)
    chat.hears(changed(left.contact_id), version=2)
    chat.hears(changed(left.contact_id, in_force=False), version=3)
    [call] = desk.callbacks()
    assert (call.municipality, call.phone, call.non_disclosure) == (NOWHERE, PHONE, False)


def test_an_older_word_changes_nothing(chat: Unit, desk: Desk) -> None:
    left = desk.left_message(municipality=KOUVOLA)
    chat.hears(changed(left.contact_id), version=5)
    chat.hears(changed(left.contact_id, in_force=False), version=4)
    assert desk.callbacks()[0].non_disclosure


def test_they_are_counted_with_the_county(chat: Unit, desk: Desk) -> None:
    """Kouvola is large enough to be named in public; of them it is not."""
    conversation = desk.queued(municipality=KOUVOLA)
    left = desk.left_message(municipality=KOUVOLA)
    for contact_id in (conversation.contact_id, left.contact_id):
        chat.hears(changed(contact_id), version=2)
    desk.accepted(conversation)
    desk.ended(conversation.contact_id)
    chat.asks(RecordCall(callback_id=left.callback_id, outcome=CallOutcome.REACHED), viewer=staff())
    counted = _public(chat)
    assert {type(one) for one in counted} == {ConversationCounted, CallbackCounted}
    assert {one.municipality for one in counted} == {NOWHERE}


def _public(chat: Unit) -> list[Event]:
    rows = chat.database.read(lambda session: session.connection().execute(outbox.select()).all())
    kinds = {"conversation_counted": ConversationCounted, "callback_counted": CallbackCounted}
    return [
        kinds[row.subject.split(".")[3]].model_validate_json(row.payload)
        for row in rows
        if row.subject.startswith("pub.")
    ]
