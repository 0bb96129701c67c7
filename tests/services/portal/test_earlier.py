"""A resident who has a matter already is asked whether this is the same one."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from contracts.base import Language
from contracts.cases import ContactJoined, ContactParted
from services.portal.language import words
from tests.services.portal.town import Town

FI = words(Language.FI)


def comes_again(town: Town) -> str:
    """The same browser some hours later: path of the second case page."""
    town.clock.advance(timedelta(hours=3))
    return town.comes_in()


def offered_case(page: str) -> dict[str, str]:
    found = re.search(r'name="case_id" value="([^"]+)"', page)
    assert found, page
    return {"case_id": found[1]}


def test_a_first_matter_is_asked_about_nothing(town: Town) -> None:
    assert FI("earlier.title") not in town.resident.get(town.comes_in()).text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Language.FI, "Sinulla on jo asia ”Polvi”, joka alkoi tiistaina 24.11.2026."),
        (Language.SV, "Du har redan ett ärende, ”Knä”, som började tisdag 24.11.2026."),
        (Language.EN, "You already have a matter, “Knee”, begun on Tuesday 24 November 2026."),
    ],
)
def test_a_second_contact_of_the_same_browser_is_offered_the_first(town: Town, language: Language, said: str) -> None:
    town.comes_in()
    page = town.resident.get(comes_again(town).replace("/fi/", f"/{language}/")).text
    assert said in page


def test_going_on_is_shown_and_can_be_taken_back(town: Town) -> None:
    town.comes_in()
    case = comes_again(town)
    town.resident.get(case)
    assert town.resident.post(f"{case}/continue", offered_case(town.resident.page)).status_code == 303
    page = town.resident.get(case).text
    assert "Tämä jatkaa asiaasi ”Polvi”, joka alkoi tiistaina 24.11.2026." in page
    assert FI("earlier.title") not in page
    assert town.resident.post(f"{case}/keep").status_code == 303
    assert FI("earlier.undo") not in town.resident.get(case).text
    assert (len(town.told(ContactJoined)), len(town.told(ContactParted))) == (1, 1)


def test_a_matter_kept_as_new_is_not_asked_about_again(town: Town) -> None:
    town.comes_in()
    case = comes_again(town)
    town.resident.get(case)
    town.resident.post(f"{case}/keep")
    assert FI("earlier.title") not in town.resident.get(case).text
    assert town.told(ContactJoined) == []


def test_another_browser_is_offered_nothing(town: Town) -> None:
    town.comes_in()
    town.clock.advance(timedelta(hours=1))
    stranger = town.browser()
    assert FI("earlier.title") not in stranger.get(town.comes_in(stranger)).text


def test_a_matter_that_is_not_offered_is_refused_in_words(town: Town) -> None:
    case = town.comes_in()
    town.resident.get(case)
    response = town.resident.post(f"{case}/continue", {"case_id": "6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e11"})
    assert response.status_code == 409
    assert FI("refusal.case-not-offered") in response.text


def test_a_page_without_intake_still_opens(town: Town) -> None:
    case = town.comes_in()
    town.away.add("intake")
    assert town.resident.get(case).status_code == 200
