"""What follows for both sides of a conversation once somebody has identified: the whole way, through the stand-in."""

from __future__ import annotations

from contracts.base import Language
from contracts.intake import ContactDeclined
from contracts.portal import IdentityVerified
from services.portal.language import words
from tests.services.portal.town import Town

FI = words(Language.FI)
SEVENTEEN = 17


def test_who_turns_out_too_young_sees_where_to_go_and_the_therapist_sees_why(town: Town) -> None:
    """Rule 2: Soite takes from 18 on, and a person of 17 had said 23."""
    case, desk, talk = town.in_conversation(municipality="272", area="18")
    town.identifies(case, SEVENTEEN)
    assert len(town.told(ContactDeclined)) == 1
    page = town.resident.get(case).text
    assert "18 vuotta täyttäneille" in page
    assert "panel--declined" in page
    acts = desk.get(talk).text
    assert FI("desk.too_young") in acts
    assert f'action="{talk}/offer"' not in acts
    assert f'action="{talk}/end"' in acts


def test_who_is_old_enough_goes_on(town: Town) -> None:
    case, desk, talk = town.in_conversation()
    town.identifies(case, SEVENTEEN)
    assert town.told(ContactDeclined) == []
    assert "panel--open" in town.resident.get(case).text
    assert f'action="{talk}/offer"' in desk.get(talk).text


# Two people at one browser


def test_another_person_at_the_same_browser_sees_nothing_of_the_first(town: Town) -> None:
    """Rule 8: what one has told is out of reach once another has identified; the secret of before opens nothing."""
    firsts = town.comes_in()
    town.identifies(firsts, 52)
    former = town.resident.cookies["digi-visitor"]
    seconds = town.comes_in()
    town.identifies(seconds, 34)
    assert town.resident.get(firsts).status_code == 404
    assert town.resident.get(f"{firsts}/live").status_code == 404
    assert town.resident.get(seconds).status_code == 200
    old = town.browser()
    old.cookies.set("digi-visitor", former, domain="127.0.0.1", path="/")
    assert old.get(firsts).status_code == 404


def test_the_same_person_keeps_what_they_opened_before(town: Town) -> None:
    first, second = town.comes_in(), town.comes_in()
    town.identifies(first, 52)
    town.identifies(second, 52)
    assert [town.resident.get(case).status_code for case in (first, second)] == [200, 200]


def test_nobody_identifies_for_a_contact_that_is_another_persons(town: Town) -> None:
    """Also before intake has heard of the first: two tabs, two people."""
    case = town.comes_in()
    leaving = town.resident.get(f"{case}/tunnistaudu").headers["location"]
    town.identifies(case, 52)
    refused = town.resident.get(town.chooses(leaving, 34))
    assert refused.status_code == 409
    assert FI("refusal.identified-as-another") in refused.text
    assert len(town.told(IdentityVerified)) == 1
    assert town.resident.get(case).status_code == 200
