"""Rule 9 in intake: once it is known, nothing tells where a person lives, nor unasked how they are reached."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from chassis import Refused, Viewer
from contracts.cases import ContactClosed, JoinGround
from contracts.demand import GetDemand, GetReason
from contracts.intake import ContactDeclined, ContactRouted, DirectAccessGranted, GetContact, Route, RouteReason
from contracts.matching import LinkPerson, MatchReason
from contracts.non_disclosure import GetContactDetails, SetNonDisclosure
from contracts.overview import GetCase, GetCases
from contracts.portal import QuestionsAnswered
from contracts.referrals import GetReferral, GetReferrals, ReferralReceived
from services.intake.cases.jobs import close_quiet_contacts
from services.intake.models import IntakeTable
from tests.factories import AINO, client, contact_opened, identity_verified, staff
from tests.services.intake.builders import answers, code, sealed_person
from tests.services.intake.cases.steps import AINO_KOE, BERTTA_KOE
from tests.services.intake.non_disclosure.steps import EMAIL, KOUVOLA, NOWHERE, PHONE, Protected
from tests.services.intake.referrals.sending import send


def test_every_table_that_tells_a_place_forgets_it() -> None:
    """Rule 9. A new table with such a column that does not say so would go on telling it."""
    telling = {
        (table.__name__, name) for table in IntakeTable.__subclasses__() for name in ("municipality", "site")
        if name in table.model_fields
    }  # fmt: skip
    assert telling == {(table.__name__, name) for table in IntakeTable.__subclasses__() for name in table.PLACES}


def test_identified_as_protected_a_contact_is_of_no_place_any_more(people: Protected) -> None:
    """Rule 9."""
    contact_id = people.comes()
    assert people.places(contact_id) == {KOUVOLA}
    people.identifies_protected(contact_id)
    assert people.places(contact_id) == {NOWHERE}
    assert people.marked() == [(contact_id, True)]


def test_nothing_that_is_told_after_it_names_the_place(people: Protected) -> None:
    contact_id = people.comes()
    before = len(people.unit.told)
    people.identifies_protected(contact_id)
    people.comes(person=BERTTA_KOE)
    of_them = [one for one in people.unit.told[before:] if getattr(one, "contact_id", None) == contact_id]
    assert of_them
    assert {one.municipality for one in of_them} == {NOWHERE}


def test_the_desk_sees_the_mark_and_neither_place_nor_number(people: Protected) -> None:
    """Rule 9: municipality, location, phone masked everywhere."""
    contact_id = people.comes()
    people.identifies_protected(contact_id)
    people.gives_points(contact_id)
    seen, who = people.seen(contact_id), people.person(contact_id)
    assert (seen.non_disclosure, seen.municipality) == (True, NOWHERE)
    assert (who.non_disclosure, who.phone, who.email, who.takes_sms) == (True, "", "", False)
    asked = [people.unit.asks(GetCase(contact_id=contact_id), viewer=staff())]
    asked += [people.unit.asks(ask, viewer=staff()) for ask in (GetCases(), GetReason(contact_id=contact_id))]
    for view in asked:
        assert not [one for one in (f'"{KOUVOLA}"', PHONE, EMAIL) if one in view.model_dump_json()]
    [listed] = people.unit.asks(GetCases(), viewer=staff()).cases
    assert (listed.non_disclosure, listed.municipality) == (True, NOWHERE)


def test_who_asks_is_told_the_number_and_it_is_on_record(people: Protected) -> None:
    """Rule 9."""
    contact_id = people.comes()
    people.identifies_protected(contact_id)
    people.gives_points(contact_id)
    before = len(people.unit.audited)
    details = people.unit.asks(GetContactDetails(contact_id=contact_id), viewer=staff())
    assert (details.phone, details.email, details.takes_sms) == (PHONE, EMAIL, True)
    assert [row.what for row in people.unit.audited[before:]] == ["contact details"]


@pytest.mark.parametrize("viewer", [staff(uuid4(), "18"), client(uuid4())], ids=["of another county", "a resident"])
def test_nobody_else_is(people: Protected, viewer: Viewer) -> None:
    contact_id = people.comes()
    with pytest.raises(Refused, match=r"unknown-contact|not-yours"):
        people.unit.asks(GetContactDetails(contact_id=contact_id), viewer=viewer)
    with pytest.raises(Refused, match=r"unknown-contact|not-yours"):
        people.unit.asks(SetNonDisclosure(contact_id=contact_id, in_force=True), viewer=viewer)


def test_the_page_of_the_person_does_not_tell_that_they_are_protected(people: Protected) -> None:
    """Somebody else may look at it with them, or at what an application has fetched for them."""
    contact_id = people.comes()
    people.identifies_protected(contact_id)
    assert not people.unit.asks(GetContact(contact_id=contact_id), viewer=client(contact_id)).non_disclosure


def test_demand_is_counted_with_the_county(people: Protected) -> None:
    contact_id = people.comes()
    people.identifies_protected(contact_id)
    asked = GetDemand(area="10", first_week="2026-W48", last_week="2026-W49")
    demand = people.unit.asks(asked, viewer=staff())
    assert (demand.by_site[NOWHERE], demand.by_site[KOUVOLA], demand.total) == (1, 0, 1)


def test_all_their_contacts_are_protected_earlier_and_later_ones(people: Protected) -> None:
    earlier = people.comes(person=AINO_KOE)
    now = people.comes("back")
    people.identifies_protected(now)
    later = people.comes(person=AINO_KOE)  # whatever the provider says this time
    other = people.comes(person=BERTTA_KOE)
    assert [people.seen(one).non_disclosure for one in (earlier, now, later, other)] == [True, True, True, False]
    assert [people.places(one) for one in (earlier, now, later, other)] == [*[{NOWHERE}] * 3, {KOUVOLA}]
    assert sorted(people.marked(), key=str) == sorted([(one, True) for one in (earlier, now, later)], key=str)


def test_what_was_joined_to_their_case_is_protected_with_it_and_told_of_no_place(people: Protected) -> None:
    """A contact that nobody identified for, in a case of theirs, would tell where they live."""
    anonymous, theirs = people.comes(), people.comes()
    people.identifies_protected(theirs)
    before = len(people.unit.told)
    people.joins(anonymous, people.case_of(theirs), JoinGround.CLIENT_SAID)
    assert people.places(anonymous) == {NOWHERE}
    assert {one.municipality for one in people.unit.told[before:]} == {NOWHERE}


def test_who_leaves_another_persons_case_by_being_identified_marks_nobody_else(people: Protected) -> None:
    theirs, joined = people.comes(person=BERTTA_KOE), people.comes()
    people.joins(joined, people.case_of(theirs), JoinGround.CLIENT_SAID)
    before = len(people.unit.told)
    people.identifies_protected(joined, AINO_KOE)
    assert (people.seen(joined).non_disclosure, people.seen(theirs).non_disclosure) == (True, False)
    assert {one.municipality for one in people.unit.told[before:]} == {NOWHERE}


def test_linked_to_somebody_protected_a_contact_is_protected(people: Protected) -> None:
    """Rules 7 and 9: a person from abroad is matched by a professional, and is then somebody under non-disclosure."""
    people.identifies_protected(people.comes())
    abroad = people.comes()
    sealed = people.unit.seal(sealed_person(personal_identity_code=None))
    people.unit.hears(identity_verified(contact_id=abroad, person=sealed, municipality=KOUVOLA))
    assert not people.seen(abroad).non_disclosure
    ask = LinkPerson(contact_id=abroad, personal_identity_code=AINO_KOE, reason=MatchReason.DOCUMENT)
    people.unit.asks(ask, viewer=staff())
    assert (people.seen(abroad).non_disclosure, people.places(abroad)) == (True, {NOWHERE})


def test_a_professional_marks_whom_nobody_has_identified(people: Protected) -> None:
    contact_id = people.comes()
    people.sets(contact_id)
    assert (people.seen(contact_id).non_disclosure, people.places(contact_id)) == (True, {NOWHERE})
    assert [row.what for row in people.unit.audited if row.action == "change"][-1] == "non-disclosure set"
    people.identifies(contact_id)
    assert people.seen(people.comes(person=AINO_KOE)).non_disclosure


def test_marked_twice_it_is_told_once(people: Protected) -> None:
    contact_id = people.comes()
    for _ in range(2):
        people.sets(contact_id)
    people.identifies_protected(contact_id)
    assert people.marked() == [(contact_id, True)]


def test_a_professional_alone_lifts_it_and_no_place_comes_back(people: Protected) -> None:
    first, second = people.comes(person=AINO_KOE), people.comes()
    people.identifies_protected(second)
    people.gives_points(second)
    people.identifies(first)  # a provider that says nothing of it lifts nothing
    assert people.seen(first).non_disclosure
    people.sets(first, in_force=False)
    assert [people.seen(one).non_disclosure for one in (first, second)] == [False, False]
    assert people.person(second).phone == PHONE
    assert people.places(second) == {NOWHERE}
    assert sorted(people.marked()[2:], key=str) == sorted([(first, False), (second, False)], key=str)


def test_an_assistant_marks_and_does_not_lift(people: Protected) -> None:
    """Rules 9 and 13: whoever says that somebody is safe now answers for it."""
    contact_id, assistant = people.comes(), staff(licensed=False)
    people.unit.asks(SetNonDisclosure(contact_id=contact_id, in_force=True), viewer=assistant)
    with pytest.raises(Refused, match="licence-needed"):
        people.unit.asks(SetNonDisclosure(contact_id=contact_id, in_force=False), viewer=assistant)
    assert people.seen(contact_id).non_disclosure


def test_who_was_declined_is_of_no_place_either(people: Protected) -> None:
    """Of whomever another place is known, they are found there."""
    declined, theirs = people.comes(municipality="091"), people.comes()
    people.sets(declined)
    assert (people.seen(declined).non_disclosure, people.places(declined)) == (True, {NOWHERE})
    people.identifies_protected(theirs)
    another = people.comes(municipality="091")
    before = len(people.unit.told)
    people.joins(another, people.case_of(theirs), JoinGround.CLIENT_SAID)
    assert people.places(another) == {NOWHERE}
    assert {one.municipality for one in people.unit.told[before:]} == {NOWHERE}


def test_who_is_too_young_and_protected_is_declined_and_of_no_place(people: Protected) -> None:
    """Rules 2 and 9: nobody is kept, and where they live is forgotten all the same."""
    contact_id = people.comes()
    before = len(people.unit.told)
    people.identifies_protected(contact_id, code("010111A901"))
    seen = people.seen(contact_id)
    assert (seen.declined, seen.non_disclosure, people.places(contact_id)) == ("too_young", True, {NOWHERE})
    assert {one.municipality for one in people.unit.told[before:]} == {NOWHERE}


def test_marked_before_they_are_declined_the_refusal_names_no_place(people: Protected) -> None:
    """An identification that the front end told before it knew still names one."""
    contact_id = people.comes()
    people.sets(contact_id)
    sealed = people.unit.seal(sealed_person(personal_identity_code=code("010111A901")))
    people.unit.hears(identity_verified(contact_id=contact_id, person=sealed, municipality=KOUVOLA))
    assert [one.municipality for one in people.unit.told_of(ContactDeclined)] == [NOWHERE]


def test_a_mark_by_the_provider_is_on_record(people: Protected) -> None:
    people.identifies_protected(people.comes())
    assert "non-disclosure set" in [row.what for row in people.unit.audited]


def test_it_is_lifted_in_the_counties_of_who_lifts_it(people: Protected) -> None:
    """What another county's professionals know of the person is for them to say."""
    here, there = people.comes(person=AINO_KOE), people.comes(area="18", municipality="272")
    people.identifies_protected(there)
    assert people.seen(here).non_disclosure
    people.unit.asks(SetNonDisclosure(contact_id=here, in_force=False), viewer=staff(AINO, "10"))
    assert [people.seen(one).non_disclosure for one in (here, there)] == [False, True]


# Referrals


def test_a_referral_says_so_and_nothing_that_is_told_names_a_place(people: Protected) -> None:
    sent = send(people.unit, municipality=KOUVOLA, site=KOUVOLA, non_disclosure=True)
    assert people.places(sent.contact_id) == {NOWHERE}
    of_person = [one for one in people.unit.told if getattr(one, "contact_id", None) == sent.contact_id]
    assert {one.municipality for one in of_person} == {NOWHERE}
    assert {one.site for one in of_person if hasattr(one, "site")} == {NOWHERE}
    assert people.marked() == [(sent.contact_id, True)]


def test_a_referral_of_somebody_who_is_known_to_be_protected_is_called(people: Protected) -> None:
    """As one that says so itself: who sent it need not know."""
    people.identifies_protected(people.comes())
    sent = send(people.unit, municipality=KOUVOLA, personal_identity_code=AINO_KOE)
    assert people.places(sent.contact_id) == {NOWHERE}
    [received] = people.unit.told_of(ReferralReceived)
    assert (sent.route, received.call is None) == (Route.CALLBACK, False)


def test_without_a_number_they_leave_a_message_and_no_refusal_tells_what_is_known(people: Protected) -> None:
    people.identifies_protected(people.comes())
    sent = send(people.unit, personal_identity_code=AINO_KOE, phone=None)
    assert people.seen(sent.contact_id).route is Route.CALLBACK
    with pytest.raises(Refused, match="phone-needed"):
        send(people.unit, personal_identity_code=BERTTA_KOE, phone=None, non_disclosure=True)


def test_the_desk_sees_neither_their_number_nor_who_sent_them(people: Protected) -> None:
    """A health station's name is a place."""
    sent = send(people.unit, municipality=KOUVOLA, non_disclosure=True)
    whole = people.unit.asks(GetReferral(referral_id=sent.referral_id), viewer=staff())
    [listed] = people.unit.asks(GetReferrals(), viewer=staff()).referrals
    for view in (whole, listed):
        told = (view.non_disclosure, view.municipality, view.site, view.phone, view.unit)
        assert told == (True, NOWHERE, NOWHERE, "", "")
    details = people.unit.asks(GetContactDetails(contact_id=sent.contact_id), viewer=staff())
    assert (details.referral_phone, details.referral_unit) == (PHONE, "Kotkan terveysasema")


# What the county has decided about booking


def test_in_kymenlaakso_they_leave_a_message_instead_of_booking_by_the_page(people: Protected) -> None:
    """Rule 9: configurable block of e-booking. Source: Kymsote's e-services page of 2021."""
    contact_id = people.comes(origin="booking")
    people.identifies_protected(contact_id)
    routed = people.unit.told_of(ContactRouted)
    assert [one.route for one in routed] == [Route.BOOKING, Route.CALLBACK]
    assert routed[-1].reasons == (RouteReason.DOOR_CLOSED, RouteReason.NO_RED_FLAG)
    assert people.seen(contact_id).route is Route.CALLBACK


def test_who_comes_back_to_a_matter_that_had_gone_quiet_leaves_a_message(people: Protected) -> None:
    """Else the page would wait for times that nobody lets them pick."""
    contact_id = people.comes(origin="booking")
    people.unit.clock.advance(timedelta(days=31))
    people.unit.runs(close_quiet_contacts)
    assert people.unit.told_of(ContactClosed)
    people.sets(contact_id)
    assert people.seen(contact_id).route is Route.CALLBACK


def test_a_county_may_let_them_book(people: Protected) -> None:
    """Keski-Pohjanmaa has decided nothing else."""
    contact_id = people.comes(origin="booking", area="18", municipality="272")
    people.identifies_protected(contact_id)
    assert people.seen(contact_id).route is Route.BOOKING
    assert people.places(contact_id) == {NOWHERE}


def test_who_was_sent_by_a_professional_leaves_a_message_too(people: Protected) -> None:
    sent = send(people.unit, non_disclosure=True)
    assert people.seen(sent.contact_id).route is Route.CALLBACK


def test_direct_access_tells_no_place(people: Protected) -> None:
    contact_id = people.comes(answers=answers("knee", duration="under_2_weeks", limits="some"))
    people.identifies_protected(contact_id)
    assert [one.municipality for one in people.unit.told_of(DirectAccessGranted)] == [NOWHERE]


def test_answers_that_come_later_are_weighed_though_the_place_is_forgotten(people: Protected) -> None:
    """Who comes from Omaolo and identifies first is still the county's."""
    contact_id, every = uuid4(), answers()
    opened = contact_opened(contact_id=contact_id, origin="omaolo", municipality=KOUVOLA, answers=[])
    people.unit.hears(opened)
    assert people.seen(contact_id).route is Route.QUESTIONS
    people.identifies_protected(contact_id)
    told = {"contact_id": contact_id, "questionnaire": opened.questionnaire, "answers": every}
    fact = QuestionsAnswered.model_validate(QuestionsAnswered.example.model_dump() | told | {"municipality": NOWHERE})
    people.unit.hears(fact)
    seen = people.seen(contact_id)
    assert (seen.route, seen.declined, seen.municipality) == (Route.CHAT, None, NOWHERE)
    assert people.places(contact_id) == {NOWHERE}
