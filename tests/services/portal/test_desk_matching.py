"""A professional decides at the desk who somebody without a personal identity code is. Rule 7."""

from __future__ import annotations

from uuid import UUID

import pytest

from contracts.base import Language
from contracts.matching import MatchOutcome, PersonMatchDecided
from services.portal.language import words
from tests.factories import contact_opened, identity_verified
from tests.services.intake.builders import CODE, answers, code, sealed_person
from tests.services.portal.town import Browser, Town

LIST = "/fi/desk/matching"
FI = words(Language.FI)


def comes(town: Town, **person: object) -> UUID:
    """Somebody comes in by another front end, and identifies."""
    intake = town.units["intake"]
    opened = contact_opened(answers=answers())
    intake.hears(opened)
    sealed = intake.seal(sealed_person(**person))
    intake.hears(identity_verified(contact_id=opened.contact_id, person=sealed))
    return opened.contact_id


@pytest.fixture
def page(town: Town) -> str:
    """Of somebody who identified from abroad; a person with a code has been here before."""
    comes(town)
    return f"{LIST}/{comes(town, personal_identity_code=None, family_name='Muualta')}"


@pytest.fixture
def desk(town: Town, page: str) -> Browser:
    browser = town.therapist()
    browser.get(page)
    return browser


def test_no_ground_is_picked_beforehand_and_none_is_told(town: Town, desk: Browser, page: str) -> None:
    """Whom a record belongs to is decided on a ground that somebody has chosen."""
    assert '<select name="reason" id="why" required><option value="">' in desk.page
    for act in ("link", "apart"):
        response = desk.post(f"{page}/{act}", {"person": CODE, "reason": ""})
        assert (response.status_code, FI.refusal("reason-needed") in response.text) == (422, True)
    assert town.told(PersonMatchDecided) == []


def test_the_desk_leads_to_the_list_and_the_list_to_the_person(town: Town, desk: Browser, page: str) -> None:
    assert f'href="{LIST}"' in desk.get("/fi/desk").text
    listed = desk.get(LIST).text
    assert "Testi Maria Muualta" in listed
    assert "<td>21.2.1981</td>" in listed
    assert f'href="{page}"' in listed


def test_a_professional_looks_links_and_takes_it_back(town: Town, desk: Browser, page: str) -> None:
    found = desk.post(f"{page}/find", {"person": f" {CODE} "})
    assert found.status_code == 200
    assert "Testi Maria Esimerkki-Virtanen" in found.text
    assert desk.post(f"{page}/link", {"person": CODE, "reason": "document"}).headers["location"] == page
    assert "Yhdistetty henkilöön" in desk.get(page).text
    assert desk.post(f"{page}/reopen", {"reason": "mistake"}).status_code == 303
    assert "Ratkaisematta" in desk.get(page).text
    outcomes = [one.outcome for one in town.told(PersonMatchDecided)]
    assert outcomes == [MatchOutcome.LINKED, MatchOutcome.REOPENED]


def test_a_professional_keeps_somebody_apart(town: Town, desk: Browser, page: str) -> None:
    assert desk.post(f"{page}/apart", {"reason": "no_code"}).status_code == 303
    assert "Pidetty erillään" in desk.get(LIST).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (CODE[:-1] + "0", "henkilötunnus"),
        (code("030374-901"), "Kukaan ei ole asioinut tällä alueella"),
    ],
    ids=["no code", "nobody"],
)
def test_what_finds_nobody_is_said_beside_the_field_and_stays_typed(
    desk: Browser, page: str, typed: str, said: str
) -> None:
    response = desk.post(f"{page}/find", {"person": typed})
    assert response.status_code == 422
    assert 'id="person-error"' in response.text
    assert said in response.text
    assert f'value="{typed}"' in response.text


def test_who_comes_second_is_told_and_sees_what_was_decided(town: Town, desk: Browser, page: str) -> None:
    other = town.therapist()
    other.get(page)
    desk.post(f"{page}/apart", {"reason": "no_code"})
    response = other.post(f"{page}/link", {"person": CODE, "reason": "document"})
    assert response.status_code == 409
    assert "Joku muu on jo ratkaissut tämän" in response.text
    assert "Pidetty erillään" in response.text


def test_another_countys_therapist_sees_nobody(town: Town, page: str) -> None:
    elsewhere = town.therapist("18")
    assert "Muualta" not in elsewhere.get(LIST).text
    assert elsewhere.get(page).status_code == 404


@pytest.mark.parametrize(("language", "title"), [("sv", "Utan personbeteckning"), ("en", "Without a code")])
def test_the_list_speaks_the_language_of_its_reader(desk: Browser, language: str, title: str) -> None:
    assert title in desk.get(f"/{language}/desk/matching").text


def test_who_identifies_from_abroad_is_served_and_waits_to_be_matched(town: Town) -> None:
    case = town.comes_in()
    assert town.identifies(case, age=45).headers["location"] == case
    assert town.resident.get(case).status_code == 200
    assert "Erika Exempel" in town.therapist().get(LIST).text
