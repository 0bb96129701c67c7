"""What follows for both sides of a conversation once somebody has identified: the whole way, through the stand-in."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest

from contracts.base import Language
from contracts.chat import GetMessages
from contracts.intake import ContactDeclined
from contracts.portal import EarlierTextDecided, IdentityVerified
from services.portal.language import words
from tests.factories import staff
from tests.services.portal.town import Browser, Town

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


# What was written before


def identified_after_a_word(town: Town) -> tuple[str, Browser, str]:
    case, desk, talk = town.in_conversation()
    town.resident.post(f"{case}/messages", {"words": "Olen joku"})
    town.clock.advance(timedelta(minutes=1))
    town.identifies(case)
    town.resident.get(case)
    return case, desk, talk


def record(town: Town, case: str) -> list[str]:
    contact_id = UUID(case.rpartition("/")[2])
    said = town.units["chat"].asks(GetMessages(contact_id=contact_id), viewer=staff()).messages
    return [one.words for one in said if one.in_record]


def test_after_identifying_a_person_is_asked_once_and_no_is_as_easy_as_yes(town: Town) -> None:
    """Rule 8."""
    identified_after_a_word(town)
    assert FI("record.ask") in town.resident.page
    yes, no = re.findall(r'<button class="([^"]*)" type="submit" name="accepted"', town.resident.page)
    assert yes == no


@pytest.mark.parametrize(("answer", "state"), [("yes", "kept"), ("no", "left_out")])
def test_the_answer_is_kept_shown_to_both_and_never_asked_again(town: Town, answer: str, state: str) -> None:
    """Rule 8."""
    case, desk, talk = identified_after_a_word(town)
    assert record(town, case) == []
    assert FI("desk.earlier.undecided", time="10.01") in desk.get(talk).text
    assert town.resident.post(f"{case}/earlier-text", {"accepted": answer}).status_code == 303
    assert record(town, case) == (["Olen joku"] if answer == "yes" else [])
    assert FI(f"record.{state}") in town.resident.get(case).text
    assert FI("record.ask") not in town.resident.page
    assert FI(f"desk.earlier.{state}", time="10.01") in desk.get(talk).text


def test_while_the_answer_is_on_its_way_it_is_not_asked_again(town: Town) -> None:
    case, _, _ = identified_after_a_word(town)
    town.carry = lambda: None  # type: ignore[method-assign]  # nothing reaches the chat for now
    town.resident.post(f"{case}/earlier-text", {"accepted": "yes"})
    assert FI("record.ask") not in town.resident.get(case).text


def test_of_two_pages_the_first_answer_counts(town: Town) -> None:
    case, _, _ = identified_after_a_word(town)
    for answer in ("no", "yes"):
        assert town.resident.post(f"{case}/earlier-text", {"accepted": answer}).status_code == 303
    assert [one.accepted for one in town.told(EarlierTextDecided)] == [False]


def test_who_has_not_identified_is_not_asked_and_decides_nothing(town: Town) -> None:
    case, _, _ = town.in_conversation()
    town.resident.post(f"{case}/messages", {"words": "Olen joku"})
    assert FI("record.ask") not in town.resident.get(case).text
    response = town.resident.post(f"{case}/earlier-text", {"accepted": "yes"})
    assert (response.status_code, town.told(EarlierTextDecided)) == (409, [])
    assert FI("refusal.nothing-to-decide") in response.text


def test_an_answer_is_yes_or_no(town: Town) -> None:
    case, _, _ = identified_after_a_word(town)
    assert town.resident.post(f"{case}/earlier-text", {"accepted": "maybe"}).status_code == 422
    assert town.told(EarlierTextDecided) == []


def test_nobody_decides_for_another(town: Town) -> None:
    case, _, _ = identified_after_a_word(town)
    stranger = town.browser()
    town.comes_in(stranger)
    assert stranger.post(f"{case}/earlier-text", {"accepted": "yes"}).status_code == 404
