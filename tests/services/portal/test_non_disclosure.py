"""Rule 9 through the whole unit: somebody under non-disclosure, before the real pages and the real services."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.tables import outbox
from contracts.base import Language
from contracts.callbacks import CallbackKept
from contracts.falls import FallRiskScreened
from contracts.non_disclosure import SetNonDisclosure
from contracts.portal import IdentityVerified
from contracts.scheduling import VisitBooked
from services.portal.language import words
from tests.factories import staff
from tests.services.portal.test_api import Caller
from tests.services.portal.test_falls import RAISED, identifies, screened
from tests.services.portal.town import Browser, Town, filled

FI = words(Language.FI)
PROTECTED = 46
"""The age of the test person under non-disclosure."""
PHONE, SHOWN = "+358401234567", "040 123 4567"
HOME = "Kouvola"
MARK = FI("needs.desk.non_disclosure")


@pytest.fixture
def desk(town: Town) -> Browser:
    return town.therapist()


def contact_of(case: str) -> str:
    return case.rpartition("/")[2]


def leaves_message(town: Town, case: str) -> None:
    """The person asks to be called."""
    town.resident.get(case)
    told = {"phone": PHONE, "words": "Polvi on kipeä.", "kind": "advice"}
    assert town.resident.post(f"{case}/callback", told).status_code == 303


def protected_caller(town: Town) -> str:
    """Somebody of Kouvola who wanted to book, is under non-disclosure and left a message instead."""
    asked = "/fi/kysely?kunta=286&vaiva=knee&tapa=booking"
    town.resident.get(asked)
    case: str = town.resident.post(asked, filled(town.resident.page)).headers["location"]
    assert town.identifies(case, PROTECTED).status_code == 303
    leaves_message(town, case)
    return case


def told_rows(town: Town) -> list[Any]:
    """Everything told so far, as it goes out on the bus."""
    return [
        row
        for unit in town.units.values()
        for row in unit.database.read(lambda session: session.connection().execute(outbox.select()).all())
    ]


def test_from_the_identification_on_no_event_of_theirs_names_a_place(town: Town) -> None:
    """Rule 9, of every service together: subjects, attributes and bodies."""
    case = town.comes_in(municipality="286")
    before = {row.event_id for row in told_rows(town)}
    town.identifies(case, PROTECTED)
    [verified] = town.told(IdentityVerified)
    assert verified.municipality == "000"
    later = [row for row in told_rows(town) if row.event_id not in before]
    assert len(later) > 1
    for row in later:
        assert ".286." not in row.subject
        assert "286" not in (json.loads(row.payload)["municipality"], json.loads(row.headers)["ce-municipality"])


def test_every_page_of_the_desk_shows_the_mark_and_neither_place_nor_number(town: Town, desk: Browser) -> None:
    """Rule 9: municipality, location, phone masked everywhere."""
    case = protected_caller(town)
    for path in ("callbacks", f"cases/{contact_of(case)}", "cases"):
        page = desk.get(f"/fi/desk/{path}").text
        assert MARK in page or FI("desk.non_disclosure") in page, path
        assert HOME not in page, path
        assert PHONE not in page, path
        assert SHOWN not in page, path


def test_in_the_chat_the_therapist_sees_the_mark_first(town: Town) -> None:
    case, desk, talk = town.in_conversation(municipality="286")
    assert HOME in desk.get(talk).text
    town.identifies(case, PROTECTED)
    for path in (talk, "/fi/desk"):
        page = desk.get(path).text
        assert MARK in page
        assert HOME not in page


def test_the_number_is_shown_on_request_without_a_script(town: Town, desk: Browser) -> None:
    case = protected_caller(town)
    address = f"/fi/desk/contact/{contact_of(case)}"
    assert address in desk.get("/fi/desk/callbacks").text
    page = desk.get(address).text
    assert f'href="tel:{PHONE}"' in page
    what = [row.what for name in ("chat", "intake") for row in town.units[name].audited]
    assert {"call number", "contact details"} <= set(what)


def test_the_persons_own_pages_say_nothing_of_it(town: Town) -> None:
    """Somebody may look over their shoulder: the page says that booking is closed, as it may be to anybody."""
    case = protected_caller(town)
    page = town.resident.get(case).text
    assert "urvakiel" not in page


def test_what_an_application_fetches_for_them_tells_no_place_of_anybody(town: Town) -> None:
    """A place that is gone one day would tell who looks on; so there is none on any day."""
    caller = Caller(town)
    assert caller.comes_in(municipality="286").status_code == 201
    before = caller.get().json()["contact"]
    ask = SetNonDisclosure(contact_id=UUID(before["contact_id"]), in_force=True)
    town.units["intake"].asks(ask, viewer=staff())
    town.carry()
    after = caller.get()
    assert after.status_code == 200
    assert after.json()["contact"] == before
    assert (before["municipality"], before["non_disclosure"]) == ("000", False)
    assert "286" not in (after.json()["conversation"] or {}).get("municipality", "")


def test_a_therapist_books_a_time_with_them_and_no_letter_goes_out(town: Town, desk: Browser) -> None:
    case = protected_caller(town)
    day = (town.clock() + timedelta(days=1)).date()
    desk.get("/fi/desk/calendar")
    form = {"on": day.isoformat(), "first": "09:00", "count": "2", "minutes": "45", "modality": "video", "area": "10"}
    assert desk.post("/fi/desk/calendar", form).status_code == 303, desk.page
    address = f"/fi/desk/contact/{contact_of(case)}"
    page = desk.get(address).text
    slot = page.partition('name="slot_id" value="')[2].partition('"')[0]
    assert desk.post(f"{address}/book", {"slot_id": slot}).status_code == 303
    [booked] = town.told(VisitBooked)
    assert (booked.recipient, booked.municipality) == (None, "000")
    assert FI("desk.booked") in desk.get(address).text
    assert FI("step.booked") in town.resident.get(case).text
    assert [str(one.contact_id) for one in town.told(CallbackKept)] == [contact_of(case)]
    assert FI("calls.none") in desk.get("/fi/desk/callbacks").text


def test_a_professional_marks_and_lifts_it(town: Town, desk: Browser) -> None:
    case = town.comes_in(municipality="286")
    address = f"/fi/desk/contact/{contact_of(case)}"
    assert FI("contact.set_hint") in desk.get(address).text
    assert desk.post(f"{address}/non-disclosure", {"in_force": "yes"}).status_code == 303
    assert MARK in desk.get(address).text
    assert HOME not in desk.get(f"/fi/desk/cases/{contact_of(case)}").text
    assert desk.post(f"{address}/non-disclosure", {"in_force": "no"}).status_code == 303
    assert MARK not in desk.get(address).text
    assert desk.post(f"{address}/non-disclosure", {"in_force": "maybe"}).status_code == 422


def test_another_countys_therapist_sees_nothing_there(town: Town) -> None:
    case = protected_caller(town)
    address = f"/fi/desk/contact/{contact_of(case)}"
    strange = town.therapist("18")
    response = strange.get(address)
    assert response.status_code == 404
    assert SHOWN not in response.text


def test_somebody_of_75_fills_in_the_fall_form_though_no_place_is_known(town: Town, desk: Browser) -> None:
    """Rules 9 and 24: the form needs a county, and theirs is known."""
    town.edge.areas._by_code["10"] = town.edge.areas.area("10").model_copy(update={"helpline": "0800123"})
    case = town.comes_in(municipality="286")
    identifies(town, case, "241151-951")
    address = f"/fi/desk/contact/{contact_of(case)}"
    desk.get(address)
    desk.post(f"{address}/non-disclosure", {"in_force": "yes"})
    found = re.search(r'href="/fi(/kaatumisseula/kysymykset[^"]+)"', town.resident.get(case).text)
    assert found
    assert "kunta" not in found[1]
    screened(town, RAISED, "/fi" + found[1].replace("&amp;", "&"))
    [screen] = town.told(FallRiskScreened)
    assert screen.municipality == "000"
    result = town.resident.get(f"/fi/kaatumisseula/{contact_of(case)}").text
    assert 'href="tel:0800123"' in result
    assert FI("desk.non_disclosure") in desk.get("/fi/desk/falls").text


def test_the_page_does_not_say_that_a_chat_is_closed_that_is_open(town: Town) -> None:
    """It is booking that is closed to them, and the page says no more than that."""
    asked = "/fi/kysely?kunta=286&vaiva=knee&tapa=booking"
    town.resident.get(asked)
    case = town.resident.post(asked, filled(town.resident.page)).headers["location"]
    town.identifies(case, PROTECTED)
    page = town.resident.get(case).text
    assert FI("case.title.by_message") in page
    assert FI("case.no_booking") in page
    assert FI("case.title.leave_message") not in page


def test_lifted_by_a_professional_they_may_be_offered_times_again(town: Town, desk: Browser) -> None:
    """Through the whole unit: the message they left stands, and a time is on offer by the page."""
    case, talking, talk = town.in_conversation(municipality="286")
    town.identifies(case, PROTECTED)
    address = f"/fi/desk/contact/{contact_of(case)}"
    desk.get(address)
    assert desk.post(f"{address}/non-disclosure", {"in_force": "no"}).status_code == 303
    assert FI("desk.offer") in talking.get(talk).text


def test_a_page_of_contact_details_without_the_chat_does_not_say_that_there_is_no_number(
    town: Town, desk: Browser
) -> None:
    case = protected_caller(town)
    town.away.add("chat")
    response = desk.get(f"/fi/desk/contact/{contact_of(case)}")
    assert response.status_code == 503
    assert FI("contact.none") not in response.text
