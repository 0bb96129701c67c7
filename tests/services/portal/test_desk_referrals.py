"""A professional at the desk sends a person, and sees what has become of those sent."""

from __future__ import annotations

import re
from html import unescape

import pytest

from contracts.base import Language
from contracts.closings import Door
from contracts.referrals import ReferralReceived, ReferralStatusChanged
from tests.factories import visit_booked
from tests.services.intake.builders import CODE, code
from tests.services.portal.test_doors import closes
from tests.services.portal.town import Browser, Town

NEW = "/fi/desk/referrals/new"
TEXT = "Kipu alkoi marraskuussa & jatkuu."


def filled(**over: str) -> dict[str, str]:
    return {
        "kind": "referral",
        "person": CODE,
        "given_names": "Testi Maria",
        "family_name": "Esimerkki-Virtanen",
        "municipality": "285",
        "phone": "040 1234567",
        "language": "sv",
        "reason": "back",
        "code": "l03",
        "checked": "yes",
        "urgency": "routine",
        "text": TEXT,
        "unit": "Kotkan terveysasema",
        "role": "lääkäri",
    } | over


@pytest.fixture
def desk(town: Town) -> Browser:
    browser = town.therapist()
    browser.get(NEW)
    return browser


def errors(desk: Browser) -> list[str]:
    return re.findall(r'id="(\w+)-error"', desk.page)


def said(desk: Browser) -> list[str]:
    """What stands beside the fields that are wrong."""
    return re.findall(r'-error">(?:<span[^>]*>[^<]*</span>)?([^<]+)<', desk.page)


def test_a_professional_sends_a_person_and_sees_where_they_go(town: Town, desk: Browser) -> None:
    response = desk.post(NEW, filled())
    assert response.status_code == 303
    [received] = town.told(ReferralReceived)
    assert (received.reason, received.code, received.language) == ("back", "L03", Language.SV)
    assert response.headers["location"] == f"/fi/desk/referrals/{received.referral_id}"
    desk.get(response.headers["location"])
    for shown in (
        "Testi Maria Esimerkki-Virtanen",
        "Kotkan terveysasema",
        "Vastaanotettu",
        "marraskuussa &amp; jatkuu",
    ):
        assert shown in desk.page
    assert "Henkilö voi valita etäajan itse" in desk.page


def test_a_professional_says_that_the_person_is_under_non_disclosure(town: Town, desk: Browser) -> None:
    """Rule 9: place, phone and the unit that sent them are on no page until somebody asks."""
    response = desk.post(NEW, filled() | {"non_disclosure": "yes"})
    for path in (response.headers["location"], "/fi/desk/referrals"):
        page = desk.get(path).text
        assert "urvakielto" in page
        assert "Kotka" not in page
        assert "tel:" not in page
    [received] = town.told(ReferralReceived)
    assert (received.municipality, received.site) == ("000", "000")
    assert "Kotkan terveysasema" in desk.get(f"/fi/desk/contact/{received.contact_id}").text


def test_the_list_says_what_has_become_of_each(town: Town, desk: Browser) -> None:
    desk.post(NEW, filled())
    [received] = town.told(ReferralReceived)
    town.units["intake"].hears(visit_booked(contact_id=received.contact_id))
    desk.get("/fi/desk/referrals")
    assert "Aika varattu" in desk.page
    assert f'href="/fi/desk/referrals/{received.referral_id}"' in desk.page


def test_the_same_form_sent_twice_is_one_referral(town: Town, desk: Browser) -> None:
    form = desk.page
    for _ in range(2):
        desk.page = form
        assert desk.post(NEW, filled()).status_code == 303
    assert len(town.told(ReferralReceived)) == 1


def test_who_is_to_be_called_is_on_the_list_of_calls(desk: Browser) -> None:
    desk.post(NEW, filled(urgency="urgent"))
    desk.get("/fi/desk/callbacks")
    assert "040 1234567" in desk.page
    assert "marraskuussa" in desk.page


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"person": "210281-9989"}, "person"),
        ({"person": "２１０２８１-9988"}, "person"),
        ({"person": ""}, "person"),
        ({"person": code("251126A901")}, "person"),
        ({"family_name": " "}, "family_name"),
        ({"given_names": "a" * 201}, "given_names"),
        ({"municipality": ""}, "municipality"),
        ({"municipality": "999"}, "municipality"),
        ({"municipality": "272"}, "municipality"),
        ({"phone": "0600 12345"}, "phone"),
        ({"phone": "", "urgency": "urgent"}, "phone"),
        ({"phone": "", "checked": "no"}, "phone"),
        ({"language": "de"}, "language"),
        ({"reason": "tooth"}, "reason"),
        ({"code": "K40"}, "code"),
        ({"checked": ""}, "checked"),
        ({"urgency": ""}, "urgency"),
        ({"kind": ""}, "kind"),
        ({"text": "a" * 2001}, "text"),
        ({"unit": ""}, "unit"),
        ({"role": ""}, "role"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_sent(
    town: Town, desk: Browser, over: dict[str, str], field: str
) -> None:
    assert desk.post(NEW, filled(**over)).status_code == 422
    assert errors(desk) == [field]
    assert town.told(ReferralReceived) == []


WRONG = {"person": "210281-9989", "municipality": "", "phone": "12", "code": "K40", "urgency": "", "unit": ""}
TO_A_RESIDENT = re.compile(r"\b(?:asut|sinu\w*|\w+(?:numero|asemaa)si|du|dig|ditt?|you|your)\b", re.IGNORECASE)


@pytest.mark.parametrize("language", list(Language))
def test_everything_that_is_wrong_is_said_at_once_to_the_professional(desk: Browser, language: Language) -> None:
    address = f"/{language}/desk/referrals/new"
    desk.get(address)
    desk.post(address, filled(**WRONG))
    assert errors(desk) == re.findall(r'<li><a href="#(\w+)">', desk.page) == list(WRONG)
    assert [text for text in said(desk) if TO_A_RESIDENT.search(text)] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"person": code("251110A901"), "phone": "", "checked": "no", "unit": ""},
        {"person": code("251110A901"), "phone": "", "urgency": "urgent", "role": ""},
    ],
)
def test_what_speaks_against_the_person_is_said_with_all_the_rest(desk: Browser, wrong: dict[str, str]) -> None:
    """Rule 2."""
    desk.post(NEW, filled(**wrong))
    assert set(errors(desk)) == set(wrong) - {"checked", "urgency"}


def test_nothing_that_was_typed_is_lost(desk: Browser) -> None:
    typed = filled(**WRONG) | {"non_disclosure": "yes"}
    desk.post(NEW, typed)
    shown = dict(re.findall(r'name="(\w+)" id="\w+" value="([^"]*)"', desk.page))
    shown |= dict(re.findall(r'name="(\w+)" value="([^"]*)" id="[^"]+" checked', desk.page))
    shown |= dict(re.findall(r'name="(text)"[^>]*>([^<]*)<', desk.page))
    assert {name: unescape(value) for name, value in shown.items() if name in typed} == {
        name: value for name, value in typed.items() if name not in ("municipality", "urgency")
    }


def test_what_was_typed_is_still_there(desk: Browser) -> None:
    desk.post(NEW, filled(code="K40"))
    assert 'value="Testi Maria"' in desk.page
    assert re.search(r'value="urgent" id="urgency-urgent">', desk.page)
    assert re.search(r'value="routine" id="urgency" checked>', desk.page)


@pytest.mark.parametrize(
    ("language", "place"),
    [
        ("fi", "kouluterveydenhuoltoon|koulu- tai opiskeluterveydenhuoltoon"),
        ("sv", "skol- eller studerandehälsovården"),
        ("en", "school or student health care"),
    ],
)
def test_a_referral_for_a_child_of_15_says_which_place_helps(
    town: Town, desk: Browser, language: str, place: str
) -> None:
    """Rule 2."""
    address = f"/{language}/desk/referrals/new"
    desk.get(address)
    desk.post(address, filled(person=code("251110A901")))
    assert errors(desk) == ["person"]
    assert re.search(place, desk.page)
    assert [text for text in said(desk) if TO_A_RESIDENT.search(text)] == []
    assert town.told(ReferralReceived) == []


def test_a_professional_of_another_county_sees_no_referral_of_this_one(town: Town, desk: Browser) -> None:
    to = desk.post(NEW, filled()).headers["location"]
    elsewhere = town.therapist("18")
    assert elsewhere.get(to).status_code == 404
    elsewhere.get("/fi/desk/referrals")
    assert "Esimerkki-Virtanen" not in elsewhere.page


@pytest.mark.parametrize("path", ["", "/new"])
@pytest.mark.parametrize("language", list(Language))
def test_the_pages_are_there_in_every_language(town: Town, language: Language, path: str) -> None:
    assert town.therapist().get(f"/{language}/desk/referrals{path}").status_code == 200


@pytest.mark.parametrize("path", ["", "/new", "/c1a4d6f2-8f0b-4b7e-9c55-6d1e0a2b3c71"])
def test_they_are_not_for_strangers(town: Town, path: str) -> None:
    assert town.browser().get(f"/fi/desk/referrals{path}").headers["location"] == "/desk/login"


def test_a_therapist_gives_a_referral_back_and_the_page_says_why(town: Town, desk: Browser) -> None:
    at = desk.post(NEW, filled()).headers["location"]
    desk.get(at)
    assert desk.post(f"{at}/return", {"returned": "not_for_unit"}).headers["location"] == at
    page = desk.get(at).text
    assert "Asia ei kuulu yksikölle" in page
    assert f"{at}/return" not in page
    assert [one.status for one in town.told(ReferralStatusChanged)] == ["received", "declined"]


def test_giving_back_needs_a_reason(desk: Browser) -> None:
    at = desk.post(NEW, filled()).headers["location"]
    desk.get(at)
    assert desk.post(f"{at}/return", {"returned": "whatever"}).status_code == 422
    assert errors(desk) == ["returned"]


def test_a_closed_door_sends_nobody_and_says_what_the_person_can_do(town: Town, desk: Browser) -> None:
    closes(town, Door.REFERRAL)
    assert desk.post(NEW, filled()).status_code == 409
    assert "Ohjaa henkilö ottamaan yhteyttä itse" in desk.page
