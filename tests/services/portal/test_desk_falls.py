"""Fall prevention at the desk, without a line of JavaScript."""

from __future__ import annotations

import re
from decimal import Decimal
from uuid import uuid4

import pytest

from contracts.base import Language
from contracts.falls import FallMeasuresRecorded, FallRiskScreened, FallRouteChosen
from services.portal.language import words
from services.portal.pages.desk_falls import number
from tests.services.portal.test_pages import heading
from tests.services.portal.town import Browser, Town, filled

FI = words(Language.FI)
RAISED = {"q_falls": "three_or_more", "q_daily_help": "some", "q_balance": "clearly", "source": "senior_health_point"}
MEASURED = {"tug_seconds": "14,2", "berg_points": "41", "sppb_points": "", "self_care": "3", "transfer": "0"}


@pytest.fixture
def desk(town: Town) -> Browser:
    return town.therapist()


def person(town: Town) -> str:
    """Path of the page of somebody who has come in."""
    return "/fi/desk/falls/" + town.comes_in().rpartition("/")[2]


def screens(desk: Browser, path: str, **over: str) -> None:
    desk.get(f"{path}/screen/short_screen")
    assert desk.post(f"{path}/screen/short_screen", RAISED | over).status_code == 303


def measures(desk: Browser, path: str, **over: str) -> int:
    desk.get(f"{path}/measures")
    return desk.post(f"{path}/measures", MEASURED | over).status_code


def text(desk: Browser, path: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", desk.get(path).text))


def test_the_conversation_leads_to_the_persons_page(town: Town) -> None:
    case, desk, talk = town.in_conversation()
    path = f"/fi/desk/falls/{case.rpartition('/')[2]}"
    assert f'href="{path}"' in desk.get(talk).text
    assert FI("falls.nothing") in desk.get(path).text


def test_a_screen_by_staff_stands_on_the_timeline_with_what_held(town: Town, desk: Browser) -> None:
    path = person(town)
    screens(desk, path)
    page = text(desk, path)
    assert "Lyhyt seula (75 v): 7 pistettä yhdeksästä Fysioterapeutille" in page
    assert "Vähintään 6 pistettä: Kyllä" in page
    assert "Ammattilaisen täyttämä · Seniorien terveyspiste" in page
    assert "maanantai 24.5.2027" in page
    assert [told.source for told in town.told(FallRiskScreened)] == ["senior_health_point"]


def test_the_answers_of_a_screen_stand_there_in_words(town: Town, desk: Browser) -> None:
    path = person(town)
    screens(desk, path)
    assert "Horjun selvästi" in text(desk, path)


def test_a_screen_without_a_source_or_an_answer_is_told_at_its_field(town: Town, desk: Browser) -> None:
    path = f"{person(town)}/screen/short_screen"
    desk.get(path)
    response = desk.post(path, RAISED | {"source": "", "q_balance": ""})
    assert response.status_code == 422
    assert set(re.findall(r'<a href="#(\w+)">', response.text)) >= {"source", "q_balance"}
    assert town.told(FallRiskScreened) == []


def test_measures_are_shown_with_units_signs_and_an_unverified_band(town: Town, desk: Browser) -> None:
    """Rule 25."""
    path = person(town)
    assert measures(desk, path) == 303
    page = text(desk, path)
    assert "14,2 s 13,5 s tai yli" in page
    assert "41/56 · luokka 41–56 (tarkistamaton) alle 45" in page
    assert "FSQfin: Perustoiminnot 66,7/100" in page
    assert len(town.told(FallMeasuresRecorded)) == 1


def test_a_slow_walk_alone_is_shown_not_to_decide(town: Town, desk: Browser) -> None:
    """Rule 25."""
    path = person(town)
    measures(desk, path, berg_points="50")
    assert FI("falls.tug_alone") in text(desk, path)
    measures(desk, other := person(town), berg_points="44")
    assert FI("falls.tug_alone") not in text(desk, other)


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("tug_seconds", "0", "refusal.tug-out-of-range"),
        ("tug_seconds", "301", "refusal.tug-out-of-range"),
        ("tug_seconds", "nopea", "falls.error.number"),
        ("berg_points", "57", "refusal.berg-out-of-range"),
        ("berg_points", "45,5", "refusal.berg-out-of-range"),
        ("sppb_points", "13", "refusal.sppb-out-of-range"),
    ],
)
def test_a_measure_out_of_range_is_told_at_its_field_and_stays_typed(
    town: Town, desk: Browser, field: str, typed: str, sentence: str
) -> None:
    """Rule 25."""
    path = person(town)
    assert measures(desk, path, **{field: typed}) == 422
    assert f'<a href="#{field}">{FI(sentence)}</a>' in desk.page
    assert f'value="{typed}"' in desk.page
    assert town.told(FallMeasuresRecorded) == []


def test_an_empty_record_is_refused(town: Town, desk: Browser) -> None:
    path = person(town)
    assert measures(desk, path, tug_seconds="", berg_points="", self_care="", transfer="") == 409
    assert FI("refusal.nothing-measured") in desk.page


@pytest.mark.parametrize(
    ("typed", "value"),
    [("13,5", Decimal("13.5")), (" 13.50 ", Decimal("13.50")), ("NaN", None), ("", None), ("1 3", None), ("inf", None)],
)
def test_a_number_is_read_as_people_write_it(typed: str, value: Decimal | None) -> None:
    assert number(typed) == value


def test_a_way_onward_is_chosen_with_a_reason_and_takes_the_person_off_the_list(town: Town, desk: Browser) -> None:
    path = person(town)
    screens(desk, path)
    assert f'href="{path}"' in desk.get("/fi/desk/falls").text
    desk.get(path)
    assert desk.post(f"{path}/route", {"route": "municipal_group", "reason": "keeps_active"}).status_code == 303
    assert f"{FI('falls.route.municipal_group')} {FI('falls.reason.keeps_active')}" in text(desk, path)
    assert f'href="{path}"' not in desk.get("/fi/desk/falls").text
    assert [told.route for told in town.told(FallRouteChosen)] == ["municipal_group"]


def test_a_way_onward_nobody_offered_is_refused(town: Town, desk: Browser) -> None:
    path = person(town)
    screens(desk, path)
    desk.get(path)
    assert desk.post(f"{path}/route", {"route": "moon", "reason": "keeps_active"}).status_code == 422


@pytest.mark.parametrize("below", ["", "/screen/short_screen", "/measures"])
def test_somebody_elses_person_looks_like_nobody(town: Town, below: str) -> None:
    path = person(town)
    stranger = town.therapist("18")
    theirs = stranger.get(f"{path}{below}")
    never = stranger.get(f"/fi/desk/falls/{uuid4()}{below}")
    assert theirs.status_code == never.status_code == 404
    assert theirs.content == never.content


def test_the_team_of_the_municipality_is_named(town: Town) -> None:
    desk = town.therapist("18")
    desk.get("/fi/desk/falls")
    assert heading(desk.page) == FI("falls.desk")
    town.resident.get("/fi/kysely?kunta=272&vaiva=knee")
    response = town.resident.post("/fi/kysely?kunta=272&vaiva=knee", filled(town.resident.page))
    path = "/fi/desk/falls/" + response.headers["location"].rpartition("/")[2]
    assert "Keskitetty fysioterapia, Kokkola" in desk.get(path).text
