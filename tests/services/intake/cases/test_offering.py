"""Who has a case already is offered to go on with it, by whatever door; nothing is joined without being asked for."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from chassis import Refused
from contracts.cases import ContactJoined, ContactParted, GetOffer, JoinedBy, JoinGround, PartReason
from contracts.portal import Origin
from tests.factories import client
from tests.services.intake.builders import answers
from tests.services.intake.cases.steps import AINO_KOE, BERTTA_KOE, Cases


@pytest.mark.parametrize("door", list(Origin))
def test_an_identified_person_is_offered_the_open_case_by_whatever_door(cases: Cases, door: Origin) -> None:
    first = cases.comes(person=AINO_KOE)
    second = cases.comes(person=AINO_KOE, origin=door)
    assert cases.offered(second) == cases.case_of(first)


def test_nothing_is_joined_without_being_asked_for(cases: Cases) -> None:
    first, second = cases.comes(person=AINO_KOE), cases.comes(person=AINO_KOE)
    assert cases.case_of(first) != cases.case_of(second)
    assert cases.unit.told_of(ContactJoined) == []


def test_the_offer_says_which_trouble_and_since_when(cases: Cases) -> None:
    began = cases.unit.clock() + timedelta(days=1)
    cases.comes(person=AINO_KOE)
    offered = cases.offer(cases.comes(person=AINO_KOE)).offered
    assert offered
    assert (offered.trouble, offered.begun_at, offered.open) == ("knee", began, True)


def test_the_first_contact_is_not_offered_what_came_later(cases: Cases) -> None:
    first = cases.comes(person=AINO_KOE)
    cases.comes(person=AINO_KOE)
    assert cases.offered(first) is None


def test_a_trouble_of_the_same_group_is_offered_and_of_another_not(cases: Cases) -> None:
    knee = cases.comes("knee", person=AINO_KOE)
    assert cases.offered(cases.comes("hip", person=AINO_KOE)) == cases.case_of(knee)
    assert cases.offered(cases.comes("back", person=AINO_KOE)) is None


def test_another_persons_case_is_never_offered(cases: Cases) -> None:
    cases.comes(person=AINO_KOE)
    assert cases.offered(cases.comes(person=BERTTA_KOE)) is None


def test_who_is_not_identified_is_offered_nothing_of_anybody(cases: Cases) -> None:
    cases.comes(person=AINO_KOE)
    assert cases.offered(cases.comes()) is None


def test_in_one_browser_session_the_first_contact_is_offered_before_identification(cases: Cases) -> None:
    first, second = cases.comes(), cases.comes()
    assert cases.offered(second, first) == cases.case_of(first)


def test_in_one_browser_session_two_persons_are_offered_nothing_of_each_other(cases: Cases) -> None:
    first, second = cases.comes(person=AINO_KOE), cases.comes(person=BERTTA_KOE)
    assert cases.offered(second, first) is None


def test_a_case_of_another_county_is_not_offered(cases: Cases) -> None:
    cases.comes(person=AINO_KOE)
    assert cases.offered(cases.comes(person=AINO_KOE, area="18", municipality="272")) is None


def test_a_contact_sent_elsewhere_is_no_case_to_go_on_with(cases: Cases) -> None:
    first = cases.comes(answers=answers(joint_now="yes"))
    assert cases.offered(cases.comes(), first) is None


def test_a_contact_sent_elsewhere_is_offered_nothing(cases: Cases) -> None:
    first = cases.comes()
    assert cases.offered(cases.comes(answers=answers(joint_now="yes")), first) is None


def test_going_on_with_a_case_joins_the_contact_and_is_told(cases: Cases) -> None:
    first, second = cases.comes(person=AINO_KOE), cases.comes(person=AINO_KOE)
    view = cases.continues(second, cases.case_of(first))
    assert view.continued
    assert (view.offered, view.continued.case_id) == (None, cases.case_of(first))
    assert cases.case_of(second) == cases.case_of(first)
    [told] = cases.unit.told_of(ContactJoined)
    assert (told.contact_id, told.by, told.ground) == (second, JoinedBy.CLIENT, JoinGround.SAME_PERSON)


def test_before_identification_a_joining_rests_on_the_session(cases: Cases) -> None:
    first, second = cases.comes(), cases.comes()
    cases.continues(second, cases.case_of(first), first)
    assert cases.unit.told_of(ContactJoined)[0].ground is JoinGround.SAME_SESSION


def test_going_on_twice_joins_once(cases: Cases) -> None:
    first, second = cases.comes(person=AINO_KOE), cases.comes(person=AINO_KOE)
    case_id = cases.case_of(first)
    for _ in range(2):
        cases.continues(second, case_id)
    assert len(cases.unit.told_of(ContactJoined)) == 1


def test_a_case_that_was_not_offered_cannot_be_gone_on_with(cases: Cases) -> None:
    first, second = cases.comes(person=AINO_KOE), cases.comes(person=BERTTA_KOE)
    for case_id in (cases.case_of(first), uuid4()):
        with pytest.raises(Refused, match="case-not-offered"):
            cases.continues(second, case_id)


def test_a_matter_that_is_kept_as_new_is_not_asked_about_again(cases: Cases) -> None:
    first, second = cases.comes(person=AINO_KOE), cases.comes(person=AINO_KOE)
    assert cases.keeps(second).offered is None
    assert cases.offered(second) is None
    assert cases.case_of(first) != cases.case_of(second)


def test_a_person_can_take_back_that_they_went_on(cases: Cases) -> None:
    first, second = cases.comes(person=AINO_KOE), cases.comes(person=AINO_KOE)
    own = cases.case_of(second)
    cases.continues(second, cases.case_of(first))
    assert cases.keeps(second).continued is None
    assert cases.case_of(second) == own
    assert [told.reason for told in cases.unit.told_of(ContactParted)] == [PartReason.CLIENT_WISH]


def test_a_person_does_not_undo_what_a_professional_joined(cases: Cases) -> None:
    first, second = cases.comes(person=AINO_KOE), cases.comes(person=AINO_KOE)
    cases.joins(second, cases.case_of(first))
    cases.keeps(second)
    assert cases.case_of(second) == cases.case_of(first)


def test_another_persons_contact_looks_like_none(cases: Cases) -> None:
    contact_id = cases.comes()
    with pytest.raises(Refused, match="unknown-contact"):
        cases.unit.asks(GetOffer(contact_id=contact_id), viewer=client(uuid4()))
