"""Closed doors: what residents are told, what staff do at the desk."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.calendar import HELSINKI
from contracts.areas import Area
from contracts.base import Language
from contracts.chat import ChannelView
from contracts.closings import CloseDoor, ClosingReason, Door, DoorClosed, DoorReopened, DoorView, GetDoors
from contracts.intake import ContactRouted, Route
from services.portal.doors import WAYS, notice
from services.portal.language import LANGUAGES, Words, words
from tests.factories import staff
from tests.services.portal.town import Browser, Town

FI = words(Language.FI)
TOMORROW = datetime(2026, 11, 25, 6, tzinfo=UTC)
"""A Wednesday, 8.00 in Helsinki."""
FORM = {"area": "10", "door": "chat", "reason": "staff_shortage", "on": "2026-11-25", "at": "08:00"}


def closes(town: Town, door: Door, until: datetime = TOMORROW, *, area: str = "10") -> None:
    ask = CloseDoor(area=area, door=door, reason=ClosingReason.STAFF_SHORTAGE, until=until)
    town.units["intake"].asks(ask, viewer=staff())


def at_the_doors(town: Town, *areas: str) -> Browser:
    desk = town.therapist(*areas)
    assert desk.get("/fi/desk/doors").status_code == 200
    return desk


def told(t: Words, door: Door, until: datetime = TOMORROW) -> list[str]:
    return [t(f"closed.door.{door}"), t("closed.reason.staff_shortage"), t("closed.opens", when=t.on_day_time(until))]


# Residents


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["", "/kysely?kunta=285&vaiva=knee"], ids=["front page", "questionnaire"])
@pytest.mark.parametrize("door", [Door.CHAT, Door.BOOKING, Door.MESSAGE, Door.OMAOLO])
def test_a_closed_door_says_why_until_when_and_what_to_do_instead(
    town: Town, language: Language, path: str, door: Door
) -> None:
    closes(town, door)
    t = words(language)
    page = town.resident.get(f"/{language}{path}").text
    assert [text for text in told(t, door) if text not in page] == []
    assert t(f"closed.instead.{'message' if door is Door.CHAT else 'chat'}") in page


def test_residents_are_not_told_of_a_door_for_professionals(town: Town) -> None:
    closes(town, Door.REFERRAL)
    assert FI("closed.reason.staff_shortage") not in town.resident.get("/fi").text


def test_the_front_page_says_that_a_closed_chat_is_closed(town: Town) -> None:
    closes(town, Door.CHAT)
    page = town.resident.get("/fi").text
    assert f"Kymenlaakson hyvinvointialue: {FI('front.now.closed')}" in page
    assert f"Keski-Pohjanmaan hyvinvointialue Soite: {FI('front.now.open')}" in page


def test_the_questionnaire_speaks_of_the_persons_own_county_alone(town: Town) -> None:
    closes(town, Door.CHAT, area="18")
    assert FI("closed.door.chat") not in town.resident.get("/fi/kysely?kunta=285&vaiva=knee").text


def test_nothing_is_said_while_everything_is_open(town: Town) -> None:
    assert "notice--closed" not in town.resident.get("/fi").text + town.resident.get("/fi/desk").text


def test_the_front_page_is_there_while_nobody_knows_which_doors_are_closed(town: Town) -> None:
    town.away.add("intake")
    assert town.resident.get("/fi").status_code == 200


def test_a_questionnaire_begun_before_the_closing_is_sent_after_it(town: Town) -> None:
    """Source: features.md section 2, UK triage."""
    town.resident.get("/fi/kysely?kunta=285&vaiva=knee")
    closes(town, Door.CHAT)
    case = town.comes_in()
    assert town.told(ContactRouted)[0].route is Route.CALLBACK
    page = town.resident.get(case).text
    assert [text for text in told(FI, Door.CHAT)[:2] if text not in page] == []
    assert FI("case.opens", when=FI.on_day_time(TOMORROW)) in page


def test_out_of_hours_a_case_page_does_not_speak_of_a_closing(closed_town: Town) -> None:
    closed_town.clock.set(datetime(2026, 11, 24, 18, tzinfo=UTC))
    page = closed_town.resident.get(closed_town.comes_in()).text
    assert FI("closed.door.chat") not in page
    assert FI("case.opens", when=FI.on_day_time(datetime(2026, 11, 25, 7, tzinfo=UTC))) in page


@pytest.mark.parametrize(
    ("until", "opens"),
    [
        (datetime(2026, 11, 25, 8, tzinfo=HELSINKI), datetime(2026, 11, 25, 9, tzinfo=HELSINKI)),
        (datetime(2026, 11, 25, 10, tzinfo=HELSINKI), datetime(2026, 11, 25, 10, tzinfo=HELSINKI)),
        (datetime(2026, 11, 27, 16, tzinfo=HELSINKI), datetime(2026, 11, 30, 9, tzinfo=HELSINKI)),
    ],
    ids=["before its hours", "within its hours", "before the weekend"],
)
def test_a_closed_chat_opens_with_its_hours(closed_town: Town, until: datetime, opens: datetime) -> None:
    closes(closed_town, Door.CHAT, until.astimezone(UTC))
    assert FI("closed.opens", when=FI.on_day_time(opens)) in closed_town.resident.get("/fi").text


def county(town: Town) -> Area:
    return town.edge.areas.area("10")


@pytest.mark.parametrize("chat_open", [True, False, None])
@pytest.mark.parametrize("shut", [(), (Door.CHAT,), (Door.MESSAGE,), (Door.BOOKING,), (Door.CHAT, Door.MESSAGE)])
def test_what_to_do_instead_is_open(town: Town, shut: tuple[Door, ...], chat_open: bool | None) -> None:
    doors = {
        door: DoorView(
            door=door,
            open=door not in shut,
            reason=ClosingReason.PEAK if door in shut else None,
            until=TOMORROW if door in shut else None,
            per_day=None,
            today=None,
        )
        for door in Door
    }
    channel = ChannelView(
        area="10",
        channel="physiotherapy",
        open=bool(chat_open),
        closes_at=None,
        opens_at=None,
        hours=(),
        practice=False,
    )
    found = notice(doors, county(town), None if chat_open is None else channel)
    assert found.instead in WAYS
    assert found.instead not in shut
    assert found.instead is not Door.CHAT or chat_open


# The desk


def test_a_therapist_closes_a_door_and_opens_it_again(town: Town) -> None:
    desk = at_the_doors(town)
    assert desk.post("/fi/desk/doors/close", FORM).headers["location"] == "/fi/desk/doors"
    [closed] = town.told(DoorClosed)
    assert (closed.door, closed.reason, closed.until) == (Door.CHAT, ClosingReason.STAFF_SHORTAGE, TOMORROW)
    page = desk.get("/fi/desk/doors").text
    assert FI("doors.shut") in page
    assert FI("closed.opens", when=FI.on_day_time(TOMORROW)) in page
    assert desk.post("/fi/desk/doors/open", {"area": "10", "door": "chat"}).status_code == 303
    assert len(town.told(DoorReopened)) == 1


def test_a_therapist_sees_todays_count_beside_the_cap(town: Town) -> None:
    desk = at_the_doors(town)
    assert desk.post("/fi/desk/doors/cap", {"area": "10", "capped": "chat", "per_day": "2"}).status_code == 303
    town.comes_in()
    page = desk.get("/fi/desk/doors").text
    assert f"{FI('doors.today', n=1)} · {FI('doors.cap_of', n=2)}" in page
    town.comes_in(town.browser())
    page = desk.get("/fi/desk/doors").text
    assert FI("doors.full") in page
    assert FI("closed.reason.cap_reached") in page


def test_an_empty_cap_takes_it_away(town: Town) -> None:
    for per_day in ("1", " "):
        desk = at_the_doors(town)
        desk.post("/fi/desk/doors/cap", {"area": "10", "capped": "chat", "per_day": per_day})
    found = town.units["intake"].asks(GetDoors(area="10"), viewer=staff())
    assert {one.per_day for one in found.doors} == {None}


@pytest.mark.parametrize(
    ("over", "error"),
    [
        ({"door": "window"}, "error.door"),
        ({"area": "18"}, "error.door"),
        ({"reason": ""}, "error.closing_reason"),
        ({"reason": "cap_reached"}, "error.closing_reason"),
        ({"on": "2026-11-23"}, "error.on"),
        ({"on": "31.11.2026"}, "error.on"),
        ({"at": "25:00"}, "error.at"),
    ],
)
def test_a_closing_that_makes_no_sense_is_shown_again_with_what_is_wrong(
    town: Town, over: dict[str, str], error: str
) -> None:
    desk = at_the_doors(town)
    response = desk.post("/fi/desk/doors/close", FORM | over)
    assert response.status_code == 422
    assert FI(error) in response.text
    assert town.told(DoorClosed) == []


@pytest.mark.parametrize("per_day", ["0", "-1", "many", "10001", "1.5"])
def test_a_cap_that_is_no_number_is_shown_again(town: Town, per_day: str) -> None:
    desk = at_the_doors(town)
    response = desk.post("/fi/desk/doors/cap", {"area": "10", "capped": "chat", "per_day": per_day})
    assert (response.status_code, FI("error.cap", n=10_000) in response.text) == (422, True)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"on": "2026-11-29"}, "closing-too-long"),
        ({"on": "2026-11-24", "at": "09:00"}, "closing-in-past"),
        ({"door": "message"}, "last-open-door"),
    ],
)
def test_what_the_rules_refuse_is_said_in_the_language_chosen(
    town: Town, over: dict[str, str], code: str, language: Language
) -> None:
    closes(town, Door.BOOKING)
    desk = at_the_doors(town)
    response = desk.post(f"/{language}/desk/doors/close", FORM | over)
    assert (response.status_code, words(language).refusal(code) in response.text) == (409, True)


def test_a_therapist_of_two_counties_chooses_which(town: Town) -> None:
    desk = at_the_doors(town, "10", "18")
    desk.post("/fi/desk/doors/close", FORM | {"area": "18"})
    assert [closed.area for closed in town.told(DoorClosed)] == ["18"]
    assert len(re.findall('name="area" value="18"', desk.get("/fi/desk/doors").text)) == 1


def test_a_form_sent_twice_closes_once(town: Town) -> None:
    desk = at_the_doors(town)
    again: dict[str, Any] = dict(reversed(re.findall(r'name="(csrf|key)" value="([^"]+)"', desk.page)))
    for _ in range(2):
        assert desk.post("/fi/desk/doors/close", FORM | again).status_code == 303
    assert len(town.told(DoorClosed)) == 1


def test_the_doors_open_by_themselves_on_the_page_too(town: Town) -> None:
    closes(town, Door.CHAT)
    town.clock.set(TOMORROW + timedelta(seconds=1))
    assert FI("closed.door.chat") not in town.resident.get("/fi").text
