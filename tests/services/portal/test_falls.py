"""The fall screen, page by page, without a line of JavaScript."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID, uuid4

import pytest

from contracts.base import Language
from contracts.falls import FallForm, FallOutcome, FallPathwayView, FallRiskScreened
from contracts.portal import ContactOpened
from services.portal.case import asked_now
from services.portal.language import words
from tests.factories import identity_verified
from tests.services.intake.builders import code, sealed_person
from tests.services.portal.test_pages import heading
from tests.services.portal.town import Browser, Town, filled

FI = words(Language.FI)
START = "/fi/kaatumisseula"
AT_75 = f"{START}/kysymykset?kunta=285&lomake=short_screen"
AT_70 = f"{START}/kysymykset?kunta=285&lomake=falls_and_fear"
RAISED = {"q_falls": "three_or_more", "q_daily_help": "some", "q_balance": "clearly"}
FINE = {"q_falls": "none", "q_daily_help": "none", "q_balance": "steady"}


def screened(town: Town, form: dict[str, str], questions: str = AT_75) -> str:
    """Fill in a form; the path of its result."""
    town.resident.get(questions)
    response = town.resident.post(questions, form)
    assert response.status_code == 303, response.text
    town.resident.get(response.headers["location"])
    return str(response.headers["location"])


def test_the_front_page_leads_to_the_screen(town: Town) -> None:
    assert f'href="{START}"' in town.resident.get("/fi").text


def test_who_is_75_is_asked_the_short_screen_and_who_is_70_about_falls_and_fear(town: Town) -> None:
    """Rule 24."""
    assert set(re.findall(r'name="(q_\w+)"', town.resident.get(AT_75).text)) == set(RAISED)
    assert set(re.findall(r'name="(q_\w+)"', town.resident.get(AT_70).text)) == {"q_fallen", "q_fear"}


def test_another_age_is_told_whom_the_screen_is_for(town: Town) -> None:
    page = town.resident.get(f"{START}/kysymykset?kunta=285&lomake=other").text
    assert heading(page) == FI("falls.other_title")


@pytest.mark.parametrize(
    ("query", "wrong"), [("kunta=&lomake=short_screen", "error.municipality"), ("kunta=285&lomake=", "falls.error.age")]
)
def test_what_is_missing_at_the_start_is_told_with_a_link_to_it(town: Town, query: str, wrong: str) -> None:
    response = town.resident.get(f"{START}/kysymykset?{query}")
    assert response.status_code == 422
    assert FI(wrong) in response.text


def test_an_unanswered_question_is_told_and_nothing_is_weighed(town: Town) -> None:
    town.resident.get(AT_75)
    response = town.resident.post(AT_75, {"q_falls": "one", "q_balance": "steady"})
    assert response.status_code == 422
    assert f'<a href="#q_daily_help">{FI("error.answer", number=2)}</a>' in response.text
    assert 'value="one" id="q_falls-one" checked' in response.text
    assert town.told(FallRiskScreened) == []


@pytest.mark.parametrize("language", list(Language))
def test_a_raised_risk_leads_to_the_physiotherapist_in_the_language_chosen(town: Town, language: Language) -> None:
    t = words(language)
    screened(town, RAISED, AT_75.replace("/fi/", f"/{language}/"))
    assert heading(town.resident.page) == t("falls.result.physiotherapist")
    assert t("falls.points", n=7) in town.resident.page
    assert 'data-notice="no-device"' in town.resident.page


def test_without_a_raised_risk_the_day_of_the_next_screen_is_told(town: Town) -> None:
    """Rule 24: after 6 months."""
    screened(town, FINE)
    assert heading(town.resident.page) == FI("falls.result.no_raised_risk")
    assert "viimeistään maanantaina 24.5.2027" in town.resident.page


def test_at_70_a_fall_leads_on_to_the_short_screen_of_the_same_contact(town: Town) -> None:
    """Rule 24."""
    result = screened(town, {"q_fallen": "yes", "q_fear": "none"}, AT_70)
    on = re.search(r'href="([^"]+lomake=short_screen[^"]+)"', town.resident.page)
    assert on
    assert screened(town, RAISED, on[1].replace("&amp;", "&")) == result
    outcomes = [told.outcome for told in town.told(FallRiskScreened)]
    assert outcomes == [FallOutcome.SHORT_SCREEN, FallOutcome.PHYSIOTHERAPIST]


def test_the_same_form_sent_twice_is_weighed_once(town: Town) -> None:
    town.resident.get(AT_75)
    key = {"key": "0b7a3c1e-5b1f-4df5-9a5e-0d6a7f1f0001"}
    first, second = (town.resident.post(AT_75, RAISED | key).headers["location"] for _ in range(2))
    assert first == second
    assert len(town.told(FallRiskScreened)) == 1


def test_answers_taken_along_come_in_with_the_contact(town: Town) -> None:
    result = screened(town, RAISED)
    on = town.resident.post(f"{result}/mukaan", {"kunta": "285"}).headers["location"]
    assert '<option value="285" selected>' in town.resident.get(on).text
    case = town.comes_in()
    assert case.rpartition("/")[2] == result.rpartition("/")[2]
    assert f'href="{case}"' in town.resident.get(result).text


def test_answers_that_were_not_taken_along_stay_behind(town: Town) -> None:
    result = screened(town, RAISED)
    assert town.comes_in().rpartition("/")[2] != result.rpartition("/")[2]


def test_who_acts_for_somebody_else_takes_none_of_their_own_answers_along(town: Town) -> None:
    result = screened(town, RAISED)
    town.resident.post(f"{result}/mukaan", {"kunta": "285"})
    assert town.comes_in(puolesta="adult").rpartition("/")[2] != result.rpartition("/")[2]
    assert town.comes_in().rpartition("/")[2] == result.rpartition("/")[2]


def test_answers_come_along_once(town: Town) -> None:
    result = screened(town, RAISED)
    town.resident.post(f"{result}/mukaan", {"kunta": "285"})
    first, second = town.comes_in(), town.comes_in()
    assert first != second
    assert len({told.contact_id for told in town.told(ContactOpened)}) == 2


def test_a_contact_with_answers_along_sent_twice_comes_in_once(town: Town) -> None:
    result = screened(town, RAISED)
    town.resident.post(f"{result}/mukaan", {"kunta": "285"})
    questions = "/fi/kysely?kunta=285&vaiva=knee"
    town.resident.get(questions)
    form = filled(town.resident.page) | {"key": "0b7a3c1e-5b1f-4df5-9a5e-0d6a7f1f0002"}
    first, second = (town.resident.post(questions, form).headers["location"] for _ in range(2))
    assert first == second
    assert len(town.told(ContactOpened)) == 1


def test_another_browser_sees_no_result_and_takes_nothing_along(town: Town) -> None:
    result = screened(town, RAISED)
    stranger = Browser(town)
    stranger.get(AT_75)  # begins a session
    assert stranger.get(result).status_code == 404
    stranger.get(AT_75)
    assert stranger.post(f"{result}/mukaan", {"kunta": "285"}).status_code == 404
    stranger.get(AT_75)
    assert stranger.post(f"{AT_75}&asia={result.rpartition('/')[2]}", RAISED).status_code == 404


def test_while_intake_is_away_the_screen_says_so(town: Town) -> None:
    town.away.add("intake")
    assert town.resident.get(START).status_code == 503


def identifies(town: Town, case: str, first_ten: str) -> None:
    """Tell intake who is behind a case page, as the portal does after the identity provider's answer."""
    intake = town.units["intake"]
    person = intake.seal(sealed_person(personal_identity_code=code(first_ten)))
    intake.hears(identity_verified(contact_id=UUID(case.rpartition("/")[2]), person=person))


@pytest.mark.parametrize(
    ("born", "form"),
    [("241151-951", FallForm.SHORT_SCREEN), ("010156-956", FallForm.FALLS_AND_FEAR), ("010160-960", None)],
)
def test_who_has_identified_and_is_70_or_75_is_invited_on_the_case_page(
    town: Town, born: str, form: FallForm | None
) -> None:
    """Rule 24."""
    case = town.comes_in()
    identifies(town, case, born)
    assert re.findall(r"kaatumisseula/kysymykset[^\"]+lomake=(\w+)", town.resident.get(case).text) == [form] * bool(
        form
    )


def test_who_has_filled_it_in_is_invited_again_after_six_months(town: Town) -> None:
    """Rule 24."""
    case = town.comes_in()
    identifies(town, case, "241151-951")
    screened(town, FINE, f"{AT_75}&asia={case.rpartition('/')[2]}")
    invitation = FI("falls.invited")
    assert invitation not in town.resident.get(case).text
    assert asked_now(pathway(FallForm.SHORT_SCREEN, date(2027, 5, 24)), today=date(2027, 5, 23)) is None
    assert asked_now(pathway(FallForm.SHORT_SCREEN, date(2027, 5, 24)), today=date(2027, 5, 24))


def pathway(form: FallForm, review_on: date) -> FallPathwayView:
    return FallPathwayView(contact_id=uuid4(), form=form, screens=(), review_on=review_on, team="")


def test_who_has_identified_is_not_asked_the_form_of_another_age(town: Town) -> None:
    case = town.comes_in()
    identifies(town, case, "010160-960")
    questions = f"{AT_75}&asia={case.rpartition('/')[2]}"
    town.resident.get(questions)
    response = town.resident.post(questions, RAISED)
    assert response.status_code == 409
    assert FI("refusal.not-invited") in response.text
