"""Nothing needs JavaScript, and every language serves."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from contracts.base import Language
from services.portal.language import words
from tests.browser.people import KOKKOLA, KOTKA, LINNEA, Resident, Therapist
from tests.browser.town import Town

SWEDISH: dict[str, Any] = {"language": Language.SV, "locale": "sv-FI", "java_script_enabled": False}
HELLO, WHERE = "Hej!", "Var gör det ont?"


def test_the_journey_goes_without_scripts_and_in_swedish(town: Town) -> None:
    resident, therapist = town.resident(**SWEDISH), town.therapist(LINNEA, **SWEDISH)
    _talk(resident, therapist)
    therapist.offers_times(resident)
    resident.holds()
    resident.books()
    visit = resident.time()
    therapist.does("talk.end")
    resident.looks_until(resident.heading(resident.t("case.title.ended")))
    resident.gives_feedback(7)
    therapist.completes(visit)
    resident.looks_until(resident.heading(resident.t("feedback.title.visit")))


def _talk(resident: Resident, therapist: Therapist) -> None:
    resident.walks_in(KOKKOLA)
    resident.looks_until(resident.heading(resident.t("case.title.queued")))
    resident.waits()
    therapist.looks_until(therapist.row_of(resident))
    therapist.takes(resident)
    resident.looks_until(resident.form("/messages"))
    resident.says(HELLO)
    therapist.looks_until(therapist.log)
    therapist.says(WHERE)
    resident.link("talk.refresh").click()
    for person in (resident, therapist):
        person.sees(HELLO, WHERE)


@pytest.mark.parametrize(
    ("locale", "language"),
    [("fi-FI", Language.FI), ("sv-FI", Language.SV), ("en-GB", Language.EN), ("de-DE", Language.FI)],
)
def test_the_front_page_speaks_as_the_browser_asks_and_finnish_else(
    town: Town, locale: str, language: Language
) -> None:
    page = town.window(locale=locale).new_page()
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text(words(language)("front.title"))
    expect(page.locator("html")).to_have_attribute("lang", language)


def test_another_language_is_the_same_matter_in_other_words(resident: Resident) -> None:
    resident.comes_in(KOTKA)
    resident.waits()
    resident.page.get_by_role("link", name=resident.t("language.sv")).click()
    expect(resident.heading(words(Language.SV)("case.title.queued"))).to_be_visible()
    expect(resident.page).to_have_url(f"/sv/asia/{resident.contact}")
