"""What has become of a referral: each step is told to its sender, once, and never backwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chassis import Refused, Role, Viewer
from chassis.viewer import NOBODY
from contracts.intake import ContactDeclined, ContactState, DeclineReason, GetContact
from contracts.referrals import (
    GetWaitingReferrals,
    ReferralStatus,
    ReferralStatusChanged,
    ReferralStatusView,
    ReturnReason,
    ReturnReferral,
)
from services.intake.cases.jobs import close_quiet_contacts
from services.intake.settings import IntakeSettings
from tests.factories import (
    AINO,
    callback_kept,
    client,
    conversation_accepted,
    staff,
    visit_booked,
    visit_completed,
)
from tests.services.intake.builders import CODE
from tests.services.intake.referrals.sending import neighbour, send
from tests.unit import Unit

PERSON = Viewer(role=Role.CLIENT, id=NOBODY)
"""Somebody who has just identified, as the front end asks for them."""


def referred(intake: Unit, *facts: Any, **over: Any) -> list[ReferralStatus]:
    """What the sender of a referral hears after some facts about its contact."""
    view = send(intake, **over)
    for fact in facts:
        intake.hears(fact(contact_id=view.contact_id))
    return [one.status for one in intake.told_of(ReferralStatusChanged)]


def test_the_sender_hears_that_the_person_was_called(intake: Unit) -> None:
    assert referred(intake, callback_kept, urgency="urgent") == ["received", "contacted", "closed"]


def test_the_sender_hears_that_the_person_was_spoken_with_in_the_chat(intake: Unit) -> None:
    assert referred(intake, conversation_accepted) == ["received", "contacted"]


def test_a_call_after_the_time_was_chosen_takes_nothing_back(intake: Unit) -> None:
    assert referred(intake, visit_booked, callback_kept, visit_completed) == ["received", "booked", "completed"]


def test_a_referral_that_nothing_follows_from_is_closed_with_its_contact(intake: Unit) -> None:
    """Nothing has happened for as long as the unit waits: the sender hears of it."""
    send(intake)
    intake.clock.advance(timedelta(days=IntakeSettings().quiet_days, seconds=1))
    intake.runs(close_quiet_contacts)
    assert [one.status for one in intake.told_of(ReferralStatusChanged)] == ["received", "closed"]


def test_who_chooses_a_time_after_the_call_is_told_of_again(intake: Unit) -> None:
    """A contact goes on when something more is begun, and so does its referral."""
    heard = referred(intake, callback_kept, visit_booked, visit_completed, urgency="urgent")
    assert heard == ["received", "contacted", "closed", "booked", "completed"]


def give_back(intake: Unit, view: ReferralStatusView, *, viewer: Viewer | None = None) -> Any:
    ask = ReturnReferral(referral_id=view.referral_id, reason=ReturnReason.PHYSICIAN_FIRST)
    return intake.asks(ask, viewer=viewer or staff())


def test_a_referral_that_is_given_back_is_told_with_its_reason_and_its_person_is_led_elsewhere(intake: Unit) -> None:
    view = give_back(intake, send(intake))
    assert (view.status, view.returned) == (ReferralStatus.DECLINED, ReturnReason.PHYSICIAN_FIRST)
    changed = intake.told_of(ReferralStatusChanged)[-1]
    assert (changed.status, changed.returned) == (ReferralStatus.DECLINED, ReturnReason.PHYSICIAN_FIRST)
    (declined,) = intake.told_of(ContactDeclined)
    assert (declined.contact_id, declined.reason) == (view.contact_id, DeclineReason.RETURNED)
    contact = intake.asks(GetContact(contact_id=view.contact_id), viewer=client(view.contact_id))
    assert (contact.state, contact.route) == (ContactState.DECLINED, None)


def test_a_referral_that_is_given_back_waits_for_nobody(intake: Unit) -> None:
    give_back(intake, send(intake))
    waiting = intake.asks(GetWaitingReferrals(personal_identity_code=CODE), viewer=PERSON)
    assert waiting.referrals == ()


def test_who_is_no_therapist_gives_nothing_back(intake: Unit) -> None:
    view = send(intake, neighbour())
    for other in (neighbour(), staff(AINO, "18"), client(view.contact_id)):
        with pytest.raises(Refused, match="unknown-referral"):
            give_back(intake, view, viewer=other)


@pytest.mark.parametrize("before", [visit_completed, None])
def test_what_has_come_to_its_end_is_not_given_back(intake: Unit, before: Any) -> None:
    view = send(intake)
    if before:
        intake.hears(before(contact_id=view.contact_id))
    else:
        give_back(intake, view)
    with pytest.raises(Refused, match="referral-over"):
        give_back(intake, view)


def test_what_waits_for_a_person_is_asked_by_the_person_alone(intake: Unit) -> None:
    send(intake)
    ask = GetWaitingReferrals(personal_identity_code=CODE)
    assert len(intake.asks(ask, viewer=PERSON).referrals) == 1
    for other in (staff(), neighbour()):
        with pytest.raises(Refused, match="not-yours"):
            intake.asks(ask, viewer=other)
