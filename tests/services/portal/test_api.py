"""The JSON API: the same acts, a bearer secret instead of a cookie, problems instead of pages."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from contracts.base import Language
from contracts.portal import CallbackRequested, ContactOpened, WarningPassed
from services.portal.language import words
from tests.services.portal.town import Town, new_key

OPENING = {
    "municipality": "285",
    "language": "fi",
    "trouble": "knee",
    "age_band": "23_74",
    "questionnaire": "2026-11-01",
    "answers": [],
}


class Caller:
    """A front end that is no browser."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.secret = ""
        self.contact = ""

    def post(self, path: str, body: Any, *, key: str | None = "", **headers: str) -> httpx.Response:
        if key is not None:
            headers["idempotency-key"] = key or new_key()
        return self._send("POST", path, json=body, headers=headers)

    def get(self, path: str = "", **headers: str) -> httpx.Response:
        return self._send("GET", path, headers=headers)

    def _send(self, method: str, path: str, *, headers: dict[str, str], **more: Any) -> httpx.Response:
        if self.secret:
            headers = {"authorization": f"Bearer {self.secret}"} | headers
        url = "/api/v1/contacts" + (f"/{self.contact}" if self.contact else "") + path
        return self._town.browser().send(method, url, headers=headers, **more)

    def comes_in(self, **over: Any) -> httpx.Response:
        response = self.post("", self._answered() | over)
        if response.status_code == 201:
            self.contact, self.secret = response.json()["contact_id"], response.json()["secret"]
        return response

    def _answered(self) -> dict[str, Any]:
        asked = self._town.units["intake"].asks(_questions(), viewer=_passer_by())
        mild = {"course": "same"} | {one.code: "no" for one in asked.questions if one.red_flag}
        answers = [{"question": one.code, "answer": mild.get(one.code, one.options[0].code)} for one in asked.questions]
        return OPENING | {"answers": answers}


def _questions() -> Any:
    from contracts.intake import GetQuestionnaire

    return GetQuestionnaire(language=Language.FI, trouble="knee")


def _passer_by() -> Any:
    from services.portal.edge import PASSER_BY

    return PASSER_BY


@pytest.fixture
def caller(town: Town) -> Caller:
    return Caller(town)


def test_a_contact_is_opened_and_its_secret_opens_it(caller: Caller) -> None:
    assert caller.comes_in().status_code == 201
    assert caller.get().json()["stage"] == "queued"


def test_the_id_alone_opens_nothing(caller: Caller) -> None:
    caller.comes_in()
    caller.secret = ""
    response = caller.get()
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_a_wrong_secret_looks_like_a_contact_that_never_was(caller: Caller) -> None:
    caller.comes_in()
    caller.secret = "x" * 43
    wrong = caller.get().content
    caller.contact = "6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e11"
    assert caller.get().content == wrong


def test_another_contacts_secret_opens_nothing(town: Town, caller: Caller) -> None:
    caller.comes_in()
    other = Caller(town)
    other.comes_in()
    other.contact = caller.contact
    assert other.get().status_code == 404


def test_a_cookie_is_no_bearer_secret(town: Town) -> None:
    """A page of another site can make a browser send a cookie, not a bearer secret."""
    case = town.comes_in()
    response = town.resident.get(f"/api/v1/contacts/{case.rpartition('/')[2]}")
    assert response.status_code == 404


def test_the_same_key_opens_one_contact_and_renews_its_secret(town: Town, caller: Caller) -> None:
    key, body = new_key(), caller._answered()
    first, second = (caller.post("", body, key=key).json() for _ in range(2))
    assert first["contact_id"] == second["contact_id"]
    assert first["secret"] != second["secret"]
    assert len(town.told(ContactOpened)) == 1


def test_a_change_without_a_key_is_refused(caller: Caller) -> None:
    response = caller.post("", OPENING, key=None)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "Idempotency-Key"


@pytest.mark.parametrize(
    "over",
    [
        {"municipality": "28"},
        {"language": "de"},
        {"age_band": "30"},
        {"trouble": "Knee!"},
        {"answers": [{"question": "a", "answer": "b"}] * 61},
        {"unheard_of": 1},
    ],
)
def test_a_body_out_of_bounds_is_refused_and_says_where(caller: Caller, over: dict[str, Any]) -> None:
    response = caller.comes_in(**over)
    assert response.status_code == 422
    assert response.json()["code"] == "not-valid"
    assert response.json()["errors"][0]["field"].startswith(next(iter(over)))


def test_a_municipality_of_no_county_is_refused(caller: Caller) -> None:
    assert caller.comes_in(municipality="091").json()["code"] == "unknown-municipality"


WRONG: list[tuple[Callable[[list[dict[str, str]]], list[dict[str, str]]], str, str]] = [
    (lambda given: [*given, {"question": "surgery", "answer": "under_2_weeks"}], "unknown-question", "surgery"),
    (lambda given: [{**given[0], "answer": "perhaps"}, *given[1:]], "unknown-answer", "joint_now"),
    (lambda given: [*given, {**given[0], "answer": "yes"}], "unknown-answer", "joint_now"),
    (lambda given: given[:-1], "unanswered-question", "wish"),
    (lambda given: [], "unanswered-question", "joint_now"),
]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(("wrong", "code", "question"), WRONG, ids=lambda one: one if isinstance(one, str) else "")
def test_answers_that_do_not_fit_open_nothing_and_are_told_which_in_the_language_chosen(
    town: Town, caller: Caller, wrong: Any, code: str, question: str, language: Language
) -> None:
    """Rule 10: an unanswered question cannot be sent, nor an answer that was not offered."""
    body = caller._answered()
    response = caller.post("", body | {"answers": wrong(body["answers"]), "language": language})
    problem = response.json()
    assert (response.status_code, problem["code"], problem["question"]) == (422, code, question)
    t = words(language)
    assert problem["detail"] == f"{t.refusal(code)} {t('error.which_question', question=question)}"
    assert town.told(ContactOpened) == []


@pytest.mark.parametrize(
    ("over", "status", "code"),
    [
        ({"questionnaire": "2020-01-01"}, 422, "unknown-questionnaire"),
        ({"trouble": "tooth"}, 404, "unknown-trouble"),
    ],
)
def test_what_nobody_was_asked_cannot_be_answered(
    town: Town, caller: Caller, over: dict[str, Any], status: int, code: str
) -> None:
    response = caller.comes_in(**over, language="sv")
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["detail"] == words(Language.SV).refusal(code)
    assert town.told(ContactOpened) == []


def test_while_intake_is_away_nobody_is_let_in_unread(town: Town, caller: Caller) -> None:
    body = caller._answered()
    town.away.add("intake")
    response = caller.post("", body)
    assert (response.status_code, response.json()["code"]) == (503, "service-unavailable")


MIDNIGHT = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
"""Of the 25th in Helsinki: the second version takes effect."""


@pytest.mark.parametrize(
    ("at", "status"),
    [
        (MIDNIGHT, 201),
        (MIDNIGHT + timedelta(hours=24) - timedelta(microseconds=1), 201),
        (MIDNIGHT + timedelta(hours=24), 422),
    ],
    ids=["at the change", "just within 24 hours", "24 hours later"],
)
def test_a_version_that_goes_out_of_use_is_answered_for_another_24_hours(
    renewing_town: Town, at: datetime, status: int
) -> None:
    caller = Caller(renewing_town)
    body = caller._answered()
    renewing_town.clock.set(at)
    assert caller.post("", body).status_code == status


def test_the_version_that_is_to_come_is_not_answered_yet(renewing_town: Town) -> None:
    caller = Caller(renewing_town)
    assert caller.comes_in(questionnaire="2026-11-25").json()["code"] == "unknown-questionnaire"


@pytest.mark.parametrize(("code", "successor"), [("315", "272"), ("429", "272"), ("885", "272"), ("306", "286")])
def test_a_merged_municipality_is_refused_with_its_successor(caller: Caller, code: str, successor: str) -> None:
    """Rule 1."""
    refused = caller.comes_in(municipality=code).json()
    assert (refused["code"], refused["successor"]) == ("merged-municipality", successor)


@pytest.mark.parametrize("language", list(Language))
def test_a_refusal_is_told_in_the_language_asked_for(caller: Caller, language: Language) -> None:
    caller.comes_in()
    response = caller.post("/messages", {"words": "Hei"}, **{"accept-language": language})
    assert response.json()["code"] == "not-yet-accepted"
    assert response.json()["detail"] == words(language).refusal("not-yet-accepted")


def test_who_goes_on_past_a_warning_is_queued_with_it(town: Town, caller: Caller) -> None:
    """Rule 11."""
    raised = [one | {"answer": "yes"} if one["answer"] == "no" else one for one in caller._answered()["answers"]]
    caller.comes_in(answers=raised)
    assert caller.get().json()["stage"] == "elsewhere"
    assert [caller.post("/warning", {}).status_code for _ in range(2)] == [202, 202]
    state = caller.get().json()
    assert (state["stage"], state["conversation"]["alert"]) == ("queued", state["contact"]["outcome"])
    assert len(town.told(WarningPassed)) == 1


def test_a_front_end_tells_the_warning_shown_on_the_way_in(caller: Caller) -> None:
    caller.comes_in(warned="emergency_112")
    assert caller.get().json()["conversation"]["alert"] == "emergency_112"


def test_who_leaves_the_queue_has_left_it(caller: Caller) -> None:
    caller.comes_in()
    assert caller.post("/end", {}).json()["state"] == "abandoned"


def test_the_same_key_leaves_a_message_once(closed_town: Town) -> None:
    closed_town.clock.set(closed_town.clock().replace(hour=18))
    caller, key = Caller(closed_town), new_key()
    caller.comes_in()
    body = {"phone": "040 123 4567", "words": "Polvi", "kind": "advice"}
    assert [caller.post("/callback", body, key=key).status_code for _ in range(2)] == [202, 202]
    assert len(closed_town.told(CallbackRequested)) == 1
    assert caller.get().json()["promise"]["due_on"] == "2026-12-01"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/callback", {"phone": "112", "words": "Hei", "kind": "advice"}, "phone-short"),
        ("/callback", {"phone": "0600 12345", "words": "Hei", "kind": "advice"}, "phone-premium"),
        ("/callback", {"phone": "040", "words": "Hei", "kind": "advice"}, "phone-not-callable"),
        ("/warning", {}, "no-warning"),
        ("/hold", {"slot_id": "6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e11"}, "not-offered"),
        ("/booking", {"hold_id": "6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e11", "email": "aino@"}, "email-not-valid"),
        ("/booking", {"hold_id": "6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e11"}, "hold-expired"),
        ("/feedback", {"invitation_id": "6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e11", "recommend": 9}, "unknown-invitation"),
        ("/feedback", {"invitation_id": "6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e11", "recommend": 11}, "not-valid"),
        ("/messages", {"words": "x" * 2001}, "not-valid"),
    ],
)
def test_what_cannot_be_done_has_a_stable_code(caller: Caller, path: str, body: dict[str, Any], code: str) -> None:
    caller.comes_in()
    assert caller.post(path, body).json()["code"] == code


def test_the_api_describes_itself(caller: Caller, town: Town) -> None:
    document = town.browser().get("/api/v1/openapi.json").json()
    assert document["components"]["schemas"]["MessageView"]["properties"]["sequence"]["description"]
    assert document["components"]["schemas"]["Result"]["properties"]["consent"]["description"]
    assert set(document["paths"]) == {
        "/api/v1/contacts",
        "/api/v1/contacts/{contact_id}",
        *(
            f"/api/v1/contacts/{{contact_id}}/{act}"
            for act in ("answers", "warning", "messages", "callback", "hold", "booking", "feedback", "end")
        ),
        *(f"/api/v1/{what}" for what in ("token", "events", "keys", "assessments")),
        *(
            f"/fhir/r4/{what}"
            for what in ("metadata", "QuestionnaireResponse", "ServiceRequest", "ServiceRequest/{referral_id}")
        ),
    }


def test_the_same_key_with_another_body_opens_nothing(town: Town, caller: Caller) -> None:
    key, body = new_key(), caller._answered()
    caller.post("", body, key=key)
    response = caller.post("", body | {"municipality": "286"}, key=key)
    assert (response.status_code, response.json()["code"]) == (409, "idempotency-key-reused")
    assert len(town.told(ContactOpened)) == 1


def test_a_secret_in_use_is_not_taken_from_its_owner(caller: Caller) -> None:
    key, body = new_key(), caller._answered()
    opened = caller.post("", body, key=key).json()
    caller.contact, caller.secret = opened["contact_id"], opened["secret"]
    caller.get()
    again = Caller(caller._town).post("", body, key=key)
    assert again.json()["code"] == "idempotency-key-reused"
    assert caller.get().status_code == 200


def test_a_contact_that_is_not_called_back_takes_no_message(town: Town, caller: Caller) -> None:
    caller.comes_in()
    response = caller.post("/callback", {"phone": "040 123 4567", "words": "Polvi", "kind": "advice"})
    assert (response.status_code, response.json()["code"]) == (409, "not-by-message")
    assert town.told(CallbackRequested) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [("/messages", {}), ("/callback", {"phone": "040 123 4567", "kind": "advice"})],
)
def test_words_of_control_characters_alone_are_no_words(caller: Caller, path: str, body: dict[str, Any]) -> None:
    caller.comes_in()
    response = caller.post(path, body | {"words": "\x00\x07"})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "words")
