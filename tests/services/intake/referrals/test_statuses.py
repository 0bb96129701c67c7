"""What has become of a referral: each step is told to its sender, once, and never backwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from contracts.referrals import ReferralStatus, ReferralStatusChanged
from services.intake.cases.jobs import close_quiet_contacts
from services.intake.settings import IntakeSettings
from tests.factories import callback_kept, conversation_accepted, visit_booked, visit_completed
from tests.services.intake.referrals.sending import send
from tests.unit import Unit


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
