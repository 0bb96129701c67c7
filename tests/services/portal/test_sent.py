"""The way in for whom a professional has sent: they identify, find what waits for them, and choose a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from contracts.closings import Door
from contracts.intake import GetContact
from contracts.portal import AssuranceLevel, IdentityVerified, Origin
from contracts.referrals import ReferralStatus, ReferralStatusChanged, ReferralStatusView
from contracts.scheduling import VisitBooked
from services.portal.identity.domain import Person
from services.portal.identity.routes import _waiting
from services.portal.language import LANGUAGES, words
from services.portal.practice.people import residents
from tests.factories import staff, visit_completed
from tests.services.intake.referrals.sending import sent
from tests.services.portal.test_booking_door import comes_to_book, hidden, publishes
from tests.services.portal.test_doors import closes
from tests.services.portal.town import Browser, Town

FI = words(LANGUAGES[0])


def code_of(town: Town, age: int = 52) -> str:
    """The personal identity code of the test person of an age."""
    person = next(one for one in residents(town.clock().date()) if one.age == age)
    return str(person.claims["urn:oid:1.2.246.21"])


def is_sent(town: Town, age: int = 52, **over: Any) -> ReferralStatusView:
    """A professional has sent the test person of an age."""
    ask = sent(**{"personal_identity_code": code_of(town, age), "reason": "joint", "code": None} | over)
    view = town.units["intake"].asks(ask, viewer=staff())
    town.carry()
    assert isinstance(view, ReferralStatusView)
    return view


def comes(town: Town, age: int = 52, browser: Browser | None = None) -> str:
    """The test person comes by the way in for who was sent, and identifies; where they are led."""
    browser = browser or town.resident
    browser.get("/fi/lahete")
    leaving = browser.post("/fi/lahete").headers["location"]
    return str(browser.get(town.chooses(leaving, age, browser)).headers["location"])


def statuses(town: Town) -> list[ReferralStatus]:
    return [one.status for one in town.told(ReferralStatusChanged)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_front_page_leads_whom_a_professional_has_sent(town: Town, language: str) -> None:
    assert f'href="/{language}/lahete"' in town.resident.get(f"/{language}").text


def test_who_was_sent_identifies_chooses_a_time_and_the_sender_hears_of_it(town: Town) -> None:
    publishes(town)
    view = is_sent(town)
    case = comes(town)
    assert case == f"/fi/asia/{view.contact_id}"
    page = town.resident.get(case).text
    assert FI("reason.joint") in page
    town.resident.post(f"{case}/hold", {"slot_id": hidden(page, "slot_id")})
    page = town.resident.get(case).text
    assert town.resident.post(f"{case}/booking", {"hold_id": hidden(page, "hold_id")}).status_code == 303
    (booked,) = town.told(VisitBooked)
    assert (booked.contact_id, booked.origin) == (view.contact_id, Origin.REFERRAL)
    assert statuses(town) == [ReferralStatus.RECEIVED, ReferralStatus.BOOKED]


def test_the_contact_of_the_referral_is_identified(town: Town) -> None:
    """Rule 8."""
    view = is_sent(town)
    comes(town)
    (verified,) = town.told(IdentityVerified)
    assert (verified.contact_id, verified.area) == (view.contact_id, "10")
    assert town.units["intake"].asks(GetContact(contact_id=view.contact_id), viewer=staff()).identified


def test_whom_nobody_has_sent_is_told_so_and_nothing_of_them_is_told(town: Town) -> None:
    is_sent(town, 71)
    assert comes(town, 52) == "/fi/lahete?ei=1"
    assert FI("sent.none") in town.resident.get("/fi/lahete?ei=1").text
    assert town.told(IdentityVerified) == []


@pytest.mark.parametrize("over", [{"urgency": "urgent"}, {"red_flags_checked": False}])
def test_who_is_to_be_called_first_chooses_no_time(town: Town, over: dict[str, Any]) -> None:
    is_sent(town, **over)
    assert comes(town) == "/fi/lahete?ei=1"


def test_whom_nobody_can_call_while_booking_is_closed_leaves_a_message(town: Town) -> None:
    publishes(town)
    closes(town, Door.BOOKING)
    view = is_sent(town, phone=None)
    case = comes(town)
    assert case == f"/fi/asia/{view.contact_id}"
    page = town.resident.get(case).text
    assert FI("case.title.by_message") in page
    assert "slot_id" not in page


def test_who_has_a_time_finds_it_again_from_another_browser(town: Town) -> None:
    test_who_was_sent_identifies_chooses_a_time_and_the_sender_hears_of_it(town)
    browser = town.browser()
    case = comes(town, browser=browser)
    (booked,) = town.told(VisitBooked)
    assert case == f"/fi/asia/{booked.contact_id}"
    assert FI("step.booked") in browser.get(case).text


def test_who_was_met_finds_nothing_that_waits(town: Town) -> None:
    view = is_sent(town)
    town.units["intake"].hears(visit_completed(contact_id=view.contact_id))
    assert comes(town) == "/fi/lahete?ei=1"


def test_while_intake_is_away_nobody_is_told_that_nothing_waits(town: Town) -> None:
    is_sent(town)
    town.resident.get("/fi/lahete")
    leaving = town.resident.post("/fi/lahete").headers["location"]
    back = town.chooses(leaving, 52)
    town.away.add("intake")
    assert town.resident.get(back).status_code == 503


def test_who_came_by_another_door_finds_it_on_the_page_once_identified(town: Town) -> None:
    view = is_sent(town)
    case = comes_to_book(town)
    assert FI("sent.waits") not in town.resident.get(case).text
    town.identifies(case)
    page = town.resident.get(case).text
    assert FI("sent.waits") in page
    assert f'href="/fi/asia/{view.contact_id}"' in page
    assert town.resident.get(f"/fi/asia/{view.contact_id}").status_code == 200
    assert {one.contact_id for one in town.told(IdentityVerified)} == {UUID(case.rpartition("/")[2]), view.contact_id}


def test_another_person_finds_nothing(town: Town) -> None:
    view = is_sent(town, 71)
    case = comes_to_book(town)
    town.identifies(case, 52)
    assert FI("sent.waits") not in town.resident.get(case).text
    assert town.resident.get(f"/fi/asia/{view.contact_id}").status_code == 404


def test_for_a_person_without_a_code_nothing_is_looked_for(town: Town) -> None:
    """Rule 7: name and birth date are no ground."""
    is_sent(town)
    with_code = Person(code_of(town), "Koe", "Kalle", date(1974, 1, 1), AssuranceLevel.HIGH)
    for person, found in ((with_code, 1), (replace(with_code, personal_identity_code=None), 0)):
        assert len(asyncio.run(_waiting(town.edge, person, needed=True))) == found


def test_two_at_one_browser_see_nothing_of_each_other(town: Town) -> None:
    first, second = is_sent(town, 52), is_sent(town, 71)
    comes(town, 52)
    assert comes(town, 71) == f"/fi/asia/{second.contact_id}"
    assert town.resident.get(f"/fi/asia/{first.contact_id}").status_code == 404


def test_who_identifies_at_another_computer_takes_it_along(town: Town) -> None:
    view = is_sent(town)
    comes(town)
    elsewhere = town.browser()
    assert comes(town, browser=elsewhere) == f"/fi/asia/{view.contact_id}"
    assert elsewhere.get(f"/fi/asia/{view.contact_id}").status_code == 200
    assert town.resident.get(f"/fi/asia/{view.contact_id}").status_code == 404


def test_two_referrals_of_one_person_are_both_found(town: Town) -> None:
    older, newer = is_sent(town), is_sent(town, reason="back")
    assert comes(town) in {f"/fi/asia/{one.contact_id}" for one in (older, newer)}
    for one in (older, newer):
        assert town.resident.get(f"/fi/asia/{one.contact_id}").status_code == 200


def test_a_look_for_what_waits_is_on_record(town: Town) -> None:
    """Rule 32."""
    view = is_sent(town)
    comes(town)
    rows = town.units["intake"].audited
    kept = [row for row in rows if row.whom == view.contact_id and row.action == "read"]
    assert kept
