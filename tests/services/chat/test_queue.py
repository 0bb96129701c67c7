from uuid import uuid4

import pytest

from contracts.chat import ConversationQueued, ConversationState, GetConversation, GetQueue
from contracts.intake import Route
from tests.factories import MATTI, client, contact_routed, identity_verified, staff
from tests.services.chat.desk import Desk
from tests.unit import START, Unit


def test_a_contact_routed_to_chat_waits_in_the_queue(chat: Unit, desk: Desk) -> None:
    view = desk.queued()
    assert (view.state, view.position, view.queued_at) == (ConversationState.QUEUED, 1, START)


def test_joining_the_queue_is_told_with_the_position(chat: Unit, desk: Desk) -> None:
    desk.queued()
    view = desk.queued()
    expected = ConversationQueued(
        area="10",
        municipality="285",
        conversation_id=view.conversation_id,
        contact_id=view.contact_id,
        channel="physiotherapy",
        position=2,
        queued_at=START,
    )
    assert chat.told[-1] == expected


@pytest.mark.parametrize("route", [Route.CALLBACK, Route.BOOKING, Route.ELSEWHERE])
def test_a_contact_routed_elsewhere_waits_in_no_queue(chat: Unit, desk: Desk, route: Route) -> None:
    fact = contact_routed(route=route)
    chat.hears(fact)
    assert desk.refusal(GetConversation(contact_id=fact.contact_id), client(fact.contact_id)) == "unknown-conversation"


def test_a_contact_routed_to_chat_twice_waits_once(chat: Unit, desk: Desk) -> None:
    view = desk.queued()
    desk.queued(view.contact_id)
    assert len(chat.told_of(ConversationQueued)) == 1


def test_a_contact_of_an_area_without_a_file_cannot_be_handled(chat: Unit) -> None:
    chat.hears(contact_routed(area="02", route="chat"))
    assert (chat.outcome, chat.verdict and chat.verdict.code) == ("unprocessable", "unknown-area")


def test_each_area_has_a_queue_of_its_own(desk: Desk) -> None:
    desk.queued(area="10")
    assert desk.queued(area="18", municipality="272").position == 1


def test_who_waits_behind_moves_up_when_the_first_is_taken(desk: Desk) -> None:
    first, second = desk.queued(), desk.queued()
    desk.accepted(first)
    assert desk.seen(second.contact_id).position == 1


def test_who_waits_behind_is_shown_the_new_position(chat: Unit, desk: Desk) -> None:
    first, second = desk.queued(), desk.queued()
    chat.hinted.clear()
    desk.accepted(first)
    assert second.contact_id in {hint.contact for hint in chat.hinted}


def test_a_taken_conversation_has_no_position(desk: Desk) -> None:
    assert desk.accepted().position is None


def test_joining_the_queue_shows_on_the_page_and_on_the_desks(chat: Unit, desk: Desk) -> None:
    view = desk.queued()
    assert [(hint.contact, hint.area) for hint in chat.hinted] == [(view.contact_id, "10")]


def test_the_desk_lists_who_waits_longest_first(chat: Unit, desk: Desk) -> None:
    waiting = [desk.queued().contact_id for _ in range(3)]
    shown = chat.asks(GetQueue(), viewer=staff()).waiting
    assert [(one.contact_id, one.position) for one in shown] == [*zip(waiting, [1, 2, 3], strict=True)]


def test_who_went_on_past_a_warning_stands_first_in_the_queue(chat: Unit, desk: Desk) -> None:
    """Rule 11."""
    waiting = [desk.queued().contact_id for _ in range(2)]
    warned = [desk.queued(alert=alert).contact_id for alert in ("physician", "urgent_now")]
    shown = chat.asks(GetQueue(), viewer=staff()).waiting
    assert [(one.contact_id, one.position) for one in shown] == [*zip(warned + waiting, [1, 2, 3, 4], strict=True)]
    assert [one.alert for one in shown] == ["physician", "urgent_now", None, None]


def test_a_warned_conversation_joins_before_the_others_and_they_are_shown_it(chat: Unit, desk: Desk) -> None:
    """Rule 11."""
    waiting = desk.queued()
    chat.hinted.clear()
    warned = desk.queued(alert="urgent_now")
    assert chat.told_of(ConversationQueued)[-1].position == 1
    assert [hint.contact for hint in chat.hinted] == [warned.contact_id, waiting.contact_id]


def test_who_waits_behind_a_warned_conversation_moves_up_when_it_is_taken(chat: Unit, desk: Desk) -> None:
    waiting = [desk.queued().contact_id for _ in range(2)]
    warned = desk.queued(alert="urgent_now")
    chat.hinted.clear()
    desk.accepted(warned)
    assert [hint.contact for hint in chat.hinted] == [warned.contact_id, *waiting]


def test_a_contact_sent_elsewhere_waits_in_the_queue_once_it_has_gone_on(chat: Unit, desk: Desk) -> None:
    """Rule 11."""
    contact_id = uuid4()
    chat.hears(contact_routed(contact_id=contact_id, route="elsewhere"))
    chat.hears(contact_routed(contact_id=contact_id, route="chat", alert="urgent_now"), version=2)
    assert desk.seen(contact_id).alert == "urgent_now"


def test_the_desk_lists_the_areas_of_the_therapist_alone(chat: Unit, desk: Desk) -> None:
    desk.queued(area="10")
    ours = desk.queued(area="18", municipality="272")
    shown = chat.asks(GetQueue(), viewer=staff(MATTI, "18")).waiting
    assert [one.contact_id for one in shown] == [ours.contact_id]


def test_the_desk_lists_the_therapists_own_open_conversations(chat: Unit, desk: Desk) -> None:
    mine = desk.accepted()
    desk.accepted(viewer=staff(MATTI))
    desk.ended(desk.accepted().contact_id)
    assert [one.contact_id for one in chat.asks(GetQueue(), viewer=staff()).mine] == [mine.contact_id]


def test_a_resident_sees_no_queue(desk: Desk) -> None:
    assert desk.refusal(GetQueue(), client(uuid4())) == "not-yours"


def test_a_conversation_of_somebody_else_is_not_there(desk: Desk) -> None:
    view = desk.queued()
    assert desk.refusal(GetConversation(contact_id=view.contact_id), client(uuid4())) == "unknown-conversation"


def test_a_conversation_of_another_area_is_not_there(desk: Desk) -> None:
    view = desk.queued(area="10")
    ask = GetConversation(contact_id=view.contact_id)
    assert desk.refusal(ask, staff(MATTI, "18")) == "unknown-conversation"


def test_a_conversation_another_therapist_has_taken_is_not_there(desk: Desk) -> None:
    view = desk.accepted()
    assert desk.refusal(GetConversation(contact_id=view.contact_id), staff(MATTI)) == "unknown-conversation"


def test_an_identified_contact_is_marked(chat: Unit, desk: Desk) -> None:
    view = desk.queued()
    chat.hears(identity_verified(contact_id=view.contact_id))
    assert desk.seen(view.contact_id).identified


def test_an_identified_contact_shows_on_the_page_and_on_the_desks(chat: Unit, desk: Desk) -> None:
    view = desk.queued()
    chat.hinted.clear()
    chat.hears(identity_verified(contact_id=view.contact_id))
    assert [(hint.contact, hint.area) for hint in chat.hinted] == [(view.contact_id, "10")]


def test_a_contact_identified_before_it_was_routed_is_marked(chat: Unit, desk: Desk) -> None:
    contact_id = uuid4()
    chat.hears(identity_verified(contact_id=contact_id))
    assert desk.queued(contact_id).identified


def test_an_identified_contact_that_never_chats_waits_for_nothing(chat: Unit) -> None:
    chat.hears(identity_verified(contact_id=uuid4()))
    assert chat.outcome == "done"


def test_a_contact_not_identified_is_not_marked(desk: Desk) -> None:
    assert not desk.queued().identified
