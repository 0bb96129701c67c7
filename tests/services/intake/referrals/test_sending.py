from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from chassis import SERVICE, Hint, Refused, Viewer
from contracts.closings import ClosingReason, Door, DoorClosed, SetCap
from contracts.demand import GetDemand, ReasonRecorded
from contracts.intake import ContactRouted, GetContact, GetPerson, Route, RouteReason
from contracts.portal import Origin
from contracts.referrals import (
    GetReferral,
    GetReferrals,
    GetReferralStatus,
    ReferralReceived,
    ReferralStatus,
    ReferralStatusChanged,
)
from tests.factories import AINO, MATTI, client, contact_opened, identity_verified, staff, visit_booked, visit_completed
from tests.services.intake.builders import CODE, answers, sealed_person, stored_bytes
from tests.services.intake.closings.steps import closes
from tests.services.intake.referrals.sending import PHONE, TEXT, neighbour, number, send
from tests.unit import Unit


def test_a_referral_opens_a_contact_whose_person_is_known_and_who_books_alone(intake: Unit) -> None:
    view = send(intake)
    contact = intake.asks(GetContact(contact_id=view.contact_id), viewer=staff())
    assert (contact.origin, contact.route, contact.identified) == (Origin.REFERRAL, Route.BOOKING, False)
    person = intake.asks(GetPerson(contact_id=view.contact_id), viewer=staff())
    assert (person.display_name, person.personal_identity_code) == ("Testi Maria Esimerkki-Virtanen", CODE)


def test_it_is_told_received_routed_and_counted(intake: Unit) -> None:
    view = send(intake)
    received, status, routed, reason = intake.told
    assert received == ReferralReceived(
        area="10",
        municipality="285",
        contact_id=view.contact_id,
        referral_id=view.referral_id,
        kind="referral",
        urgency="routine",
        reason="back",
        code="L03",
        site="285",
        red_flags_checked=True,
        language="fi",
        call=None,
        received_at=intake.clock(),
    )
    assert status == ReferralStatusChanged(
        area="10",
        municipality="285",
        contact_id=view.contact_id,
        referral_id=view.referral_id,
        status=ReferralStatus.RECEIVED,
        changed_at=intake.clock(),
    )
    assert isinstance(routed, ContactRouted)
    assert (routed.route, routed.reasons) == (Route.BOOKING, (RouteReason.CAME_BY_REFERRAL,))
    assert isinstance(reason, ReasonRecorded)
    assert (reason.reason, reason.code, reason.site) == ("back", "L03", "285")
    assert intake.hinted == [Hint(area="10")]


def test_who_is_to_be_called_travels_sealed_for_the_chat(intake: Unit) -> None:
    send(intake, urgency="urgent")
    [received] = intake.told_of(ReferralReceived)
    assert received.call
    assert intake.told_of(ContactRouted)[0].route is Route.CALLBACK


def test_what_was_written_is_locked_at_rest(intake: Unit, tmp_path: Path) -> None:
    """Rule 4."""
    send(intake)
    kept = stored_bytes(tmp_path)
    for secret in (CODE, PHONE, TEXT, "Esimerkki-Virtanen", "Kotkan terveysasema"):
        assert secret.encode() not in kept


def test_it_counts_in_demand_with_the_professionals_reason(intake: Unit) -> None:
    """Source: domain.md section 6."""
    send(intake, municipality="584", reason="joint", code="M17.1")
    asked = GetDemand(area="18", first_week="2026-W48", last_week="2026-W48", origin=Origin.REFERRAL)
    demand = intake.asks(asked, viewer=staff())
    assert [(one.reason, one.site, one.contacts) for one in demand.cells] == [("joint", "perho", 1)]
    assert (demand.total, demand.coded) == (1, 1)


# Once


def test_the_same_form_sent_twice_is_one_referral(intake: Unit) -> None:
    first, second = (send(intake, key="one-click") for _ in range(2))
    assert first == second
    assert len(intake.told_of(ReferralReceived)) == 1


def test_the_same_number_of_the_same_sender_is_one_referral(intake: Unit) -> None:
    same = number()
    first, second = (send(intake, neighbour(), number=same) for _ in range(2))
    assert (first.repeated, second.repeated, first.referral_id) == (False, True, second.referral_id)
    assert len(intake.told_of(ReferralReceived)) == 1


def test_the_same_number_of_another_sender_is_another_referral(intake: Unit) -> None:
    same = number()
    send(intake, neighbour("records"), number=same)
    assert not send(intake, neighbour("ward"), number=same).repeated


def test_the_same_number_with_another_content_is_refused(intake: Unit) -> None:
    """Taken silently for the same, a correction would be lost."""
    same = number()
    send(intake, neighbour(), number=same)
    with pytest.raises(Refused, match="referral-changed"):
        send(intake, neighbour(), number=same, urgency="urgent")


def test_a_repeated_referral_tells_what_has_become_of_it(intake: Unit) -> None:
    same = number()
    first = send(intake, neighbour(), number=same)
    intake.hears(visit_booked(contact_id=first.contact_id))
    assert send(intake, neighbour(), number=same).status is ReferralStatus.BOOKED


# The person


def test_two_referrals_of_one_person_are_two_contacts_of_one_person(intake: Unit) -> None:
    one, other = send(intake), send(intake, reason="joint", code="L15")
    assert one.contact_id != other.contact_id
    shown = [intake.asks(GetPerson(contact_id=each.contact_id), viewer=staff()) for each in (one, other)]
    assert shown[0].personal_identity_code == shown[1].personal_identity_code


def test_a_name_that_somebody_typed_never_replaces_the_one_that_the_person_showed(intake: Unit) -> None:
    contact_id = uuid4()
    intake.hears(contact_opened(contact_id=contact_id, answers=answers()))
    intake.hears(identity_verified(contact_id=contact_id, person=intake.seal(sealed_person())))
    send(intake, family_name="Virtane")
    person = intake.asks(GetPerson(contact_id=contact_id), viewer=staff())
    assert person.display_name == "Testi Maria Esimerkki-Virtanen"


def test_a_referral_identifies_nobody_and_only_its_person_can_identify(intake: Unit) -> None:
    """Rule 8: what a professional typed is no strong identification."""
    view = send(intake)
    other = sealed_person(personal_identity_code=None, birth_date="1975-05-05")
    intake.hears(identity_verified(contact_id=view.contact_id, person=intake.seal(other)))
    assert intake.verdict
    assert intake.verdict.code == "already-identified"
    intake.hears(identity_verified(contact_id=view.contact_id, person=intake.seal(sealed_person())))
    assert intake.asks(GetContact(contact_id=view.contact_id), viewer=staff()).identified


# Who may


@pytest.mark.parametrize("viewer", [client(uuid4()), SERVICE], ids=["a resident", "a service"])
def test_only_professionals_and_systems_send(intake: Unit, viewer: Viewer) -> None:
    with pytest.raises(Refused, match="not-yours"):
        send(intake, viewer)


def test_a_status_is_told_to_the_sender_alone(intake: Unit) -> None:
    view = send(intake, neighbour("records"))
    ask = GetReferralStatus(referral_id=view.referral_id)
    assert intake.asks(ask, viewer=neighbour("records")).status is ReferralStatus.RECEIVED
    for other in (neighbour("ward"), staff(), client(view.contact_id), SERVICE):
        with pytest.raises(Refused, match="unknown-referral"):
            intake.asks(ask, viewer=other)


def test_a_neighbour_sees_no_contact_not_even_its_own(intake: Unit) -> None:
    view = send(intake, neighbour())
    with pytest.raises(Refused, match="unknown-contact"):
        intake.asks(GetContact(contact_id=view.contact_id), viewer=neighbour())


def test_therapists_of_the_area_read_it_whole_and_that_is_on_record(intake: Unit) -> None:
    view = send(intake, neighbour())
    read = intake.asks(GetReferral(referral_id=view.referral_id), viewer=staff(MATTI, "10"))
    assert (read.text, read.phone, read.unit, read.role) == (TEXT, PHONE, "Kotkan terveysasema", "lääkäri")
    assert (read.display_name, read.birth_year) == ("Testi Maria Esimerkki-Virtanen", 1981)
    reads = [(one.viewer_id, one.whom, one.what) for one in intake.audited if one.action == "read"]
    assert reads == [(MATTI, view.contact_id, "referral")]


@pytest.mark.parametrize("viewer", [staff(AINO, "18"), client(uuid4()), neighbour()])
def test_a_referral_of_elsewhere_is_not_there(intake: Unit, viewer: Viewer) -> None:
    view = send(intake, neighbour())
    with pytest.raises(Refused, match="unknown-referral"):
        intake.asks(GetReferral(referral_id=view.referral_id), viewer=viewer)


def test_the_list_is_of_the_viewers_areas_newest_first_and_each_is_on_record(intake: Unit) -> None:
    first = send(intake, neighbour())
    intake.clock.advance(timedelta(seconds=1))
    second = send(intake)
    send(intake, neighbour(), municipality="272")
    listed = intake.asks(GetReferrals(), viewer=staff(AINO, "10")).referrals
    assert [one.referral_id for one in listed] == [second.referral_id, first.referral_id]
    reads = {one.whom for one in intake.audited if one.what == "referral list"}
    assert reads == {first.contact_id, second.contact_id}


# What becomes of it


def test_a_booked_and_completed_visit_is_told_to_the_sender(intake: Unit) -> None:
    view = send(intake)
    intake.hears(visit_booked(contact_id=view.contact_id))
    intake.hears(visit_completed(contact_id=view.contact_id))
    statuses = [one.status for one in intake.told_of(ReferralStatusChanged)]
    assert statuses == [ReferralStatus.RECEIVED, ReferralStatus.BOOKED, ReferralStatus.COMPLETED]


def test_facts_in_another_order_leave_the_last_status(intake: Unit) -> None:
    view = send(intake)
    intake.hears(visit_completed(contact_id=view.contact_id))
    intake.hears(visit_booked(contact_id=view.contact_id))
    assert intake.told_of(ReferralStatusChanged)[-1].status is ReferralStatus.COMPLETED


def test_the_visit_of_somebody_who_came_by_another_door_is_no_referrals(intake: Unit) -> None:
    intake.hears(visit_booked(contact_id=uuid4()))
    assert (intake.outcome, intake.told) == ("done", [])


def test_a_closed_door_takes_no_referral(intake: Unit) -> None:
    closes(intake, Door.REFERRAL)
    with pytest.raises(Refused) as refused:
        send(intake)
    assert refused.value.code == "door-closed"
    assert intake.told_of(ReferralReceived) == []


def test_a_referral_that_was_taken_keeps_its_answer_at_a_closed_door(intake: Unit) -> None:
    mine = number()
    first = send(intake, number=mine)
    closes(intake, Door.REFERRAL)
    assert send(intake, number=mine) == first.model_copy(update={"repeated": True})


def test_while_booking_is_closed_whom_one_can_call_is_called(intake: Unit) -> None:
    """Nobody is led to a door that staff have closed; the call is promised the same day (rule 14)."""
    closes(intake, Door.BOOKING)
    assert send(intake, phone="+358401234567").route is Route.CALLBACK
    (routed,) = intake.told_of(ContactRouted)
    assert routed.reasons == (RouteReason.DOOR_CLOSED, RouteReason.CAME_BY_REFERRAL)
    (received,) = intake.told_of(ReferralReceived)
    assert received.call


def test_while_booking_is_closed_who_has_no_number_leaves_a_message_once_they_come(intake: Unit) -> None:
    closes(intake, Door.BOOKING)
    view = send(intake, phone=None)
    assert intake.asks(GetContact(contact_id=view.contact_id), viewer=staff()).route is Route.CALLBACK
    assert intake.told_of(ContactRouted)[-1].reasons == (RouteReason.DOOR_CLOSED, RouteReason.CAME_BY_REFERRAL)
    (received,) = intake.told_of(ReferralReceived)
    assert received.call is None


def test_a_referral_after_the_days_last_booking_leads_to_a_message(intake: Unit) -> None:
    intake.asks(SetCap(area="10", door=Door.BOOKING, per_day=1), viewer=staff())
    send(intake, phone=None)
    late = send(intake, phone=None, number=number())
    assert intake.asks(GetContact(contact_id=late.contact_id), viewer=staff()).route is Route.CALLBACK
    assert RouteReason.DOOR_FULL in intake.told_of(ContactRouted)[-1].reasons


def test_the_last_referral_of_the_day_closes_the_door(intake: Unit) -> None:
    """A cap counts referrals like any contact: docs/adr/0013."""
    intake.asks(SetCap(area="10", door=Door.REFERRAL, per_day=1), viewer=staff())
    send(intake)
    (closed,) = intake.told_of(DoorClosed)
    assert (closed.door, closed.reason) == (Door.REFERRAL, ClosingReason.CAP_REACHED)
    with pytest.raises(Refused) as refused:
        send(intake)
    assert refused.value.code == "door-closed"
