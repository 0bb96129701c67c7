"""Cases at the desk: the list, one case whole, joining, parting, correcting."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from contracts.base import Language
from contracts.cases import ContactJoined, ContactParted
from contracts.due import DueTimeSet
from services.portal.language import words
from tests.services.portal.town import Browser, Town

FI = words(Language.FI)


def case_of(contact: str) -> str:
    return "/fi/desk/cases/" + contact.rpartition("/")[2]


@pytest.fixture
def desk(town: Town) -> Browser:
    return town.therapist()


def another_comes(town: Town) -> str:
    """Somebody else, or the same person in another browser: nobody knows."""
    town.resident = town.browser()
    return town.comes_in()


def test_what_is_open_is_listed_with_when_it_is_due(town: Town, desk: Browser) -> None:
    contact = town.comes_in()
    page = desk.get("/fi/desk/cases").text
    assert f'href="{case_of(contact)}"' in page
    assert "Polvi" in page
    assert "Kotka" in page
    assert FI("due.advice") in page


def test_nothing_open_is_said(desk: Browser) -> None:
    assert FI("cases.none") in desk.get("/fi/desk/cases").text


@pytest.mark.parametrize("wrong", ["0", "x", "-1", "99999"])
def test_a_page_that_makes_no_sense_is_refused(desk: Browser, wrong: str) -> None:
    assert desk.get(f"/fi/desk/cases?sivu={wrong}").status_code == 422


@pytest.mark.parametrize("language", list(Language))
def test_a_case_is_read_in_words(town: Town, desk: Browser, language: Language) -> None:
    contact = town.comes_in()
    page = desk.get(case_of(contact).replace("/fi/", f"/{language}/", 1)).text
    t = words(language)
    for key in ("origin.chat", "history.opened", "history.due_set", "due.advice", "route.chat", "desk.answers"):
        assert t(key) in page
    assert contact.rpartition("/")[2] not in re.sub(r'"[^"]*"', "", page)


def test_a_conversation_leads_to_its_case(town: Town) -> None:
    case, desk, talk = town.in_conversation()
    assert f'href="{case_of(case)}"' in desk.get(talk).text


def test_a_correction_is_owed_from_then_on(town: Town, desk: Browser) -> None:
    """Rule 14: a professional corrects it with a reason."""
    path = case_of(town.comes_in())
    desk.get(path)
    assert desk.post(f"{path}/correct", {"reason": "new_or_worse"}).status_code == 303
    town.carry()
    assert [told.kind.value for told in town.told(DueTimeSet)] == ["advice", "assessment"]
    page = desk.get(path).text
    assert FI("cases.corrected", reason=FI("correction.new_or_worse")) in page
    assert FI("history.corrected") in page


def test_two_contacts_are_joined_parted_and_joined_again(town: Town, desk: Browser) -> None:
    first, second = town.comes_in(), another_comes(town)
    path = case_of(second)
    page = desk.get(path).text
    [other] = re.findall(r'name="case" value="([^"]+)"', page)
    assert desk.post(f"{path}/join", {"case": other}).status_code == 303
    assert len(town.told(ContactJoined)) == 1
    both = desk.get(case_of(first)).text
    assert both.count('id="contact-') == 2
    assert FI("history.joined") in both
    assert desk.post(f"{path}/part", {"reason": "mistake"}).status_code == 303
    assert [told.reason.value for told in town.told(ContactParted)] == ["mistake"]
    assert desk.get(path).text.count('id="contact-') == 1
    assert desk.post(f"{path}/join", {"case": other}).status_code == 303


def test_a_second_part_says_there_is_nothing_to_undo(town: Town, desk: Browser) -> None:
    path = case_of(town.comes_in())
    desk.get(path)
    response = desk.post(f"{path}/part", {"reason": "mistake"})
    assert (response.status_code, FI.refusal("not-joined") in response.text) == (409, True)


def test_a_case_that_is_not_there_cannot_be_joined(town: Town, desk: Browser) -> None:
    path = case_of(town.comes_in())
    desk.get(path)
    response = desk.post(f"{path}/join", {"case": str(uuid4())})
    assert (response.status_code, FI.refusal("unknown-case") in response.text) == (404, True)


def test_joining_to_nothing_is_told_at_its_field(town: Town, desk: Browser) -> None:
    town.comes_in()
    path = case_of(another_comes(town))
    desk.get(path)
    response = desk.post(f"{path}/join", {})
    assert response.status_code == 422
    assert f'<a href="#case">{FI("cases.pick")}</a>' in response.text


@pytest.mark.parametrize("act", ["part", "correct"])
def test_a_reason_of_ones_own_is_refused(town: Town, desk: Browser, act: str) -> None:
    path = case_of(town.comes_in())
    desk.get(path)
    assert desk.post(f"{path}/{act}", {"reason": "client_wish"}).status_code == 422


def test_a_therapist_of_another_county_finds_nothing(town: Town) -> None:
    path = case_of(town.comes_in())
    elsewhere = town.therapist("18")
    assert elsewhere.get(path).status_code == 404
    assert "Polvi" not in elsewhere.get("/fi/desk/cases").text


def test_a_resident_sees_no_case(town: Town) -> None:
    contact = town.comes_in()
    assert town.resident.get(case_of(contact)).status_code in (303, 401)
