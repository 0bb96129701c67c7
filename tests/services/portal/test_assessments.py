"""Results of symptom assessments elsewhere: one contact each, nothing asked twice, each refusal with its code."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from contracts.areas import Merged
from contracts.closings import Door
from contracts.intake import ContactRouted, GetContact, Route
from contracts.portal import Assessed, ContactOpened, Origin
from services.portal.assessments.models import TakenResult
from services.portal.assessments.store import forget_taken
from services.portal.links import LIFE, Link, forget_links
from tests.factories import client, staff
from tests.services.portal.sender import Sender, problem, result
from tests.services.portal.test_doors import closes
from tests.services.portal.test_remaining import asked
from tests.services.portal.town import HOME, Town, filled

PATH = "/api/v1/assessments"


@pytest.fixture
def sender(town: Town) -> Sender:
    return Sender(town, "omaolo")


def opens(town: Town, link: str) -> str:
    """The resident opens a link and goes on; where they are led."""
    path = link.removeprefix(HOME)
    assert town.resident.get(path).status_code == 200
    return str(town.resident.post(path).headers["location"])


def test_a_result_opens_a_contact_with_what_is_known(sender: Sender) -> None:
    response = sender.assessed()
    assert response.status_code == 201, response.text
    (opened,) = sender.town.told(ContactOpened)
    assert str(opened.contact_id) == response.json()["contact_id"]
    assert (opened.origin, opened.assessed, opened.area) == (Origin.OMAOLO, Assessed.ROUTINE, "10")
    known = {one.question: one.answer for one in opened.answers}
    assert known == {"joint_now": "no", "duration": "under_3_months", "course": "same"}


def test_the_person_is_asked_what_is_left_and_nothing_twice(sender: Sender) -> None:
    case = opens(sender.town, sender.assessed().json()["link"])
    browser = sender.town.resident
    assert browser.get(case).headers["location"] == f"{case}/kysymykset"
    browser.get(f"{case}/kysymykset")
    assert asked(browser) == ["leg_same_day", "knee_physician", "limits", "wish"]
    assert browser.post(f"{case}/kysymykset", filled(browser.page)).status_code == 303
    assert [one.route for one in sender.town.told(ContactRouted)] == [Route.QUESTIONS, Route.CHAT]


def test_a_therapist_finds_the_summary_and_nobody_else(sender: Sender) -> None:
    """Rule 4: on the bus it is sealed."""
    response = sender.assessed()
    contact_id = UUID(response.json()["contact_id"])
    ask, intake = GetContact(contact_id=contact_id), sender.town.units["intake"]
    assert intake.asks(ask, viewer=staff()).summary == "https://maker.example/summaries/1"
    assert intake.asks(ask, viewer=client(contact_id)).summary is None
    assert "maker.example" not in sender.town.told(ContactOpened)[0].model_dump_json()
    case = opens(sender.town, response.json()["link"])
    sender.town.resident.get(f"{case}/kysymykset")
    sender.town.resident.post(f"{case}/kysymykset", filled(sender.town.resident.page))
    desk = sender.town.therapist()
    desk.get("/fi/desk")
    talk = f"/fi/desk/conversation/{contact_id}"
    found = re.search(r'name="conversation_id" value="([^"]+)"', desk.page)
    assert found
    desk.post(f"{talk}/accept", {"conversation_id": found[1]})
    assert 'href="https://maker.example/summaries/1"' in desk.get(talk).text


@pytest.mark.parametrize(
    "over",
    [
        {"answers": [{"question": "knee_hot", "answer": "yes"}]},
        {"answers": [{"question": "swollen_calf", "answer": "yes"}]},
        {"urgency": "urgent", "answers": []},
        {"urgency": "emergency", "answers": []},
    ],
)
def test_a_red_flag_among_what_is_known_acts_at_once(sender: Sender, over: dict[str, Any]) -> None:
    """Rules 10 and 11."""
    response = sender.assessed(**over)
    (routed,) = sender.town.told(ContactRouted)
    assert routed.route is Route.ELSEWHERE
    case = opens(sender.town, response.json()["link"])
    assert sender.town.resident.get(case).status_code == 200
    assert 'href="tel:' in sender.town.resident.page


def test_the_same_result_three_times_is_one_contact_and_one_answer(sender: Sender) -> None:
    told = result()
    answers = [sender.sends(PATH, told) for _ in range(3)]
    assert [one.status_code for one in answers] == [201] * 3
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert len(sender.town.told(ContactOpened)) == 1


def test_the_same_id_of_another_maker_is_another_result(sender: Sender) -> None:
    told = result()
    ids = {each.sends(PATH, told).json()["contact_id"] for each in (sender, Sender(sender.town, "other-maker"))}
    assert len(ids) == 2


def test_a_known_result_gets_its_answer_whatever_has_changed_since(sender: Sender) -> None:
    told = result()
    first = sender.sends(PATH, told).json()
    sender.town.clock.advance(timedelta(days=99))
    sender.token = ""
    assert sender.sends(PATH, told).json() == first


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"consent": None}, "consent-missing"),
    ({"consent": False}, "consent-missing"),
    ({"assessment": "ankle_symptom"}, "unknown-assessment"),
    ({"version": "2"}, "unknown-assessment-version"),
    ({"municipality": "091"}, "unknown-municipality"),
    ({"municipality": "272"}, "other-municipality"),
    ({"answers": [{"question": "toes", "answer": "yes"}]}, "unknown-question"),
    ({"answers": [{"question": "since", "answer": "ages"}]}, "unknown-answer"),
    ({"answers": [{"question": "since", "answer": "days"}] * 2}, "unknown-answer"),
    ({"assessed_at": "2026-11-24T09:58:00"}, "no-zone"),
    ({"assessed_at": "1764000000"}, "schema"),
    ({"assessed_at": 1764000000}, "schema"),
    ({"assessed_at": "2026-11-24T12:00:00+02:00"}, "clock-ahead"),
    ({"assessed_at": "2026-08-01T12:00:00+02:00"}, "too-old"),
    ({"urgency": "bogus"}, "schema"),
    ({"urgency": None}, "schema"),
    ({"result_id": "Kun polvi naksuu"}, "schema"),
    ({"summary": "Polvi naksuu"}, "schema"),
    ({"name": "Noora"}, "schema"),
    ({"answers": [{"question": "height", "answer": "170"}] * 61}, "schema"),
]


@pytest.mark.parametrize(("over", "code"), REFUSED, ids=[f"{code}-{n}" for n, (_, code) in enumerate(REFUSED)])
def test_each_wrong_result_has_its_code_and_opens_nothing(sender: Sender, over: dict[str, Any], code: str) -> None:
    assert problem(sender.assessed(**over)) == (422, code)
    assert sender.town.told(ContactOpened) == []


@pytest.mark.parametrize(("language", "said"), [("fi", "Kunta ei kuulu"), ("sv", "Kommunen"), ("en", "The")])
def test_a_refusal_speaks_the_persons_language(sender: Sender, language: str, said: str) -> None:
    """Rule 35."""
    assert said in sender.assessed(language=language, municipality="091").json()["detail"]


def test_while_intake_is_away_a_result_is_to_be_sent_again(sender: Sender) -> None:
    told = result()
    sender.town.away.add("intake")
    assert problem(sender.sends(PATH, told)) == (503, "service-unavailable")
    sender.town.away.clear()
    assert sender.sends(PATH, told).status_code == 201


@pytest.mark.parametrize("odd", [7, 1.5, True, [], {}, "Noora", [None], [{"a": 1}], "\x00", "\U0001f600", "9" * 400])
def test_an_odd_value_anywhere_is_refused_or_taken_and_breaks_nothing(sender: Sender, odd: Any) -> None:
    for name in result():
        response = sender.assessed(**{name: odd})
        assert response.status_code in (201, 422), (name, response.text)
        assert "Noora" not in response.text


@pytest.mark.parametrize("body", ['{"a": "\\ud800"}', "[" * 5000, "1e999", '{"result_id": 1e999}', "\x00"])
def test_json_that_is_none_is_refused(sender: Sender, body: str) -> None:
    assert problem(sender.sends(PATH, body))[0] == 422


def test_a_merged_municipality_is_refused_and_its_successor_named(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 1."""
    with_merged(sender.town, monkeypatch)
    response = sender.assessed(municipality="999")
    assert problem(response) == (422, "merged-municipality")
    assert response.json()["successor"] == "285"


def with_merged(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A municipality that has become part of Kotka."""
    merged = Merged.model_validate(
        {"code": "999", "names": {"fi": "V", "sv": "V", "en": "V"}, "into": "285", "merged_on": "2020-01-01"}
    )
    monkeypatch.setattr(type(town.edge.areas), "merged", lambda _, code: merged if code == "999" else None)


def test_another_content_under_a_known_id_is_refused(sender: Sender) -> None:
    told = result()
    sender.sends(PATH, told)
    assert problem(sender.sends(PATH, told | {"urgency": "self_care"})) == (409, "result-changed")
    assert len(sender.town.told(ContactOpened)) == 1


@pytest.mark.parametrize(
    ("body", "headers", "refused"),
    [
        ("{", {}, (422, "bad-json")),
        ("[]", {}, (422, "schema")),
        ("{}", {"content-type": "text/plain"}, (415, "content-type")),
        ("{}", {"content-type": "application/json; charset=latin-1"}, (415, "content-type")),
        ("{}", {"content-encoding": "gzip"}, (415, "content-type")),
        (b" " * 65_537, {}, (413, "too-big")),
        ("{}", {"authorization": "Bearer nothing"}, (401, "token-not-valid")),
        ("{}", {"authorization": ""}, (401, "token-not-valid")),
    ],
)
def test_what_is_no_result_at_all_has_its_code(
    sender: Sender, body: str, headers: dict[str, str], refused: tuple[int, str]
) -> None:
    assert problem(sender.sends(PATH, body, **headers)) == refused


def test_who_was_not_granted_it_sends_nothing(town: Town) -> None:
    assert problem(Sender(town, sends=("referrals",)).assessed()) == (403, "not-granted")


def test_a_token_opens_nothing_once_the_grant_is_taken_back(sender: Sender) -> None:
    assert sender.assessed().status_code == 201
    sender.save(sends=())
    assert problem(sender.assessed()) == (403, "not-granted")


# Closed doors


def test_a_closed_door_refuses_and_names_the_ways_that_are_open(sender: Sender) -> None:
    for door in (Door.OMAOLO, Door.CHAT):
        closes(sender.town, door)
    response = sender.assessed()
    assert problem(response) == (409, "door-closed")
    assert response.json()["instead"] == ["message", "booking"]
    assert sender.town.told(ContactOpened) == []


@pytest.mark.parametrize("over", [{"urgency": "urgent"}, {"answers": [{"question": "knee_hot", "answer": "unsure"}]}])
def test_a_closed_door_stands_before_no_red_flag(sender: Sender, over: dict[str, Any]) -> None:
    """Rule 11; docs/adr/0013."""
    closes(sender.town, Door.OMAOLO)
    assert sender.assessed(**over).status_code == 201


def test_a_known_result_gets_its_answer_at_a_closed_door(sender: Sender) -> None:
    told = result()
    first = sender.sends(PATH, told).json()
    closes(sender.town, Door.OMAOLO)
    assert sender.sends(PATH, told).json() == first


def test_another_countys_closed_door_is_in_nobodys_way(sender: Sender) -> None:
    closes(sender.town, Door.OMAOLO, area="18")
    assert sender.assessed().status_code == 201


# The link


def test_a_link_opens_its_contact_once(sender: Sender) -> None:
    link = sender.assessed().json()["link"]
    opens(sender.town, link)
    stranger = sender.town.browser()
    assert stranger.get(link.removeprefix(HOME)).status_code == 410


def test_two_who_press_the_button_are_one_who_comes_in(sender: Sender) -> None:
    path = sender.assessed().json()["link"].removeprefix(HOME)
    one, other = sender.town.browser(), sender.town.browser()
    one.get(path)
    other.get(path)
    assert [one.post(path).status_code, other.post(path).status_code] == [303, 410]


def test_the_browser_that_used_a_link_is_led_on_by_it_again(sender: Sender) -> None:
    link = sender.assessed().json()["link"]
    case = opens(sender.town, link)
    assert sender.town.resident.get(link.removeprefix(HOME)).headers["location"] == case


def test_looking_at_a_link_uses_nothing_up(sender: Sender) -> None:
    link = sender.assessed().json()["link"]
    for _ in range(2):
        assert sender.town.browser().get(link.removeprefix(HOME)).status_code == 200
    assert opens(sender.town, link).startswith("/fi/asia/")


def test_a_link_is_over_after_a_day(sender: Sender) -> None:
    link = sender.assessed().json()["link"]
    sender.town.clock.advance(LIFE)
    assert sender.town.resident.get(link.removeprefix(HOME)).status_code == 410


def test_what_can_be_used_no_more_is_let_go(sender: Sender) -> None:
    """Links after a day, results after the hundred days in which they are known again."""
    sender.assessed()
    portal = sender.town.units["portal"]
    for days, left in ((0, (1, 1)), (2, (0, 1)), (99, (0, 0))):
        sender.town.clock.advance(timedelta(days=days))
        for forget in (forget_links, forget_taken):
            portal.transact(forget)
        kept = tuple(
            portal.database.read(lambda session, table=table: len(session.exec(select(table)).all()))
            for table in (Link, TakenResult)
        )
        assert kept == left


def test_a_secret_nobody_made_opens_nothing(town: Town) -> None:
    assert town.resident.get("/fi/avaa/" + "A" * 43).status_code == 410
    assert "Linkki on jo käytetty" in town.resident.page


def test_the_database_holds_no_secret_of_a_link(sender: Sender) -> None:
    secret = sender.assessed().json()["link"].rpartition("/")[2]
    file = sender.town.edge.settings.data_dir / "portal.db"
    assert not any(secret.encode() in each.read_bytes() for each in file.parent.glob("portal.db*"))


def test_a_link_is_used_from_its_own_page_alone(sender: Sender) -> None:
    path = sender.assessed().json()["link"].removeprefix(HOME)
    sender.town.resident.get(path)
    assert sender.town.resident.post(path, origin="https://elsewhere.example").status_code == 403
    assert opens(sender.town, HOME + path)
