"""Tell in your own words: the field on the front page."""

import html
import re

import pytest

from contracts.base import Language
from services.portal.language import words
from tests.services.intake.triage.phrases import EMERGENCIES
from tests.services.portal.town import Town

FI = words(Language.FI)


def troubles(page: str) -> list[str]:
    return re.findall(r'name="vaiva" value="([^"]+)"', page)


def seen(page: str) -> str:
    return html.unescape(page)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(
    ("written", "first"), [("polvi naksuu", "knee"), ("ont i ryggen", "back"), ("nee pain", "knee")]
)
def test_what_somebody_may_mean_comes_first_and_the_others_after_it(
    town: Town, language: Language, written: str, first: str
) -> None:
    every = troubles(town.resident.get(f"/{language}").text)
    response = town.resident.post(f"/{language}/omin-sanoin", {"words": written})
    found = troubles(response.text)
    assert (response.status_code, found[0], sorted(found)) == (200, first, sorted(every))
    assert f'value="{written}"' in response.text
    assert not re.search(r'name="vaiva"[^>]* checked', response.text)


def test_what_was_found_is_told_in_the_words_of_the_page(town: Town) -> None:
    page = town.resident.post("/sv/omin-sanoin", {"words": "selkä ja polvi"}).text
    assert words(Language.SV)("words.found", troubles="Knä, Rygg") in seen(page)


def test_when_nothing_is_near_every_trouble_is_there_and_that_is_said_kindly(town: Town) -> None:
    every = troubles(town.resident.get("/fi").text)
    page = town.resident.post("/fi/omin-sanoin", {"words": "milloin olette auki"}).text
    assert troubles(page) == every
    assert FI("words.nothing") in seen(page)


@pytest.mark.parametrize("written", [EMERGENCIES[language][0] for language in Language])
@pytest.mark.parametrize("language", list(Language))
def test_an_emergency_leads_to_112_and_to_no_questionnaire(town: Town, language: Language, written: str) -> None:
    """Rule 11: at once, in the language chosen, before any queue or login."""
    response = town.resident.post(f"/{language}/omin-sanoin", {"words": f"{written}, polvi"})
    assert (response.status_code, response.headers["location"]) == (303, f"/{language}/hatatilanne")
    page = town.resident.get(response.headers["location"]).text
    assert 'href="tel:112"' in page
    assert "/kysely" not in page
    assert f'href="/{language}"' in page


@pytest.mark.parametrize(
    ("written", "alert", "sign", "first"),
    [
        ("en pysty virtsaamaan, selkä kipeä", "urgent_now", "Virtsaaminen ei onnistu normaalisti", "back"),
        ("kaaduin ja en pysty kävelemään", "urgent_same_day", "Et pysty vamman jälkeen ottamaan neljää", "knee"),
        ("pohje turvonnut ja punoittaa", "urgent_same_day", "Toisen pohkeen turvotusta ja kipua", "ankle"),
    ],
)
def test_an_urgent_sign_is_told_with_the_number_before_what_was_found(
    town: Town, written: str, alert: str, sign: str, first: str
) -> None:
    """Rule 11. The sign is told as the table words it, so that the person can say whether it is so."""
    page = seen(town.resident.post("/fi/omin-sanoin", {"words": written}).text)
    told = [FI(f"words.alert.{alert}"), sign, FI(f"words.if_so.{alert}"), 'href="tel:116117"', 'href="tel:112"']
    places = [page.index(each) for each in told]
    assert places == sorted(places)
    assert troubles(page)[0] == first
    assert FI("words.nothing") not in page


def test_a_wish_to_die_leads_to_where_a_crisis_line_is_named(town: Town) -> None:
    response = town.resident.post("/fi/omin-sanoin", {"words": "haluan kuolla"})
    page = town.resident.get(response.headers["location"]).text
    assert FI("emergency.crisis_text") in page
    assert 'href="tel:0925250111"' in page


def test_a_sign_that_is_denied_finds_what_is_meant(town: Town) -> None:
    response = town.resident.post("/fi/omin-sanoin", {"words": "ei rintakipua, selkä kipeä"})
    assert (response.status_code, troubles(response.text)[0]) == (200, "back")


def test_an_empty_field_is_told_where_it_is(town: Town) -> None:
    response = town.resident.post("/fi/omin-sanoin", {"words": "  "})
    assert response.status_code == 422
    assert f'<a href="#words">{FI("error.empty")}</a>' in response.text


def test_a_whole_story_is_told_to_be_too_long_and_stays_typed(town: Town) -> None:
    response = town.resident.post("/fi/omin-sanoin", {"words": "polvi " * 51})
    assert response.status_code == 422
    assert FI("error.long", n=300) in seen(response.text)
    assert "polvi polvi" in response.text


def test_markup_shows_as_text(town: Town) -> None:
    page = town.resident.post("/fi/omin-sanoin", {"words": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page


def test_while_intake_is_away_the_front_page_says_so(town: Town) -> None:
    town.away.add("intake")
    response = town.resident.post("/fi/omin-sanoin", {"words": "polvi"})
    assert response.status_code == 200
    assert FI("front.unavailable") in response.text


def test_a_page_of_another_site_cannot_ask(town: Town) -> None:
    assert town.resident.post("/fi/omin-sanoin", {"words": "polvi"}, origin="https://evil.example").status_code == 403


def test_the_words_are_posted_and_in_no_address(town: Town) -> None:
    """Rule 4: an address is logged by every proxy on its way."""
    page = town.resident.get("/fi").text
    form = page[page.index('action="/fi/omin-sanoin"') :]
    assert form.startswith('action="/fi/omin-sanoin" method="post"')
    assert town.resident.get("/fi/omin-sanoin?words=polvi").headers["location"] == "/fi"


def test_nobody_needs_a_session_and_none_is_begun(town: Town) -> None:
    town.resident.post("/fi/omin-sanoin", {"words": "polvi"})
    assert dict(town.resident.cookies) == {}
