"""Who lives in a county that is not served here is told who helps."""

from __future__ import annotations

import pytest
from markupsafe import escape

from contracts.areas import counties
from contracts.base import Language
from services.portal.language import words
from tests.services.portal.town import Town


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("way", ["turvallisuus?kunta=muu&vaiva=knee", "kaatumisseula/kysymykset?kunta=muu"])
def test_who_lives_in_a_county_that_is_not_served_is_told_who_helps(town: Town, language: Language, way: str) -> None:
    """What to do in danger first; then the counties that are served, and every other one by its name."""
    leads = town.resident.get(f"/{language}/{way}")
    assert (leads.status_code, leads.headers["location"]) == (303, f"/{language}/muualla")
    page, t = town.resident.get(leads.headers["location"]).text, words(language)
    assert page.index("tel:112") < page.index(t("other_county.others"))
    others = page.partition(str(escape(t("other_county.others_text"))))[2]
    named = {one.code for one in counties() if f"<li>{one.names.of(language)}</li>" in others}
    assert named == {one.code for one in counties()} - {"10", "18"}
