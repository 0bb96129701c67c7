"""What was said before identifying joins the patient record only with the person's consent. Rule 8."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import Hint, Viewer
from contracts import Event
from contracts.chat import ConversationView, GetConversation, GetMessages
from contracts.portal import EarlierText
from services.chat import domain
from tests.factories import client, contact_routed, earlier_text_decided, identity_verified, staff
from tests.services.chat.desk import Desk
from tests.unit import START, Unit

MINUTE = timedelta(minutes=1)
AT = START + 10 * MINUTE


# The rules


@pytest.mark.parametrize(
    ("sent_at", "accepted", "kept"),
    [
        (AT - MINUTE, None, False),
        (AT - MINUTE, False, False),
        (AT - MINUTE, True, True),
        (AT, None, True),
        (AT, False, True),
        (AT + MINUTE, None, True),
        (AT + MINUTE, True, True),
    ],
)
def test_the_record_begins_at_the_identification_and_earlier_if_agreed(
    sent_at: datetime, accepted: bool | None, kept: bool
) -> None:
    assert domain.in_record(sent_at, identified_at=AT, accepted=accepted) is kept


@pytest.mark.parametrize("accepted", [None, False, True])
def test_without_identification_nothing_is_record(accepted: bool | None) -> None:
    assert not domain.in_record(AT, identified_at=None, accepted=accepted)


@pytest.mark.parametrize("accepted", [False, True])
def test_a_word_from_before_the_identification_counts_for_nothing(accepted: bool) -> None:
    assert domain.agreed(accepted, decided_at=AT - MINUTE, identified_at=AT) is None
    assert domain.agreed(accepted, decided_at=AT, identified_at=None) is None
    assert domain.agreed(accepted, decided_at=AT, identified_at=AT) is accepted


# A conversation


def talked(chat: Unit, desk: Desk, *, before: str = "I am somebody", after: str = "my knee") -> UUID:
    """Something is said, the person identifies, something more is said."""
    contact_id = desk.accepted().contact_id
    if before:
        desk.says(contact_id, before)
    desk.says(contact_id, "Please identify", staff())
    chat.clock.advance(MINUTE)
    chat.hears(identity_verified(contact_id=contact_id, verified_at=chat.clock()))
    chat.clock.advance(MINUTE)
    desk.says(contact_id, after)
    return contact_id


def decides(chat: Unit, contact_id: UUID, accepted: bool, **over: Any) -> None:
    decided_at = over.pop("decided_at", chat.clock())
    chat.hears(earlier_text_decided(contact_id=contact_id, accepted=accepted, decided_at=decided_at), **over)
    assert chat.outcome == "done"


def seen(chat: Unit, contact_id: UUID, viewer: Viewer | None = None) -> ConversationView:
    view: ConversationView = chat.asks(GetConversation(contact_id=contact_id), viewer=viewer or staff())
    return view


def record(chat: Unit, contact_id: UUID) -> list[str]:
    said = chat.asks(GetMessages(contact_id=contact_id), viewer=staff()).messages
    return [one.words for one in said if one.in_record]


def test_until_the_person_answers_only_what_came_after_is_record(chat: Unit, desk: Desk) -> None:
    contact_id = talked(chat, desk)
    assert seen(chat, contact_id).earlier_text is EarlierText.UNDECIDED
    assert record(chat, contact_id) == ["my knee"]


def test_with_consent_what_came_before_is_record_too(chat: Unit, desk: Desk) -> None:
    contact_id = talked(chat, desk)
    decides(chat, contact_id, True)
    assert seen(chat, contact_id).earlier_text is EarlierText.KEPT
    assert record(chat, contact_id) == ["I am somebody", "Please identify", "my knee"]


def test_after_a_no_what_came_before_stays_out(chat: Unit, desk: Desk) -> None:
    contact_id = talked(chat, desk)
    decides(chat, contact_id, False)
    assert seen(chat, contact_id).earlier_text is EarlierText.LEFT_OUT
    assert record(chat, contact_id) == ["my knee"]


def test_who_wrote_nothing_before_is_not_asked(chat: Unit, desk: Desk) -> None:
    contact_id = talked(chat, desk, before="")
    assert seen(chat, contact_id).earlier_text is EarlierText.NONE
    assert record(chat, contact_id) == ["my knee"]


def test_an_anonymous_talk_is_no_record(chat: Unit, desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    desk.says(contact_id, "I am somebody")
    decides(chat, contact_id, True)
    view = seen(chat, contact_id)
    assert (view.earlier_text, view.identified_at, record(chat, contact_id)) == (None, None, [])


def test_both_sides_see_the_same(chat: Unit, desk: Desk) -> None:
    contact_id = talked(chat, desk)
    assert seen(chat, contact_id, client(contact_id)) == seen(chat, contact_id)


def test_a_message_says_at_once_whether_it_is_record(chat: Unit, desk: Desk) -> None:
    contact_id = desk.accepted().contact_id
    before = desk.says(contact_id, "I am somebody")
    chat.hears(identity_verified(contact_id=contact_id, verified_at=chat.clock() + MINUTE))
    after = desk.says(contact_id, "my knee")
    assert (before.in_record, after.in_record) == (False, True)


def test_a_clock_ahead_of_ours_puts_nothing_that_is_said_later_before_the_identification(
    chat: Unit, desk: Desk
) -> None:
    contact_id = desk.accepted().contact_id
    chat.hears(identity_verified(contact_id=contact_id, verified_at=chat.clock() + 4 * MINUTE))
    desk.says(contact_id, "my knee")
    assert record(chat, contact_id) == ["my knee"]


def test_open_pages_of_both_sides_read_again(chat: Unit, desk: Desk) -> None:
    contact_id = talked(chat, desk)
    decides(chat, contact_id, True)
    assert chat.hinted[-1] == Hint(contact=contact_id, area="10")


# In any order


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_in_which_it_is_heard_does_not_matter(chat: Unit, desk: Desk, order: tuple[int, ...]) -> None:
    contact_id, at = uuid4(), chat.clock() + MINUTE
    facts: list[Event] = [
        contact_routed(contact_id=contact_id, route="chat"),
        identity_verified(contact_id=contact_id, verified_at=at),
        earlier_text_decided(contact_id=contact_id, accepted=True, decided_at=at + MINUTE),
    ]
    chat.clock.advance(3 * MINUTE)
    for place in order:
        chat.hears(facts[place])
    view = desk.accepted(desk.seen(contact_id))
    assert (view.identified_at, view.earlier_text) == (at, EarlierText.NONE)


@pytest.mark.parametrize("first", [True, False])
def test_of_a_yes_and_a_no_from_two_pages_the_no_counts(chat: Unit, desk: Desk, first: bool) -> None:
    contact_id = talked(chat, desk)
    for accepted in (first, not first):
        decides(chat, contact_id, accepted)
    assert seen(chat, contact_id).earlier_text is EarlierText.LEFT_OUT


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_yes_from_before_the_identification_hides_no_later_one(
    chat: Unit, desk: Desk, order: tuple[int, ...]
) -> None:
    contact_id = talked(chat, desk)
    times = [chat.clock() - timedelta(hours=1), chat.clock()]
    decides(chat, contact_id, True, decided_at=times[order[0]])
    decides(chat, contact_id, True, decided_at=times[order[1]])
    assert seen(chat, contact_id).earlier_text is EarlierText.KEPT


def test_a_yes_from_before_the_identification_keeps_nothing(chat: Unit, desk: Desk) -> None:
    contact_id = talked(chat, desk)
    decides(chat, contact_id, True, decided_at=START)
    assert seen(chat, contact_id).earlier_text is EarlierText.UNDECIDED
    assert record(chat, contact_id) == ["my knee"]


def test_of_two_identifications_the_earlier_one_begins_the_record(chat: Unit, desk: Desk) -> None:
    contact_id = talked(chat, desk)
    begins = seen(chat, contact_id).identified_at
    chat.hears(identity_verified(contact_id=contact_id, verified_at=chat.clock()))
    assert seen(chat, contact_id).identified_at == begins
