"""What holds for every kind of page, the desk's too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from contracts.base import Language
from services.portal.language import words
from tests.browser.tour import PAGES, Look, walk
from tests.browser.town import people_at
from tests.whole import WholeUnit

ENGLISH = re.compile(
    r"\b(the|and|of|with|you|your|this|that|is|are|not|please|error|submit|send|loading|message|messages|time|times|help|"
    r"name|next|close|closed|cancel|queue|visit|booked|open|desk|feedback|today|yes|unknown|invalid|none|null|undefined|"
    r"NaN|true|false)\b",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"\S+@\S+")
CODES = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # an id
    r"|\b[a-z]+_[a-z_]+\b"  # a code of ours
    r"|\{\w*\}|\{\{|%\(\w+\)",  # a hole that was not filled
    re.ASCII,
)
KEYS = frozenset(key for key in words(Language.FI).texts if "." in key)


@pytest.fixture(scope="module")
def looks(browser: Browser, unit: WholeUnit, closed_unit: WholeUnit) -> Iterator[dict[str, Look]]:
    with people_at(browser, unit) as town, people_at(browser, closed_unit) as closed_town:
        yield walk(town, closed_town)


def test_the_walk_leaves_no_page_out(looks: dict[str, Look]) -> None:
    assert looks.keys() == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing_against_wcag_2_1_a_and_aa(looks: dict[str, Look], page: str) -> None:
    assert looks[page].violations == ""


@pytest.mark.parametrize("page", PAGES)
def test_nothing_scrolls_sideways_from_320_pixels_on(looks: dict[str, Look], page: str) -> None:
    assert looks[page].too_wide == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_one_main_heading_and_says_its_language(looks: dict[str, Look], page: str) -> None:
    assert (looks[page].headings, looks[page].language) == (1, "fi")


@pytest.mark.parametrize("page", PAGES)
def test_a_finnish_page_has_no_english_word(looks: dict[str, Look], page: str) -> None:
    assert [found[0] for found in ENGLISH.finditer(ADDRESS.sub("", looks[page].texts))] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_an_id_a_code_or_a_key_of_ours(looks: dict[str, Look], page: str) -> None:
    assert CODES.findall(looks[page].texts) == []
    assert [key for key in KEYS if key in looks[page].texts.split()] == []
