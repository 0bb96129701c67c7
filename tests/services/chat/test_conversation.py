from uuid import uuid4

import pytest

from chassis import Refused, Viewer
from contracts.chat import (
    MESSAGE_MAX,
    AcceptConversation,
    ConversationAbandoned,
    ConversationAccepted,
    ConversationEnded,
    ConversationState,
    EndConversation,
    GetMessages,
    IdentityRequested,
    PostMessage,
    RequestIdentity,
    Speaker,
)
from services.chat import store
from services.chat.settings import ChatSettings
from tests.factories import AINO, MATTI, client, identity_verified, staff
from tests.services.chat.desk import Desk
from tests.unit import START, Unit


def test_an_accepted_conversation_shows_the_therapists_first_name(desk: Desk) -> None:
    view = desk.accepted()
    assert (view.state, view.therapist_id, view.therapist_name) == (ConversationState.OPEN, AINO, "Aino")


def test_acceptance_tells_how_long_the_person_waited(chat: Unit, desk: Desk) -> None:
    """Queued to accepted in whole seconds; Soite's mean was 33 s (mission.md section 2)."""
    waiting = desk.queued()
    at = desk.later(seconds=33.9)
    desk.accepted(waiting)
    expected = ConversationAccepted(
        area="10",
        municipality="285",
        conversation_id=waiting.conversation_id,
        contact_id=waiting.contact_id,
        therapist_id=AINO,
        waited_seconds=33,
        accepted_at=at,
    )
    assert chat.told_of(ConversationAccepted) == [expected]


def test_the_second_therapist_is_told_that_it_is_taken(desk: Desk) -> None:
    taken = desk.accepted()
    ask = AcceptConversation(conversation_id=taken.conversation_id, therapist_name="Matti")
    assert desk.refusal(ask, staff(MATTI)) == "already-accepted"


def test_the_same_therapist_accepting_again_sees_the_conversation(desk: Desk) -> None:
    taken = desk.accepted()
    assert desk.accepted(taken) == taken


def test_the_same_therapist_accepting_again_tells_nothing(chat: Unit, desk: Desk) -> None:
    desk.accepted(desk.accepted())
    assert len(chat.told_of(ConversationAccepted)) == 1


def test_a_conversation_that_is_over_cannot_be_accepted(desk: Desk) -> None:
    left = desk.ended(desk.queued().contact_id)
    ask = AcceptConversation(conversation_id=left.conversation_id, therapist_name="Aino")
    assert desk.refusal(ask, staff()) == "conversation-closed"


@pytest.mark.parametrize("viewer", [staff(MATTI, "18"), client(uuid4())], ids=["another_area", "resident"])
def test_only_a_therapist_of_the_area_can_accept(desk: Desk, viewer: Viewer) -> None:
    waiting = desk.queued(area="10")
    ask = AcceptConversation(conversation_id=waiting.conversation_id, therapist_name="Matti")
    assert desk.refusal(ask, viewer) == "unknown-conversation"


def test_a_resident_cannot_accept_the_own_conversation(desk: Desk) -> None:
    waiting = desk.queued()
    ask = AcceptConversation(conversation_id=waiting.conversation_id, therapist_name="Aino")
    assert desk.refusal(ask, client(waiting.contact_id)) == "unknown-conversation"


def test_an_acceptance_decided_on_a_state_that_is_gone_changes_nothing(chat: Unit, desk: Desk) -> None:
    """The losing UPDATE of two therapists finds no row."""
    waiting = desk.queued()
    stale = chat.transact(lambda tx: store.conversation(tx, waiting.contact_id)).conversation
    desk.accepted(waiting)
    takes = {"state": ConversationState.OPEN, "therapist_id": MATTI}
    lost = chat.transact(lambda tx: store.change(tx, stale, **takes))
    assert (lost, desk.seen(waiting.contact_id).therapist_id) == (None, AINO)


def test_messages_are_numbered_in_order_for_both_sides(desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    desk.says(contact_id, "Hei!")
    desk.says(contact_id, "Hei, miten voin auttaa?", staff())
    desk.says(contact_id, "Polvi on kipeä.")
    said = [(one.sequence, one.speaker, one.name, one.words) for one in desk.messages(contact_id, staff())]
    assert said == [
        (1, Speaker.RESIDENT, "", "Hei!"),
        (2, Speaker.THERAPIST, "Aino", "Hei, miten voin auttaa?"),
        (3, Speaker.RESIDENT, "", "Polvi on kipeä."),
    ]


def test_both_sides_read_the_same(desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    desk.says(contact_id, "Hei!")
    assert desk.messages(contact_id) == desk.messages(contact_id, staff())


def test_each_conversation_counts_its_own_messages(desk: Desk) -> None:
    first, second = desk.accepted(), desk.accepted()
    desk.says(first.contact_id, "Hei!")
    assert desk.says(second.contact_id, "Hei!").sequence == 1


def test_messages_are_read_from_a_place_on(desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    for words in ("yksi", "kaksi", "kolme"):
        desk.says(contact_id, words)
    assert [one.words for one in desk.messages(contact_id, after=1)] == ["kaksi", "kolme"]


def test_a_long_conversation_is_read_in_parts(chat: Unit, desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    enough = ChatSettings().messages_bytes // MESSAGE_MAX + 1
    for _ in range(enough):
        desk.says(contact_id, "a" * MESSAGE_MAX)
    view = chat.asks(GetMessages(contact_id=contact_id), viewer=client(contact_id))
    rest = chat.asks(GetMessages(contact_id=contact_id, after=view.messages[-1].sequence), viewer=client(contact_id))
    assert (view.more, len(view.messages) + len(rest.messages), rest.more) == (True, enough, False)


def test_a_message_shows_on_the_page_and_on_the_desks(chat: Unit, desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    chat.hinted.clear()
    desk.says(contact_id, "Hei!")
    assert [(hint.contact, hint.area) for hint in chat.hinted] == [(contact_id, "10")]


def test_the_same_click_says_it_once(chat: Unit, desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    for _ in range(2):
        chat.asks(PostMessage(contact_id=contact_id, words="Hei!"), viewer=client(contact_id), key="click")
    assert len(desk.messages(contact_id)) == 1


def test_one_answer_has_a_bounded_number_of_messages(chat: Unit, desk: Desk) -> None:
    view = desk.accepted()
    said = {"conversation_id": view.conversation_id, "speaker": "resident", "name": "", "words": "!", "sent_at": START}
    rows = [store.Message(sequence=number, **said) for number in range(1, store.MESSAGES_READ + 2)]
    chat.transact(lambda tx: tx.session.add_all(rows))
    answer = chat.asks(GetMessages(contact_id=view.contact_id), viewer=client(view.contact_id))
    assert (len(answer.messages), answer.more) == (store.MESSAGES_READ, True)


def test_words_are_in_no_event(chat: Unit, desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    desk.says(contact_id, "Polvi on kipeä.")
    desk.ended(contact_id)
    assert not any("Polvi" in fact.model_dump_json() for fact in chat.told)


def test_a_message_on_a_state_that_is_gone_is_not_said(chat: Unit, desk: Desk) -> None:
    view = desk.accepted()
    stale = chat.transact(lambda tx: store.conversation(tx, view.contact_id)).conversation
    desk.ended(view.contact_id)
    message = store.Message(
        conversation_id=view.conversation_id, sequence=0, speaker="resident", name="", words="Hei!", sent_at=START
    )
    assert not chat.transact(lambda tx: store.say(tx, stale, message))


def test_a_waiting_resident_cannot_say_anything_yet(desk: Desk) -> None:
    contact_id = desk.queued().contact_id
    assert desk.refusal(PostMessage(contact_id=contact_id, words="Hei!"), client(contact_id)) == "not-yet-accepted"


def test_nobody_says_anything_after_the_end(desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    desk.ended(contact_id)
    assert desk.refusal(PostMessage(contact_id=contact_id, words="Hei!"), staff()) == "conversation-closed"


@pytest.mark.parametrize("viewer", [staff(MATTI), client(uuid4())], ids=["another_therapist", "another_resident"])
def test_nobody_else_says_anything(desk: Desk, viewer: Viewer) -> None:
    contact_id = desk.accepted().contact_id
    assert desk.refusal(PostMessage(contact_id=contact_id, words="Hei!"), viewer) == "unknown-conversation"


@pytest.mark.parametrize("viewer", [staff(MATTI), client(uuid4())], ids=["another_therapist", "another_resident"])
def test_nobody_else_reads_what_was_said(desk: Desk, viewer: Viewer) -> None:
    contact_id = desk.accepted().contact_id
    assert desk.refusal(GetMessages(contact_id=contact_id), viewer) == "unknown-conversation"


def test_a_therapists_read_of_messages_is_audited(chat: Unit, desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    desk.messages(contact_id, staff())
    rows = [(row.viewer_id, row.action, row.whom, row.what) for row in chat.audited]
    assert rows == [(AINO, "read", contact_id, "messages")]


def test_a_residents_read_of_the_own_messages_is_not_audited(chat: Unit, desk: Desk) -> None:
    desk.messages(desk.accepted().contact_id)
    assert chat.audited == []


def test_asking_to_identify_shows_in_the_conversation(chat: Unit, desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    chat.asks(RequestIdentity(contact_id=contact_id), viewer=staff())
    assert desk.seen(contact_id).identity_requested


def test_asking_to_identify_is_told_once(chat: Unit, desk: Desk) -> None:
    view = desk.accepted()
    for _ in range(2):
        chat.asks(RequestIdentity(contact_id=view.contact_id), viewer=staff())
    expected = IdentityRequested(
        area="10",
        municipality="285",
        conversation_id=view.conversation_id,
        contact_id=view.contact_id,
        therapist_id=AINO,
        requested_at=START,
    )
    assert chat.told_of(IdentityRequested) == [expected]


def test_an_identified_person_is_not_asked_again(chat: Unit, desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    chat.hears(identity_verified(contact_id=contact_id))
    view = chat.asks(RequestIdentity(contact_id=contact_id), viewer=staff())
    assert (view.identified, view.identity_requested, chat.told_of(IdentityRequested)) == (True, False, [])


def test_a_person_who_does_not_identify_goes_on_chatting(chat: Unit, desk: Desk) -> None:
    """The advice path stays open: mission.md section 5."""
    contact_id = desk.accepted().contact_id
    chat.asks(RequestIdentity(contact_id=contact_id), viewer=staff())
    assert desk.says(contact_id, "En halua tunnistautua.").sequence == 1


def test_nobody_is_asked_to_identify_after_the_end(desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    desk.ended(contact_id)
    assert desk.refusal(RequestIdentity(contact_id=contact_id), staff()) == "conversation-closed"


def test_only_the_conversations_therapist_asks_to_identify(desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    codes = {desk.refusal(RequestIdentity(contact_id=contact_id), who) for who in (staff(MATTI), client(contact_id))}
    assert codes == {"unknown-conversation"}


def test_nobody_is_asked_to_identify_while_waiting(desk: Desk) -> None:
    contact_id = desk.queued().contact_id
    assert desk.refusal(RequestIdentity(contact_id=contact_id), staff()) == "unknown-conversation"


def test_an_ended_conversation_tells_what_it_was(chat: Unit, desk: Desk) -> None:
    """Durations are whole seconds (rule 31): waited 33, talked 1234 (mission.md section 3)."""
    waiting = desk.queued(language="sv")
    desk.later(seconds=33)
    contact_id = desk.accepted(waiting).contact_id
    desk.says(contact_id, "Hej!")
    desk.says(contact_id, "Hej!", staff())
    chat.hears(identity_verified(contact_id=contact_id))
    at = desk.later(seconds=1234)
    desk.ended(contact_id, staff())
    expected = ConversationEnded(
        area="10",
        municipality="285",
        conversation_id=waiting.conversation_id,
        contact_id=contact_id,
        therapist_id=AINO,
        language="sv",
        channel="physiotherapy",
        identified=True,
        waited_seconds=33,
        talk_seconds=1234,
        messages=2,
        ended_by=Speaker.THERAPIST,
        ended_at=at,
    )
    assert chat.told_of(ConversationEnded) == [expected]


def test_a_resident_can_end_the_conversation(chat: Unit, desk: Desk) -> None:
    desk.ended(desk.accepted().contact_id)
    assert [fact.ended_by for fact in chat.told_of(ConversationEnded)] == [Speaker.RESIDENT]


def test_leaving_the_queue_abandons_the_conversation(chat: Unit, desk: Desk) -> None:
    waiting = desk.queued()
    at = desk.later(seconds=140)
    assert desk.ended(waiting.contact_id).state is ConversationState.ABANDONED
    expected = ConversationAbandoned(
        area="10",
        municipality="285",
        conversation_id=waiting.conversation_id,
        contact_id=waiting.contact_id,
        waited_seconds=140,
        abandoned_at=at,
    )
    assert chat.told_of(ConversationAbandoned) == [expected]


def test_an_abandoned_conversation_is_not_told_as_ended(chat: Unit, desk: Desk) -> None:
    desk.ended(desk.queued().contact_id)
    assert chat.told_of(ConversationEnded) == []


def test_a_conversation_ends_once(desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    desk.ended(contact_id)
    assert desk.refusal(EndConversation(contact_id=contact_id), staff()) == "conversation-closed"


def test_a_therapist_cannot_end_what_nobody_has_taken(desk: Desk) -> None:
    contact_id = desk.queued().contact_id
    assert desk.refusal(EndConversation(contact_id=contact_id), staff()) == "unknown-conversation"


def test_the_therapist_can_read_the_conversation_after_its_end(desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    desk.says(contact_id, "Hei!")
    desk.ended(contact_id)
    assert len(desk.messages(contact_id, staff())) == 1


def test_a_conversation_of_nobody_is_refused(chat: Unit) -> None:
    with pytest.raises(Refused, match="unknown-conversation"):
        chat.asks(EndConversation(contact_id=uuid4()), viewer=staff())
