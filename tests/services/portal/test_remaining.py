"""Who came with some answers from elsewhere finds the safety text and the questions that are left, and no others."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from contracts.intake import ContactRouted, Route
from contracts.portal import Answer, ContactOpened, Origin, QuestionsAnswered
from services.portal import sessions
from tests.factories import contact_opened
from tests.services.portal.poster import no_red_flag
from tests.services.portal.town import Browser, Town, filled

KNOWN = {"joint_now", "duration", "course"}


def came(town: Town, known: set[str] | None = None, **over: object) -> str:
    """A resident who came with some answers, session open; the path of the case page."""
    answers = [one for one in no_red_flag(town) if one.question in (KNOWN if known is None else known)]
    opened = contact_opened(**{"origin": Origin.OMAOLO, "answers": answers, "municipality": "285"} | over)
    town.resident.cookies.set("digi-visitor", _session(town, opened), domain="127.0.0.1", path="/")
    town.carry()
    return f"/fi/asia/{opened.contact_id}"


def _session(town: Town, opened: ContactOpened) -> str:
    def begin(tx: object) -> str:
        tx.publish(opened)  # type: ignore[attr-defined]  # a transaction
        me = sessions.open_visitor(tx)  # type: ignore[arg-type]
        return sessions.own(tx, me, opened.contact_id).secret  # type: ignore[arg-type]

    return str(town.units["portal"].transact(begin))


def asked(browser: Browser) -> list[str]:
    return list(dict.fromkeys(re.findall(r'name="q_([^"]+)"', browser.page)))


def test_the_case_page_leads_to_the_questions_that_are_left(town: Town) -> None:
    case = came(town)
    response = town.resident.get(case)
    assert (response.status_code, response.headers["location"]) == (303, f"{case}/kysymykset")
    assert town.resident.get(f"{case}/kysymykset").status_code == 200
    assert asked(town.resident) == ["leg_same_day", "knee_physician", "limits", "wish"]


@pytest.mark.parametrize(("language", "sign"), [("fi", "Rintakipu"), ("sv", "Bröstsmärta"), ("en", "Chest pain")])
def test_the_safety_text_stands_before_them_in_the_language_chosen(town: Town, language: str, sign: str) -> None:
    """Rule 11."""
    case = came(town).replace("/fi/", f"/{language}/")
    town.resident.get(f"{case}/kysymykset")
    assert 0 < town.resident.page.index(sign) < town.resident.page.index('name="q_leg_same_day"')
    assert 'href="tel:112"' in town.resident.page


def test_answered_they_are_weighed_with_the_others_and_the_case_goes_on(town: Town) -> None:
    case = came(town)
    town.resident.get(f"{case}/kysymykset")
    response = town.resident.post(f"{case}/kysymykset", filled(town.resident.page))
    assert (response.status_code, response.headers["location"]) == (303, case)
    [answered] = town.told(QuestionsAnswered)
    assert {one.question for one in answered.answers}.isdisjoint(KNOWN)
    assert [one.route for one in town.told(ContactRouted)] == [Route.QUESTIONS, Route.CHAT]
    assert town.resident.get(case).status_code == 200


def test_a_red_flag_among_them_leads_elsewhere(town: Town) -> None:
    """Rule 10."""
    case = came(town)
    town.resident.get(f"{case}/kysymykset")
    town.resident.post(f"{case}/kysymykset", filled(town.resident.page) | {"q_leg_same_day": "yes"})
    town.resident.get(case)
    assert "Ota tänään yhteyttä" in town.resident.page


def test_what_is_left_out_is_asked_for_beside_the_question(town: Town) -> None:
    case = came(town)
    town.resident.get(f"{case}/kysymykset")
    answers = filled(town.resident.page)
    del answers["q_limits"]
    response = town.resident.post(f"{case}/kysymykset", answers)
    assert response.status_code == 422
    assert 'id="q_limits-error"' in town.resident.page
    assert town.told(QuestionsAnswered) == []


def test_answers_sent_twice_are_told_once(town: Town) -> None:
    case = came(town)
    town.resident.get(f"{case}/kysymykset")
    form = town.resident.page
    for _ in range(2):
        town.resident.page = form
        assert town.resident.post(f"{case}/kysymykset", filled(form)).status_code == 303
    assert len(town.told(QuestionsAnswered)) == 1


def test_who_has_answered_everything_is_asked_nothing(town: Town) -> None:
    case = came(town, {one.question for one in no_red_flag(town)})
    response = town.resident.get(f"{case}/kysymykset")
    assert (response.status_code, response.headers["location"]) == (303, case)


def test_the_questions_of_somebody_else_are_not_there(town: Town) -> None:
    case = came(town)
    stranger = town.browser()
    assert stranger.get(f"{case}/kysymykset").status_code == 404


def test_a_front_end_answers_them_by_the_api(town: Town) -> None:
    case = came(town)
    contact_id, secret = UUID(case.rpartition("/")[2]), town.resident.cookies["digi-visitor"]
    headers = {"authorization": f"Bearer {secret}"}
    api = f"/api/v1/contacts/{contact_id}"
    contact = town.browser().send("GET", api, headers=headers).json()["contact"]
    rest = [one for one in no_red_flag(town) if one.question in contact["unanswered"]]
    body = {"answers": [one.model_dump() for one in rest]}
    assert town.browser().send("POST", f"{api}/answers", headers=headers, json=body).status_code == 202
    again = town.browser().send("POST", f"{api}/answers", headers=headers, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "already-decided")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(question="joint_now", answer="no"), "unknown-question"),
        (Answer(question="limits", answer="huge"), "unknown-answer"),
        (Answer(question="limits", answer="some"), "unanswered-question"),
    ],
)
def test_answers_that_do_not_fit_what_is_asked_are_refused(town: Town, answer: Answer, code: str) -> None:
    case = came(town)
    headers = {"authorization": f"Bearer {town.resident.cookies['digi-visitor']}"}
    api = f"/api/v1/contacts/{case.rpartition('/')[2]}/answers"
    refused = town.browser().send("POST", api, headers=headers, json={"answers": [answer.model_dump()]})
    assert (refused.status_code, refused.json()["code"]) == (422, code)
