"""What a resident in danger is told, whichever page they stand on and whoever is away."""

import re

import pytest

from contracts.base import Language
from services.portal.language import words
from tests.services.portal.test_pages import FI, QUESTIONS, heading
from tests.services.portal.town import Town, filled


def title(page: str) -> str:
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert found, page
    return found[1].split(" – ")[0].strip()


def signs(page: str) -> list[str]:
    found = re.search(r'<ul class="signs">(.*?)</ul>', page, re.DOTALL)
    return re.findall(r"<li>(.*?)</li>", found[1]) if found else []


@pytest.mark.parametrize("language", list(Language))
def test_what_to_do_in_danger_is_told_while_intake_is_away(town: Town, language: Language) -> None:
    town.away.add("intake")
    response = town.resident.get(f"/{language}/turvallisuus?kunta=285&vaiva=knee")
    assert response.status_code == 200
    assert words(language)("safety.away") in response.text
    assert 'href="tel:112"' in response.text


@pytest.mark.parametrize("language", list(Language))
def test_the_emergency_page_lists_the_signs_it_speaks_of(town: Town, language: Language) -> None:
    safety = town.resident.get(f"/{language}/turvallisuus?kunta=285&vaiva=knee").text
    page = town.resident.get(f"/{language}/hatatilanne").text
    assert signs(page) == signs(safety)
    assert len(signs(page)) == 8
    assert f'href="/{language}">{words(language)("error.front")}' in page


def test_the_emergency_page_leads_back_to_the_question_one_came_from(town: Town) -> None:
    page = town.resident.get("/fi/hatatilanne?kunta=285&vaiva=knee").text
    assert f'href="/fi/turvallisuus?kunta=285&amp;vaiva=knee">{FI("emergency.back")}' in page


def test_the_emergency_page_says_whom_to_call_while_intake_is_away(town: Town) -> None:
    town.away.add("intake")
    page = town.resident.get("/fi/hatatilanne").text
    assert signs(page) == []
    assert FI("emergency.which_unlisted") in page
    assert 'href="tel:112"' in page


def test_without_intake_a_municipality_of_no_county_is_still_told(town: Town) -> None:
    town.away.add("intake")
    assert town.resident.get("/fi/turvallisuus?kunta=091&vaiva=knee").status_code == 422


@pytest.mark.parametrize("path", ["turvallisuus", "hatatilanne", "kysely"])
def test_a_page_shows_the_numbers_of_the_residents_county(town: Town, path: str) -> None:
    area = town.edge.areas.area("18")
    own = area.model_copy(update={"helpline": "0800123"})
    town.edge.areas._by_municipality |= {one.code: own for one in area.municipalities}
    page = town.resident.get(f"/fi/{path}?kunta={area.municipalities[0].code}&vaiva=knee").text
    assert 'href="tel:0800123"' in page


def test_a_case_page_shows_the_numbers_of_its_county(town: Town) -> None:
    case = town.comes_in()
    town.edge.areas._by_code["10"] = town.edge.areas.area("10").model_copy(update={"helpline": "0800123"})
    assert 'href="tel:0800123"' in town.resident.get(case).text


def test_a_red_flag_leads_to_where_help_is(town: Town) -> None:
    town.resident.get(QUESTIONS)
    flags = {name: "yes" for name in filled(town.resident.page) if (name, "yes") in _radios(town.resident.page)}
    page = town.resident.get(town.comes_in(**flags)).text
    assert heading(page) == title(page) == FI("elsewhere.now")
    assert 'href="tel:112"' in page


def test_who_is_too_young_and_in_danger_is_told_of_the_danger_under_its_own_heading(town: Town) -> None:
    town.resident.get(QUESTIONS)
    flags = {name: "yes" for name in filled(town.resident.page) if (name, "yes") in _radios(town.resident.page)}
    page = town.resident.get(town.comes_in(age="under_16", **flags)).text
    assert heading(page) == title(page) == FI("elsewhere.now")
    assert "koulu- tai opiskeluterveydenhuoltoon" not in page


def test_who_is_too_young_is_told_where_to_go(town: Town) -> None:
    page = town.resident.get(town.comes_in(age="under_16")).text
    assert heading(page) == FI("case.title.declined")
    assert "koulu- tai opiskeluterveydenhuoltoon" in page


def _radios(page: str) -> list[tuple[str, str]]:
    return re.findall(r'name="(q_[^"]+)" value="([^"]+)"', page)
