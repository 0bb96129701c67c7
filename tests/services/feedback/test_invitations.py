"""Everybody who was served is asked once, and sees only their own invitations."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from chassis import Viewer
from contracts.base import Event
from contracts.feedback import About, FeedbackInvited, GetInvitations
from tests.factories import callback_kept, client, conversation_ended, staff, visit_completed
from tests.unit import Unit


@pytest.mark.parametrize(
    ("served", "about"),
    [
        (conversation_ended(), About.CONVERSATION),
        (callback_kept(), About.CALLBACK),
        (visit_completed(), About.VISIT),
    ],
)
def test_whoever_was_served_is_invited(feedback: Unit, served: Event, about: About) -> None:
    feedback.hears(served)
    (invited,) = feedback.told_of(FeedbackInvited)
    assert (invited.about_what, invited.area, invited.municipality) == (about, served.area, served.municipality)


def test_the_invited_contact_sees_the_invitation(feedback: Unit) -> None:
    ended = conversation_ended()
    feedback.hears(ended)
    (invited,) = feedback.told_of(FeedbackInvited)
    view = feedback.asks(GetInvitations(contact_id=ended.contact_id), viewer=client(ended.contact_id))
    assert [(one.invitation_id, one.answered) for one in view.invitations] == [(invited.invitation_id, False)]


def test_an_open_page_is_told_to_read_again(feedback: Unit) -> None:
    ended = conversation_ended()
    feedback.hears(ended)
    assert [hint.contact for hint in feedback.hinted] == [ended.contact_id]


def test_the_same_fact_twice_invites_once(feedback: Unit) -> None:
    ended = conversation_ended()
    feedback.hears(ended, event_id="one")
    feedback.hears(ended, event_id="one")
    assert len(feedback.told) == 1


def test_another_fact_of_the_same_conversation_invites_nobody_again(feedback: Unit) -> None:
    ended = conversation_ended()
    feedback.hears(ended)
    feedback.hears(ended)
    assert (feedback.outcome, len(feedback.told)) == ("done", 1)


def test_a_conversation_and_a_visit_of_one_contact_are_two_invitations_newest_first(feedback: Unit) -> None:
    contact = uuid4()
    feedback.hears(conversation_ended(contact_id=contact))
    feedback.clock.advance(timedelta(days=2))
    feedback.hears(visit_completed(contact_id=contact))
    view = feedback.asks(GetInvitations(contact_id=contact), viewer=client(contact))
    assert [one.about_what for one in view.invitations] == [About.VISIT, About.CONVERSATION]


@pytest.mark.parametrize("viewer", [client(uuid4()), staff()], ids=["another resident", "staff of the area"])
def test_nobody_else_sees_who_was_invited(feedback: Unit, viewer: Viewer) -> None:
    ended = conversation_ended()
    feedback.hears(ended)
    view = feedback.asks(GetInvitations(contact_id=ended.contact_id), viewer=viewer)
    assert view.invitations == ()
