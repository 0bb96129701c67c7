"""A questionnaire that is renewed while somebody fills it in."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.base import Language
from contracts.portal import ContactOpened
from services.portal.language import words
from tests.services.portal.town import Town, filled, picked

FI = words(Language.FI)
QUESTIONS = "/fi/kysely?kunta=285&vaiva=knee"
MIDNIGHT = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
"""Of the 25th in Helsinki: the second version takes effect."""


def test_a_page_from_before_the_questions_were_renewed_is_still_answered(renewing_town: Town) -> None:
    renewing_town.resident.get(QUESTIONS)
    form = filled(renewing_town.resident.page)
    renewing_town.clock.set(MIDNIGHT)
    assert renewing_town.resident.post(QUESTIONS, form).status_code == 303
    (opened,) = renewing_town.told(ContactOpened)
    assert (opened.questionnaire, len(opened.answers)) == ("2026-11-01", 7)


def test_a_page_whose_questions_went_out_of_use_comes_back_with_those_of_today(renewing_town: Town) -> None:
    renewing_town.clock.set(MIDNIGHT - timedelta(hours=1))
    renewing_town.resident.get(QUESTIONS)
    form = filled(renewing_town.resident.page)
    renewing_town.clock.set(MIDNIGHT + timedelta(hours=12))
    renewing_town.resident.get("/fi")  # the session stays open: somebody looked at another page meanwhile
    renewing_town.resident.get("/fi/kysely?kunta=285&vaiva=hip")
    renewing_town.clock.set(MIDNIGHT + timedelta(hours=24))
    response = renewing_town.resident.post(QUESTIONS, form | {"version": "2026-11-01"})
    assert response.status_code == 422
    assert FI("refusal.unknown-questionnaire") in response.text
    assert 'name="version" value="2026-11-25"' in response.text
    assert 'name="q_course"' not in response.text
    assert picked(response.text) == len(form) - 1
    assert renewing_town.told(ContactOpened) == []
    assert renewing_town.resident.post(QUESTIONS, filled(response.text)).status_code == 303


@pytest.mark.parametrize("version", ["2020-01-01", "yesterday", "2026-11-25"])
def test_a_made_up_version_is_answered_with_the_questions_of_today(town: Town, version: str) -> None:
    town.resident.get(QUESTIONS)
    response = town.resident.post(QUESTIONS, filled(town.resident.page) | {"version": version})
    assert response.status_code == 422
    assert FI("refusal.unknown-questionnaire") in response.text
