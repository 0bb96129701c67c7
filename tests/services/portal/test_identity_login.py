"""Residents identify and staff log in: the whole way to the stand-in provider and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from joserfc.jwk import KeySet, RSAKey

from contracts.base import Language
from contracts.intake import ContactState
from contracts.portal import AssuranceLevel, IdentityVerified
from services.portal import sessions
from services.portal.practice.people import residents, staff
from tests.services.portal.identity_world import IDP, World, code_of, query, saying

AGES = (17, 34, 52, 71, 80, 46, 45)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.unit.close()


def test_an_identified_resident_is_told_for_the_contact(world: World) -> None:
    contact = world.has_a_contact(area="18", municipality="272")
    world.identifies(contact)
    (verified,) = world.told
    assert isinstance(verified, IdentityVerified)
    assert (verified.contact_id, verified.area, verified.municipality) == (contact, "18", "272")


@pytest.mark.parametrize(("age", "level"), [(34, AssuranceLevel.SUBSTANTIAL), (52, AssuranceLevel.HIGH)])
def test_the_level_of_assurance_travels_along(world: World, age: int, level: AssuranceLevel) -> None:
    world.identifies(world.has_a_contact(), world.resident(age))
    assert world.told[0].assurance == level


def test_the_person_travels_sealed_for_the_vault_alone(world: World) -> None:
    world.identifies(world.has_a_contact(), world.resident(34))
    assert world.intake.unseal(world.told[0].person) == {
        "personal_identity_code": world.resident(34).claims["urn:oid:1.2.246.21"],
        "family_name": "Näyte",
        "given_names": "Noora",
        "birth_date": "1992-01-01",
        "non_disclosure": False,
    }


def test_that_somebody_is_under_non_disclosure_travels_sealed_with_them(world: World) -> None:
    """Rule 9."""
    world.identifies(world.has_a_contact(), world.resident(46))
    assert world.intake.unseal(world.told[0].person)["non_disclosure"] is True
    assert world.told[0].municipality == "000"


@pytest.mark.parametrize("language", list(Language))
def test_an_identified_resident_is_back_on_the_case_page_in_the_same_language(world: World, language: Language) -> None:
    contact = world.has_a_contact()
    back = world.browser.get(world.chooses(world.departs(contact, language), world.resident()))
    assert (back.status_code, back.headers["location"]) == (303, f"/{language}/asia/{contact}")


@pytest.mark.parametrize("age", AGES)
def test_every_test_person_passes(world: World, age: int) -> None:
    assert world.identifies(world.has_a_contact(), world.resident(age)).status_code == 303


def test_the_session_has_another_secret_after_the_login(world: World) -> None:
    contact = world.has_a_contact()
    former = world.browser.cookies["digi-visitor"]
    world.identifies(contact)
    renewed = world.browser.cookies["digi-visitor"]
    found = [world.do(lambda tx, secret=secret: sessions.find_visitor(tx, secret)) for secret in (former, renewed)]
    assert (found[0], found[1] and found[1].contacts) == (None, {contact})


def test_an_identified_contact_is_not_sent_out_again(world: World) -> None:
    contact = world.has_a_contact(identified=True)
    assert world.departs(contact).headers["location"] == f"/fi/asia/{contact}"


def test_a_declined_contact_is_not_sent_out(world: World) -> None:
    contact_id = world.has_a_contact(state="declined", route=None, declined="too_young")
    assert code_of(world.departs(contact_id)) == "identity-not-needed"


def test_a_contact_declined_meanwhile_is_not_told_as_identified(world: World) -> None:
    contact_id = world.has_a_contact()
    back = world.way_back(contact_id)
    world.contacts[contact_id] = world.contacts[contact_id].model_copy(update={"state": ContactState.DECLINED})
    assert (code_of(world.browser.get(back)), world.told) == ("identity-not-needed", [])


def test_another_residents_contact_cannot_be_identified_for(world: World) -> None:
    others = world.has_a_contact()
    world.has_a_contact()
    assert code_of(world.departs(others)) == "unknown-contact"


def test_nobody_identifies_without_a_session(world: World) -> None:
    contact = world.has_a_contact()
    world.browser.cookies.clear()
    assert code_of(world.departs(contact)) == "session-expired"


def test_the_request_goes_out_signed_with_nothing_of_it_in_clear(world: World) -> None:
    """Source: Traficom recommendation 213/2023; RFC 9101."""
    departure = world.departs(world.has_a_contact()).headers["location"]
    assert set(query(departure)) == {"client_id", "response_type", "scope", "request"}


def test_a_practice_browser_stays_under_the_name_it_came_by(world: World) -> None:
    """A session at localhost is none at 127.0.0.1: no redirect of the stand-in may change the host."""
    departure = world.departs(world.has_a_contact())
    back = world.chooses(departure, world.resident())
    assert (departure.headers["location"][0], back[0]) == ("/", "/")


def test_two_tabs_may_both_be_on_their_way(world: World) -> None:
    contact = world.has_a_contact()
    first = world.way_back(contact)
    second = world.way_back(contact)
    answers = [world.browser.get(first), world.browser.get(second)]
    assert [one.status_code for one in answers] == [303, 303]


def test_whoever_cancels_is_told_so(world: World) -> None:
    back = world.chooses(world.departs(world.has_a_contact()), None)
    assert code_of(world.browser.get(back)) == "identity-cancelled"


def test_rsa_keys_of_a_real_broker_serve_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RS256 signatures and RSA-OAEP-256 with A256GCM. Source: domain.md section 2."""
    file = tmp_path / "keys.jwks"
    keys = KeySet([RSAKey.generate_key(2048, {"use": use}, auto_kid=True) for use in ("sig", "enc")])
    file.write_text(json.dumps(keys.as_dict(private=True)))
    monkeypatch.setenv("PORTAL_OIDC_KEY_FILE", str(file))
    world = World(tmp_path / "data")
    assert world.identifies(world.has_a_contact()).status_code == 303
    world.unit.close()


def test_plain_request_and_token_serve_where_so_agreed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_OIDC_SIGNED_REQUEST", "false")
    monkeypatch.setenv("PORTAL_OIDC_ENCRYPTED", "false")
    world = World(tmp_path)
    assert world.identifies(world.has_a_contact()).status_code == 303
    world.unit.close()


def test_the_provider_is_told_the_services_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_STAFF_OIDC_SERVICE_NAME", "Digiterapia")
    world = World(tmp_path)
    assert query(world.browser.get("/desk/login").headers["location"])["ftn_spname"] == "Digiterapia"
    world.unit.close()


def test_only_public_keys_are_published(world: World) -> None:
    keys = world.browser.get("/identity/jwks.json").json()["keys"]
    assert [(key["use"], "d" in key) for key in keys] == [("sig", False), ("enc", False)]


@pytest.mark.parametrize(("language", "title"), [("fi", "Harjoitus"), ("sv", "Övnings"), ("en", "Practice")])
def test_the_providers_page_speaks_the_residents_language(world: World, language: str, title: str) -> None:
    page = world.browser.get(world.departs(world.has_a_contact(), language).headers["location"])
    assert (f'<html lang="{language}">' in page.text, f"<h1>{title}" in page.text) == (True, True)


def test_the_providers_page_shows_the_residents_and_their_ages(world: World) -> None:
    page = world.browser.get(world.departs(world.has_a_contact(), "en").headers["location"]).text
    assert all(f"{one.shown}, {one.age} years" in page for one in residents(date(2026, 11, 24)))


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 12, 31), date(2031, 6, 1)])
def test_test_persons_keep_their_ages_over_the_years(day: date) -> None:
    births = [date.fromisoformat(one.claims["urn:oid:1.3.6.1.5.5.7.9.1"]) for one in residents(day)]
    assert [day.year - born.year - ((day.month, day.day) < (born.month, born.day)) for born in births] == list(AGES)


def test_staff_are_three_invented_therapists_and_an_assistant() -> None:
    assert [(one.shown, one.claims["profession"], one.claims["areas"]) for one in staff()] == [
        ("Aino", "physiotherapist", ["10", "18"]),
        ("Matti", "physiotherapist", ["10"]),
        ("Linnea", "physiotherapist", ["18"]),
        ("Sanna", "assistant", ["10", "18"]),
    ]


# Staff


def test_a_therapist_lands_on_the_desk(world: World) -> None:
    assert world.logs_in().headers["location"] == "/desk"


def test_a_therapist_is_who_the_directory_says(world: World) -> None:
    world.logs_in("Matti")
    viewer = world.do(lambda tx: sessions.find_staff(tx, world.browser.cookies["digi-staff"])).viewer
    assert (viewer.id, viewer.name, viewer.areas) == (UUID(world.therapist("Matti").key), "Matti", {"10"})


def test_a_login_at_the_desk_says_nothing_of_a_resident(world: World) -> None:
    world.logs_in()
    assert world.told == []


def test_a_new_login_ends_the_browsers_former_one(world: World) -> None:
    world.logs_in("Aino")
    former = world.browser.cookies["digi-staff"]
    world.logs_in("Matti")
    assert world.do(lambda tx: sessions.find_staff(tx, former)) is None


def test_logging_out_ends_the_session(world: World) -> None:
    world.logs_in()
    secret = world.browser.cookies["digi-staff"]
    staff = world.do(lambda tx: sessions.find_staff(tx, secret))
    world.browser.post("/desk/logout", {"csrf": staff.csrf})
    assert world.do(lambda tx: sessions.find_staff(tx, secret)) is None


def test_nobody_is_logged_out_by_another_site(world: World) -> None:
    world.logs_in()
    assert code_of(world.browser.post("/desk/logout", {"csrf": ""})) == "form-expired"


def test_the_session_of_staff_lasts_a_working_day(world: World) -> None:
    response = world.logs_in()
    world.later(timedelta(hours=9))
    secret = world.browser.cookies.get("digi-staff") or response.cookies["digi-staff"]
    assert world.do(lambda tx: sessions.find_staff(tx, secret)) is None


@pytest.mark.parametrize(
    "over",
    [{"areas": ["99"]}, {"areas": None}, {"therapist_id": "aino"}, {"name": None}],
    ids=["another county", "no county", "no id", "no name"],
)
def test_who_is_no_staff_of_this_unit_does_not_get_in(tmp_path: Path, over: dict[str, object]) -> None:
    world = World(tmp_path, saying(**over))
    assert code_of(world.logs_in()) == "identity-not-staff"
    world.unit.close()


def test_the_subject_serves_as_id_where_the_directory_has_no_other(tmp_path: Path) -> None:
    world = World(tmp_path, saying(therapist_id=None))
    assert world.logs_in().status_code == 303
    world.unit.close()


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(world: World) -> None:
    response = world.logs_in()
    cookie = next(one for one in response.headers.get_list("set-cookie") if one.startswith("digi-staff="))
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))


def test_the_provider_is_found_where_it_says(world: World) -> None:
    assert world.browser.get(f"{IDP}/.well-known/openid-configuration").json()["issuer"] == IDP
