"""The door of electronic booking, page by page: questions, identification, a time of one's own choice."""

import html
import re

import pytest

from contracts.base import Language
from contracts.portal import ContactOpened, Origin
from contracts.scheduling import TimesOffered, VisitBooked, VisitCompleted
from services.portal.language import words
from services.scheduling.store import free_times
from tests.factories import identity_verified
from tests.services.portal.test_api import Caller
from tests.services.portal.test_pages import heading
from tests.services.portal.town import Town, filled

FI = words(Language.FI)
QUERY = "?kunta=285&vaiva=knee&tapa=booking"
TIMES = {"area": "10", "on": "2026-11-26", "first": "10:00", "count": "2", "minutes": "45", "modality": "video"}
PERSON = {
    "personal_identity_code": "210281-9988",
    "family_name": "Koe",
    "given_names": "Kalle",
    "birth_date": "1981-02-21",
}


def comes_to_book(town: Town, **answers: str) -> str:
    """Path of the case page of somebody who wants a time."""
    town.resident.get(f"/fi/kysely{QUERY}")
    response = town.resident.post(f"/fi/kysely{QUERY}", filled(town.resident.page) | answers)
    assert response.status_code == 303, response.text
    return response.headers["location"]


def identifies(town: Town, contact_id: str) -> None:
    verified = identity_verified(contact_id=contact_id, person=town.units["intake"].seal(PERSON))
    for unit in town.units.values():
        if type(verified) in unit.service.handlers:
            unit.hears(verified)
    town.carry()


def publishes(town: Town) -> None:
    desk = town.therapist()
    desk.get("/fi/desk/calendar")
    assert desk.post("/fi/desk/calendar", TIMES).status_code == 303


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, page
    return found[1]


@pytest.mark.parametrize("language", list(Language))
def test_the_front_page_offers_to_talk_and_to_book(town: Town, language: Language) -> None:
    page, t = town.resident.get(f"/{language}").text, words(language)
    assert t("front.way.chat") in page
    assert t("front.way.booking") in page
    assert 'name="tapa" value="chat" id="tapa" checked' in page


def test_the_booking_address_is_the_same_page_with_booking_picked(town: Town) -> None:
    assert 'value="booking" id="tapa-booking" checked' in town.resident.get("/fi/ajanvaraus").text


@pytest.mark.parametrize("path", ["turvallisuus", "hatatilanne"])
def test_the_way_in_keeps_the_door(town: Town, path: str) -> None:
    assert "&amp;tapa=booking" in town.resident.get(f"/fi/{path}{QUERY}").text


def test_who_comes_to_book_identifies_first(town: Town) -> None:
    """Rule 8."""
    publishes(town)
    page = town.resident.get(comes_to_book(town)).text
    [opened] = town.told(ContactOpened)
    assert opened.origin is Origin.BOOKING
    assert heading(page) == FI("case.title.booking")
    assert FI("identify.why_book") in page
    assert 'name="slot_id"' not in page


def test_who_has_identified_picks_and_books_without_being_offered(town: Town) -> None:
    """The origin travels to the completed visit."""
    publishes(town)
    case = comes_to_book(town)
    identifies(town, case.rpartition("/")[2])
    slot = hidden(town.resident.get(case).text, "slot_id")
    assert town.resident.post(f"{case}/hold", {"slot_id": slot}).status_code == 303
    hold = hidden(town.resident.get(case).text, "hold_id")
    assert town.resident.post(f"{case}/booking", {"hold_id": hold, "email": ""}).status_code == 303
    assert FI("step.booked") in town.resident.get(case).text
    [booked] = town.told(VisitBooked)
    assert (booked.origin, town.told(TimesOffered)) == (Origin.BOOKING, [])
    desk = town.therapist()
    desk.get("/fi/desk/calendar")
    page = html.unescape(desk.get("/fi/desk/calendar").text)
    assert "Kalle Koe" in page
    assert FI("desk.born", year=1981) in page
    assert desk.post(f"/fi/desk/visits/{booked.visit_id}/complete").status_code == 409
    assert town.told(VisitCompleted) == []
    desk.post(f"/fi/desk/visits/{booked.visit_id}/complete", {"held_early": "yes"})
    [completed] = town.told(VisitCompleted)
    assert completed.origin is Origin.BOOKING


def test_while_nobody_is_free_the_page_leads_to_a_talk(town: Town) -> None:
    case = comes_to_book(town)
    identifies(town, case.rpartition("/")[2])
    page = town.resident.get(case).text
    assert FI("times.none") in page
    assert 'href="/fi/turvallisuus?kunta=285&amp;vaiva=knee"' in page


def test_a_red_flag_goes_before_a_time(town: Town) -> None:
    publishes(town)
    page = town.resident.get(comes_to_book(town, q_joint_now="yes")).text
    assert heading(page) == FI("elsewhere.now")
    assert 'name="slot_id"' not in page


def test_a_front_end_books_by_the_same_rules(town: Town) -> None:
    """Rule 8."""
    publishes(town)
    caller = Caller(town)
    caller.comes_in(origin="booking")
    slot = str(town.units["scheduling"].transact(lambda tx: free_times(tx, "10"))[0].slot_id)
    assert caller.post("/hold", {"slot_id": slot}).json()["code"] == "identify-first"
    identifies(town, caller.contact)
    state = caller.get().json()
    assert (state["stage"], state["times"]["offered"]) == ("booking", True)
    hold = caller.post("/hold", {"slot_id": slot}).json()
    assert caller.post("/booking", {"hold_id": hold["hold_id"]}).json()["state"] == "booked"


@pytest.mark.parametrize("origin", ["omaolo", "referral"])
def test_the_other_doors_are_not_a_residents_to_name(town: Town, origin: str) -> None:
    assert Caller(town).comes_in(origin=origin).status_code == 422
