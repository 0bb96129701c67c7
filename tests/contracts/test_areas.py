import re
from datetime import time
from pathlib import Path

import pytest

from contracts.areas import AreaError, Areas, BasisKind, Period, UnknownArea, counties, load_areas
from contracts.base import Language
from contracts.intake import DeclineReason, TriageMode, TriageOutcome

FOLDER = Path(__file__).parents[2] / "deploy" / "areas"


@pytest.fixture(scope="module")
def areas() -> Areas:
    return load_areas(FOLDER, practice=False)


@pytest.mark.parametrize(
    ("code", "municipalities"),
    [
        ("10", {"075", "285", "286", "489", "624", "935"}),
        ("18", {"272", "074", "217", "236", "421", "584", "849", "924"}),
    ],
)
def test_a_county_has_its_municipalities(areas: Areas, code: str, municipalities: set[str]) -> None:
    """Six in Kymenlaakso, eight in Keski-Pohjanmaa: rule 1."""
    assert {one.code for one in areas.area(code).municipalities} == municipalities


@pytest.mark.parametrize(("code", "age"), [("10", 16), ("18", 18)])
def test_a_county_has_its_minimum_age(areas: Areas, code: str, age: int) -> None:
    """Rule 2."""
    assert areas.area(code).minimum_age == age


def test_a_municipality_belongs_to_its_site_or_is_one_itself(areas: Areas) -> None:
    assert [areas.area("18").site_of(code) for code in ("217", "584", "272")] == ["lestijokilaakso", "perho", "kokkola"]
    assert list(areas.area("18").every_site) == ["perho", "lestijokilaakso", "tunkkari", "kokkola"]
    assert areas.area("10").site_of("285") == "285"
    assert list(areas.area("10").every_site) == [one.code for one in areas.area("10").municipalities]


def test_soite_chats_on_tuesday_and_thursday_from_nine_to_eleven(areas: Areas) -> None:
    """Rule 20."""
    hours = [(one.weekday, one.opens, one.closes) for one in areas.area("18").chat.periods]
    assert hours == [(2, time(9), time(11)), (4, time(9), time(11))]


@pytest.mark.parametrize("code", ["10", "18"])
def test_office_hours_are_mon_thu_8_16_and_fri_8_15(areas: Areas, code: str) -> None:
    """Rule 14."""
    hours = [(one.weekday, one.opens, one.closes) for one in areas.area(code).office_hours]
    assert hours == [*((day, time(8), time(16)) for day in range(1, 5)), (5, time(8), time(15))]


@pytest.mark.parametrize("code", ["10", "18"])
def test_a_left_message_is_answered_in_5_business_days_and_warned_of_after_3(areas: Areas, code: str) -> None:
    """Rule 16."""
    area = areas.area(code)
    assert (area.promise_business_days, area.promise_warn_day) == (5, 3)


@pytest.mark.parametrize("code", ["10", "18"])
@pytest.mark.parametrize("reason", list(DeclineReason))
def test_everyone_declined_is_told_where_to_go(areas: Areas, code: str, reason: DeclineReason) -> None:
    assert reason.value in areas.area(code).elsewhere


@pytest.mark.parametrize("code", ["10", "18"])
@pytest.mark.parametrize(
    "outcome",
    [
        TriageOutcome.EMERGENCY_112,
        TriageOutcome.URGENT_NOW,
        TriageOutcome.URGENT_SAME_DAY,
        TriageOutcome.PHYSICIAN,
    ],
)
def test_every_outcome_that_is_not_ours_says_where_to_go(areas: Areas, code: str, outcome: TriageOutcome) -> None:
    assert outcome.value in areas.area(code).elsewhere


def test_a_municipality_leads_to_its_area(areas: Areas) -> None:
    area = areas.of_municipality("272")
    assert area is not None
    assert area.code == "18"


def test_a_municipality_of_nobody_leads_nowhere(areas: Areas) -> None:
    assert areas.of_municipality("091") is None


def test_an_unknown_area_is_an_error(areas: Areas) -> None:
    with pytest.raises(UnknownArea):
        areas.area("02")


def test_a_channel_keeps_its_hours_outside_practice(areas: Areas) -> None:
    assert not any(area.chat.practice for area in areas.values())


def test_every_channel_is_always_open_in_practice() -> None:
    assert all(area.chat.practice for area in load_areas(FOLDER, practice=True).values())


def test_a_file_cannot_open_a_practice_channel_in_production(tmp_path: Path) -> None:
    text = (FOLDER / "18.toml").read_text(encoding="utf-8")
    (tmp_path / "18.toml").write_text(text.replace("[chat]", "[chat]\npractice = true"), encoding="utf-8")
    assert not load_areas(tmp_path, practice=False)["18"].chat.practice


def test_a_text_is_there_in_every_language(areas: Areas) -> None:
    names = areas.area("10").names
    assert len({names.of(language) for language in Language}) == len(Language)


def test_days_the_county_and_the_channel_are_closed_close_the_chat(tmp_path: Path) -> None:
    text = (FOLDER / "18.toml").read_text(encoding="utf-8")
    text = text.replace("closing_days = []", "closing_days = [2026-12-28]")
    text = text.replace("closed_on = []", "closed_on = [2026-11-26]")
    (tmp_path / "18.toml").write_text(text, encoding="utf-8")
    closed = load_areas(tmp_path, practice=False)["18"].chat_closed_on
    assert [day.isoformat() for day in closed] == ["2026-12-28", "2026-11-26"]


@pytest.mark.parametrize(
    ("name", "was", "becomes", "says"),
    [
        pytest.param("18.toml", "minimum_age", "minimum_aeg", "minimum_aeg", id="misspelt_key"),
        pytest.param("19.toml", "", "", "named after its area code", id="name_and_code_differ"),
        pytest.param("18.toml", "opens = 09:00:00", "opens = 12:00:00", "opens before it closes", id="closes_first"),
        pytest.param("18.toml", "promise_warn_day = 3", "promise_warn_day = 5", "comes before", id="warns_too_late"),
        pytest.param("18.toml", '["584"]', '["272"]', "each in one site at most", id="in_two_sites"),
        pytest.param("18.toml", '["584"]', '["285"]', "of municipalities of the county", id="site_elsewhere"),
        pytest.param("18.toml", "[chat]", "[limits.message]\nacting_for = false\n[chat]", "everybody", id="limits_all"),
        pytest.param(
            "18.toml",
            "[chat]",
            '[limits.chat]\nmunicipalities = ["285"]\n[chat]',
            "of the county",
            id="limit_elsewhere",
        ),
        pytest.param("18.toml", "[chat]", "[chat", "18.toml", id="no_toml"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, name: str, was: str, becomes: str, says: str) -> None:
    text = (FOLDER / "18.toml").read_text(encoding="utf-8")
    (tmp_path / name).write_text(text.replace(was, becomes) if was else text, encoding="utf-8")
    with pytest.raises(AreaError, match=says):
        load_areas(tmp_path, practice=False)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AreaError, match="no area file"):
        load_areas(tmp_path, practice=False)


def test_a_municipality_of_two_areas_is_refused(tmp_path: Path) -> None:
    text = (FOLDER / "18.toml").read_text(encoding="utf-8")
    (tmp_path / "18.toml").write_text(text, encoding="utf-8")
    (tmp_path / "19.toml").write_text(text.replace('code = "18"', 'code = "19"'), encoding="utf-8")
    with pytest.raises(AreaError, match="one area only"):
        load_areas(tmp_path, practice=False)


def test_a_period_starts_and_ends_on_one_day() -> None:
    with pytest.raises(ValueError, match="opens before it closes"):
        Period(weekday=1, opens=time(22), closes=time(6))


BASIS = """triage_mode = "assistive"
[triage_basis]
kind = "in_house"
reference = "declaration 7/2026"
recorded_on = 2026-11-01
recorded_by = "chief physician"
"""


def assistive(tmp_path: Path, basis: str) -> Path:
    """Soite with another mode; a table of TOML goes before the next one."""
    text = (FOLDER / "18.toml").read_text(encoding="utf-8")
    text = re.sub(r"^triage_mode.*$", "", text, flags=re.MULTILINE)
    (tmp_path / "18.toml").write_text(text.replace("[chat]", f"{basis}\n[chat]", 1), encoding="utf-8")
    return tmp_path


def test_counties_route_only(areas: Areas) -> None:
    """Rule 12."""
    assert {area.triage_mode for area in areas.values()} == {TriageMode.ROUTING_ONLY}


def test_a_county_assists_when_its_regulatory_basis_is_recorded(tmp_path: Path) -> None:
    """Rule 12."""
    area = load_areas(assistive(tmp_path, BASIS), practice=False)["18"]
    assert area.triage_basis
    assert (area.triage_mode, area.triage_basis.kind) == (TriageMode.ASSISTIVE, BasisKind.IN_HOUSE)


@pytest.mark.parametrize("practice", [True, False])
def test_without_a_recorded_basis_a_county_cannot_assist(tmp_path: Path, practice: bool) -> None:
    """Rule 12: in practice neither."""
    with pytest.raises(AreaError, match="assistive without triage_basis"):
        load_areas(assistive(tmp_path, 'triage_mode = "assistive"'), practice=practice)


@pytest.mark.parametrize("lost", ["kind", "reference", "recorded_on", "recorded_by"])
def test_a_basis_says_what_it_is_where_it_is_when_and_who_answers(tmp_path: Path, lost: str) -> None:
    basis = re.sub(rf"^{lost} = .*$", "", BASIS, flags=re.MULTILINE)
    with pytest.raises(AreaError, match=rf"triage_basis\.{lost}"):
        load_areas(assistive(tmp_path, basis), practice=False)


def test_nothing_else_is_a_basis(tmp_path: Path) -> None:
    with pytest.raises(AreaError, match=r"triage_basis\.kind"):
        load_areas(assistive(tmp_path, BASIS.replace("in_house", "trust_us")), practice=False)


def test_counties_are_21_and_helsinki_and_aland_which_is_not_served() -> None:
    """Rule 1. Codes 01 to 21, 90 and 91: Statistics Finland, hyvinvointialue 2023."""
    assert [one.code for one in counties()] == [*(f"{number:02}" for number in range(1, 22)), "90", "91"]
    assert [one.code for one in counties() if not one.served] == ["91"]


@pytest.mark.parametrize("code", ["10", "18"])
def test_a_county_is_called_in_its_file_as_in_the_list(areas: Areas, code: str) -> None:
    """Rule 1."""
    listed = next(one for one in counties() if one.code == code)
    assert areas.area(code).names.en.startswith(listed.names.en)
    assert areas.area(code).names.fi.startswith(listed.names.fi)


@pytest.mark.parametrize("code", ["22", "00", "91"])
def test_an_area_that_is_no_county_or_not_served_is_refused(tmp_path: Path, code: str) -> None:
    """Rule 1."""
    text = (FOLDER / "18.toml").read_text(encoding="utf-8").replace('code = "18"', f'code = "{code}"')
    (tmp_path / f"{code}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(AreaError, match=f"{code} is no county that is served"):
        load_areas(tmp_path, practice=False)
