"""Somebody acts for a child or an adult, or needs an interpreter: the whole unit, before the real pages."""

from __future__ import annotations

import re
from typing import Any

import pytest

from contracts.base import Language
from contracts.intake import ContactRouted, Route, RouteReason
from contracts.portal import ContactOpened, IdentityVerified, InterpreterLanguage, OnBehalf
from services.portal.language import words
from tests.services.portal.test_api import Caller
from tests.services.portal.test_sent import comes, is_sent
from tests.services.portal.town import Town, filled

FI = words(Language.FI)
QUESTIONS, IN_SOITE = "/fi/kysely?kunta=285&vaiva=knee", "/fi/kysely?kunta=272&vaiva=knee"
WORDS = {"child": "Asioi lapsen puolesta", "adult": "Asioi toisen aikuisen puolesta"}


def test_who_comes_for_themselves_reads_one_line_more_and_needs_no_answer(town: Town) -> None:
    page = town.resident.get(QUESTIONS).text
    assert '<details class="field">' in page
    assert FI("needs.title") in page
    town.comes_in()
    [opened] = town.told(ContactOpened)
    assert (opened.on_behalf, opened.interpreter) == (None, None)


@pytest.mark.parametrize("whose", list(OnBehalf))
def test_for_whom_somebody_acts_and_which_interpreter_they_need_is_told_and_routed(town: Town, whose: OnBehalf) -> None:
    town.comes_in(puolesta=whose.value, tulkki="ar")
    [opened], [routed] = town.told(ContactOpened), town.told(ContactRouted)
    needs = (whose, InterpreterLanguage.ARABIC)
    assert (opened.on_behalf, opened.interpreter) == (routed.on_behalf, routed.interpreter) == needs


def test_the_age_that_is_asked_is_the_clients_and_what_was_picked_stays(town: Town) -> None:
    town.resident.get(QUESTIONS)
    page = town.resident.post(QUESTIONS, {"puolesta": "child", "tulkki": "ru"}).text
    assert FI("questions.age_of_client") in page
    assert '<details class="field" open>' in page
    assert re.search(r'name="puolesta" value="child"[^>]* checked', page)
    assert '<option value="ru" selected>' in page


@pytest.mark.parametrize(("age", "declined"), [("under_16", True), ("16_17", False)])
def test_a_child_acted_for_is_taken_from_the_countys_age_on(town: Town, age: str, declined: bool) -> None:
    """16 in Kymenlaakso, and it is the child's age (rule 2)."""
    case = town.comes_in(puolesta="child", age=age)
    assert ("16 vuotta täyttäneille" in town.resident.get(case).text) is declined


def test_what_a_county_does_not_offer_is_not_on_the_page_and_declined_from_elsewhere(town: Town) -> None:
    """Soite takes nobody under 18, so nobody acts for a child there."""
    page = town.resident.get(IN_SOITE).text
    assert 'value="adult"' in page
    assert 'value="child"' not in page
    case = _opened_by_api(town, municipality="272", on_behalf="child")
    assert (case["stage"], case["contact"]["declined"]) == ("declined", "acting_for")


@pytest.mark.parametrize("field", ["puolesta", "tulkki"])
def test_what_nobody_offered_is_refused_with_a_sentence(town: Town, field: str) -> None:
    town.resident.get(QUESTIONS)
    response = town.resident.post(QUESTIONS, filled(town.resident.page) | {field: "klingon"})
    assert response.status_code == 422
    assert FI("error.pick") in response.text
    assert town.told(ContactOpened) == []


def test_the_api_takes_both_and_refuses_a_language_it_does_not_know(town: Town) -> None:
    assert _opened_by_api(town, on_behalf="adult", interpreter="so")["contact"]["interpreter"] == "so"
    assert Caller(town).comes_in(interpreter="xx").status_code == 422


def _opened_by_api(town: Town, **over: Any) -> dict[str, Any]:
    caller = Caller(town)
    assert caller.comes_in(**over).status_code == 201
    state: dict[str, Any] = caller.get().json()
    return state


# At the desk


@pytest.mark.parametrize("whose", list(OnBehalf))
def test_staff_read_it_first_of_all_wherever_they_meet_the_person(town: Town, whose: OnBehalf) -> None:
    case = town.comes_in(puolesta=whose.value, tulkki="so")
    desk, contact = town.therapist(), case.rpartition("/")[2]
    pages = [desk.get(path).text for path in ("/fi/desk", f"/fi/desk/cases/{contact}")]
    found = re.search(r'name="conversation_id" value="([^"]+)"', pages[0])
    assert found
    desk.get("/fi/desk")
    desk.post(f"/fi/desk/conversation/{contact}/accept", {"conversation_id": found[1]})
    pages += [desk.get(path).text for path in ("/fi/desk", f"/fi/desk/conversation/{contact}")]
    for page in pages:
        assert WORDS[whose] in page
        assert "Tulkki tarvitaan: somali" in page


def test_who_has_to_be_called_is_shown_with_it_as_well(closed_town: Town) -> None:
    closed_town.clock.set(closed_town.clock().replace(hour=18))
    case = closed_town.comes_in(puolesta="adult", tulkki="fse")
    closed_town.resident.get(case)
    left = {"phone": "040 1234567", "words": "Äidin polvi.", "kind": "advice"}
    assert closed_town.resident.post(f"{case}/callback", left).status_code == 303
    page = closed_town.therapist().get("/fi/desk/callbacks").text
    assert WORDS["adult"] in page
    assert "Tulkki tarvitaan: suomalainen viittomakieli" in page


# Who acts for somebody is not the client


def test_they_are_not_asked_to_identify_and_cannot(town: Town) -> None:
    case, desk, talk = _acting(town)
    page = desk.get(talk).text
    assert FI("needs.desk.no_identity") in page
    assert "/identify" not in page
    refused = desk.post(f"{talk}/identify")
    assert refused.status_code == 409
    assert FI("refusal.acting-for") in refused.text
    identifying = town.resident.get(f"{case}/tunnistaudu")
    assert identifying.status_code == 409
    assert FI("refusal.acting-for") in identifying.text
    assert town.told(IdentityVerified) == []


def test_the_page_of_the_matter_says_who_can_book(town: Town) -> None:
    case, _, _ = _acting(town)
    assert FI("case.acting_for") in town.resident.get(case).text


def test_by_the_booking_door_they_come_to_a_talk(town: Town) -> None:
    asked = "/fi/kysely?kunta=285&vaiva=knee&tapa=booking"
    town.resident.get(asked)
    town.resident.post(asked, filled(town.resident.page) | {"puolesta": "adult"})
    [routed] = town.told(ContactRouted)
    assert (routed.route, RouteReason.ACTING_FOR in routed.reasons) == (Route.CHAT, True)


def test_their_own_referral_is_not_shown_in_the_matter_of_somebody_else(town: Town) -> None:
    view = is_sent(town)
    assert comes(town) == f"/fi/asia/{view.contact_id}"
    link = f'href="/fi/asia/{view.contact_id}"'
    assert link in town.resident.get(town.comes_in()).text
    assert link not in town.resident.get(town.comes_in(puolesta="adult")).text


def _acting(town: Town) -> tuple[str, Any, str]:
    case = town.comes_in(puolesta="child")
    desk, talk = town.therapist(), "/fi/desk/conversation/" + case.rpartition("/")[2]
    found = re.search(r'name="conversation_id" value="([^"]+)"', desk.get("/fi/desk").text)
    assert found
    assert desk.post(f"{talk}/accept", {"conversation_id": found[1]}).status_code == 303
    town.resident.get(case)
    desk.get(talk)
    return case, desk, talk
