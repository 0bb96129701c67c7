"""Why people come, at the desk."""

import re
from pathlib import Path

import pytest

from contracts.areas import load_areas
from contracts.base import Language
from contracts.demand import ReasonRecorded
from services.portal.language import words
from tests.services.portal.town import Browser, Town

FI = words(Language.FI)


def cells(browser: Browser, query: str = "") -> dict[str, list[str]]:
    """Row by row of the table: what stands in it, the sum last."""
    page = browser.get(f"/fi/desk/demand{query}").text
    rows = re.findall(r'<tr><th scope="row">(.+?)</th>(.+?)</tr>', page)
    return {name: re.findall(r"<td[^>]*>(\d+)</td>", row) for name, row in rows}


def test_contacts_are_counted_by_reason_and_municipality(town: Town) -> None:
    town.comes_in()
    page = cells(town.therapist())
    kotka = list(load_areas(Path("deploy/areas"), practice=True)["10"].every_site).index("285")
    assert page[FI("reason.joint")][kotka] == "1"
    assert page[FI("reason.joint")][-1] == page[FI("demand.total")][-1] == "1"
    assert page[FI("reason.back")][-1] == "0"


def test_another_door_and_another_county_are_counted_apart(town: Town) -> None:
    town.comes_in()
    desk = town.therapist("10", "18")
    assert cells(desk, "?door=booking")[FI("demand.total")][-1] == "0"
    assert cells(desk, "?area=18")[FI("demand.total")][-1] == "0"
    assert cells(desk, "?area=10&door=chat&weeks=26")[FI("demand.total")][-1] == "1"


@pytest.mark.parametrize("query", ["?area=07", "?weeks=1000", "?door=window", "?weeks=-1"])
def test_a_made_up_address_shows_the_usual(town: Town, query: str) -> None:
    town.comes_in()
    assert cells(town.therapist(), query)[FI("demand.total")][-1] == "1"


def test_the_professionals_reason_takes_the_place_of_the_residents(town: Town) -> None:
    _, desk, talk = town.in_conversation()
    assert FI("reason.told") in desk.page
    assert desk.post(f"{talk}/reason", {"reason": "back", "code": " l86 "}).status_code == 303
    (told,) = town.told(ReasonRecorded)
    assert (told.reason, told.code) == ("back", "L86")
    page = desk.get(talk).text
    assert "L86" in page
    assert FI("reason.told") not in page
    assert cells(desk)[FI("reason.back")][-1] == "1"


@pytest.mark.parametrize(
    ("form", "error", "field"),
    [
        ({"reason": "back", "code": "S82"}, "error.reason_code", "code"),
        ({"reason": "", "code": "L15"}, "error.reason", "reason"),
    ],
)
def test_a_wrong_reason_is_refused_where_it_was_written(
    town: Town, form: dict[str, str], error: str, field: str
) -> None:
    _, desk, talk = town.in_conversation()
    response = desk.post(f"{talk}/reason", form)
    assert response.status_code == 422
    assert f'<a href="#{field}">{FI(error)}</a>' in response.text
    assert form["code"] in response.text
    assert town.told(ReasonRecorded) == []


def test_without_intake_the_page_says_that_there_are_no_figures(town: Town) -> None:
    desk = town.therapist()
    town.away.add("intake")
    assert FI("demand.away") in desk.get("/fi/desk/demand").text
