"""Times of direct access, from the therapist's calendar to the person's page."""

from __future__ import annotations

import pytest

from contracts.base import Language
from contracts.scheduling import SlotsPublished
from services.portal.language import words
from tests.services.portal.test_booking_door import TIMES, comes_to_book, identifies
from tests.services.portal.town import Town

FI = words(Language.FI)
DIRECT = TIMES | {"minutes": "60", "modality": "near", "direct": "yes", "count": "1"}
NEW = {"q_duration": "under_3_months", "q_limits": "some"}


def publishes(town: Town, **over: str) -> int:
    desk = town.therapist()
    desk.get("/fi/desk/calendar")
    return desk.post("/fi/desk/calendar", DIRECT | over).status_code


def test_whom_it_is_granted_finds_it_among_the_times(town: Town) -> None:
    """Rule 22."""
    assert publishes(town) == 303
    case = comes_to_book(town, **NEW)
    town.carry()
    identifies(town, case.rpartition("/")[2])
    page = town.resident.get(case).text
    assert FI("slots.direct_short") in page
    assert "klo 10.00–11.00" in page.replace('<span class="nowrap">', "").replace("&ndash;", "–")


def test_who_has_had_the_trouble_long_finds_none(town: Town) -> None:
    """Rule 22."""
    assert publishes(town) == 303
    case = comes_to_book(town, q_duration="over_3_months", q_limits="some")
    town.carry()
    identifies(town, case.rpartition("/")[2])
    assert FI("slots.direct_short") not in town.resident.get(case).text


@pytest.mark.parametrize(
    ("over", "said"),
    [({"minutes": "45"}, FI.refusal("direct-access-length")), ({"direct": ""}, FI("error.near"))],
)
def test_what_cannot_be_published_is_told_and_nothing_is(town: Town, over: dict[str, str], said: str) -> None:
    assert publishes(town, **over) in (409, 422)
    assert town.told(SlotsPublished) == []
    desk = town.therapist()
    desk.get("/fi/desk/calendar")
    assert said in desk.post("/fi/desk/calendar", DIRECT | over).text
