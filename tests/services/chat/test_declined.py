"""Who is declined after having been routed: whoever waits leaves the queue, a talk that has begun goes on."""

from __future__ import annotations

from uuid import UUID, uuid4

from contracts.chat import ConversationAbandoned, ConversationQueued, ConversationState, GetQueue
from tests.factories import contact_declined, contact_routed, staff
from tests.services.chat.desk import Desk
from tests.unit import Unit


def declined(chat: Unit, contact_id: UUID) -> None:
    chat.hears(contact_declined(contact_id=contact_id))
    assert chat.outcome == "done"


def test_who_waits_and_is_declined_leaves_the_queue(chat: Unit, desk: Desk) -> None:
    first, second = desk.queued(), desk.queued()
    declined(chat, first.contact_id)
    assert desk.seen(first.contact_id).state is ConversationState.ABANDONED
    assert desk.seen(second.contact_id).position == 1
    assert [one.contact_id for one in chat.told_of(ConversationAbandoned)] == [first.contact_id]


def test_everybody_who_moves_up_is_told_to_read_again(chat: Unit, desk: Desk) -> None:
    first, second = desk.queued(), desk.queued()
    chat.hinted.clear()
    declined(chat, first.contact_id)
    assert {hint.contact for hint in chat.hinted} == {first.contact_id, second.contact_id}


def test_a_talk_that_has_begun_is_the_therapists_to_end(chat: Unit, desk: Desk) -> None:
    talk = desk.accepted()
    declined(chat, talk.contact_id)
    assert desk.seen(talk.contact_id).state is ConversationState.OPEN
    desk.says(talk.contact_id, "Student health care helps you.", staff())


def test_declined_before_its_routing_is_heard_a_contact_never_waits(chat: Unit) -> None:
    contact_id = uuid4()
    declined(chat, contact_id)
    chat.hears(contact_routed(contact_id=contact_id, route="chat"))
    assert chat.asks(GetQueue(), viewer=staff()).waiting == ()
    assert chat.told_of(ConversationQueued) == []


def test_declined_twice_is_abandoned_once(chat: Unit, desk: Desk) -> None:
    contact_id = desk.queued().contact_id
    for _ in range(2):
        declined(chat, contact_id)
    assert len(chat.told_of(ConversationAbandoned)) == 1
