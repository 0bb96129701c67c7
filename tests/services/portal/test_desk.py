"""The therapist's desk."""

import asyncio
import itertools
import re
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest

from chassis import Refused, Role, Viewer
from contracts.base import Language
from contracts.callbacks import CallbackKept
from contracts.chat import ConversationAccepted
from contracts.scheduling import SlotsPublished
from services.portal import acts
from services.portal.forms import Form
from services.portal.language import words
from services.portal.pages.desk_lists import times_of
from services.portal.sessions import Staff
from tests.services.portal.town import Town, new_key

FI = words(Language.FI)
LISTS = ("", "/callbacks", "/calendar", "/feedback", "/demand", "/doors")


@pytest.mark.parametrize("path", LISTS)
def test_who_is_not_logged_in_is_sent_to_the_login(town: Town, path: str) -> None:
    response = town.browser().get(f"/fi/desk{path}")
    assert (response.status_code, response.headers["location"]) == (303, "/desk/login")


def test_a_stream_of_the_desk_is_not_for_strangers(town: Town) -> None:
    assert town.browser().get("/fi/desk/live").status_code == 401


def test_a_resident_is_no_member_of_staff(town: Town) -> None:
    town.comes_in()
    assert town.resident.get("/fi/desk").headers["location"] == "/desk/login"


@pytest.mark.parametrize(("path", "where"), [("/desk", "/sv/desk"), ("/desk/calendar", "/sv/desk/calendar")])
def test_an_address_without_a_language_leads_to_the_browsers(town: Town, path: str, where: str) -> None:
    response = town.browser().get(path, **{"accept-language": "sv"})
    assert (response.status_code, response.headers["location"]) == (303, where)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("path", LISTS)
def test_every_list_is_there_in_every_language(town: Town, path: str, language: Language) -> None:
    assert town.therapist().get(f"/{language}/desk{path}").status_code == 200


def test_the_queue_says_who_waits_in_words(town: Town) -> None:
    town.comes_in()
    page = town.therapist().get("/fi/desk").text
    assert "<strong>Polvi</strong>" in page
    assert "Kotka" in page


def test_a_therapist_of_another_county_sees_nobody(town: Town) -> None:
    town.comes_in()
    assert FI("desk.queue_empty") in town.therapist("18").get("/fi/desk").text


def test_a_desk_without_intake_still_shows_who_waits(town: Town) -> None:
    town.comes_in()
    town.away.add("intake")
    assert FI("desk.trouble_unknown") in town.therapist().get("/fi/desk").text


def test_a_taken_conversation_is_the_therapists(town: Town) -> None:
    town.in_conversation()
    assert len(town.told(ConversationAccepted)) == 1


@pytest.mark.parametrize("language", list(Language))
def test_a_therapist_reads_every_question_with_its_answer_and_by_which_rules(town: Town, language: Language) -> None:
    """Rule 12: version, answers and outcome are shown to the professional."""
    _, desk, talk = town.in_conversation()
    t = words(language)
    page = desk.get(talk.replace("/fi/", f"/{language}/")).text
    about = page[page.index('id="panel-about"') :]
    assert about.count("<dd>") - about[: about.index("<details>")].count("<dd>") == 7
    assert f"<dt>{t('desk.age')}</dt><dd>{t('age.23_74')}</dd>" in about
    assert t("desk.weighed", version="2026-11-01") in about
    assert t("desk.mode.routing_only") in about


def test_answers_are_read_in_the_words_of_the_version_that_was_asked(renewing_town: Town) -> None:
    """The question about the course is gone on the 25th; who answered it before is still read."""
    renewing_town.clock.set(datetime(2026, 11, 24, 21, 30, tzinfo=UTC))
    _, desk, talk = renewing_town.in_conversation()
    renewing_town.clock.set(datetime(2026, 11, 25, 6, 0, tzinfo=UTC))
    assert "Onko vaiva uusi tai pahentunut?" in desk.get(talk).text


def test_a_conversation_of_another_county_looks_like_one_that_never_was(town: Town) -> None:
    _, _, talk = town.in_conversation()
    stranger = town.therapist("18")
    never = stranger.get("/fi/desk/conversation/6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e11")
    theirs = stranger.get(talk)
    assert theirs.status_code == 404
    assert theirs.content == never.content


def test_red_flags_are_shown_in_words(town: Town) -> None:
    town.resident.get("/fi/kysely?kunta=285&vaiva=knee")
    town.in_conversation()
    assert FI("desk.no_flags") in town.therapist().get(_talk_of(town)).text


def _talk_of(town: Town) -> str:
    found = re.search(r"/fi/desk/conversation/[0-9a-f-]{36}", town.therapist().get("/fi/desk").text)
    assert found
    return found[0]


def test_an_anonymous_resident_has_no_name_on_the_page(town: Town) -> None:
    _, desk, talk = town.in_conversation()
    assert 'id="who"' not in desk.get(talk).text


def test_asking_for_identification_shows_on_both_sides(town: Town) -> None:
    case, desk, talk = town.in_conversation()
    desk.post(f"{talk}/identify")
    assert FI("desk.identity_asked") in desk.get(talk).text
    assert f'href="{case}/tunnistaudu"' in town.resident.get(case).text


def test_times_are_not_offered_to_somebody_unknown(town: Town) -> None:
    _, desk, talk = town.in_conversation()
    response = desk.post(f"{talk}/offer")
    assert response.status_code == 409
    assert FI("refusal.not-identified") in response.text


def test_times_are_not_offered_in_another_therapists_conversation(town: Town) -> None:
    case, *_ = town.in_conversation()
    assert refusal_of_offer(town, case) == "unknown-conversation"


def test_times_are_not_offered_before_the_conversation_is_taken(town: Town) -> None:
    assert refusal_of_offer(town, town.comes_in()) == "not-yours"


def refusal_of_offer(town: Town, case: str) -> str:
    """Why Bertta of the same county may not offer times to the resident of a case page."""
    bertta = Viewer(role=Role.STAFF, id=uuid4(), areas=frozenset({"10"}), name="Bertta")
    with pytest.raises(Refused) as refused:
        asyncio.run(acts.offer_times(town.edge, bertta, UUID(case.rpartition("/")[2]), key=new_key()))
    return refused.value.code


def test_what_the_therapist_says_reaches_the_resident(town: Town) -> None:
    case, desk, talk = town.in_conversation()
    desk.post(f"{talk}/messages", {"words": "Miten voin auttaa?"})
    page = town.resident.get(case).text
    assert "Miten voin auttaa?" in page
    assert "<span>Aino</span>" in page


def test_reading_an_open_conversation_again_reads_no_message_twice(town: Town) -> None:
    """Each read of messages is audited: a page that has them all does not ask again."""
    _, desk, talk = town.in_conversation()
    desk.get(talk)
    assert [row.what for row in town.units["chat"].audited if row.what == "messages"] == []


# Calls


def left(town: Town) -> str:
    town.clock.set(town.clock().replace(hour=18))
    case = town.comes_in()
    town.resident.get(case)
    town.resident.post(f"{case}/callback", {"phone": "040 123 4567", "words": "Polvi", "kind": "advice"})
    return case


def test_a_promised_call_is_listed_with_its_due_day(closed_town: Town) -> None:
    left(closed_town)
    page = closed_town.therapist().get("/fi/desk/callbacks").text
    assert "040 1234567" in page
    assert "Viimeistään tiistaina 1.12.2026" in page


def test_a_broken_promise_is_marked(closed_town: Town) -> None:
    left(closed_town)
    closed_town.clock.set(closed_town.clock().replace(month=12, day=2))
    assert FI("calls.late") in closed_town.therapist().get("/fi/desk/callbacks").text


def test_a_reached_person_keeps_the_promise(closed_town: Town) -> None:
    left(closed_town)
    desk = closed_town.therapist()
    action = re.search(r'action="(/fi/desk/callbacks/[^"]+)"', desk.get("/fi/desk/callbacks").text)
    assert action
    assert desk.post(action[1], {"outcome": "reached"}).status_code == 303
    assert len(closed_town.told(CallbackKept)) == 1


def test_an_outcome_nobody_offered_is_refused(closed_town: Town) -> None:
    left(closed_town)
    desk = closed_town.therapist()
    action = re.search(r'action="(/fi/desk/callbacks/[^"]+)"', desk.get("/fi/desk/callbacks").text)
    assert action
    assert desk.post(action[1], {"outcome": "perhaps"}).status_code == 422


# Times

GOOD = {"area": "10", "on": "2026-11-26", "first": "10:00", "count": "2", "minutes": "45", "modality": "video"}
AINO = Staff(uuid4(), "secret", viewer=Viewer(role=Role.STAFF, id=uuid4(), areas=frozenset({"10"}), name="Aino"))


def test_published_times_stand_under_their_day(town: Town) -> None:
    desk = town.therapist()
    desk.get("/fi/desk/calendar")
    desk.post("/fi/desk/calendar", GOOD)
    page = re.sub(r"<[^>]+>", " ", desk.get("/fi/desk/calendar").text)
    assert re.search(r"torstai 26\.11\.\s+klo 10\.00–10\.45\s+video\s+klo 10\.45–11\.30", page)
    assert [told.slots for told in town.told(SlotsPublished)] == [2]


def test_times_over_the_night_of_change_stay_an_hour_apart() -> None:
    """25.10.2026: 3 o'clock comes twice."""
    form = Form(GOOD | {"on": "2026-10-25", "first": "02:00", "count": "4", "minutes": "60"})
    times = times_of(form, AINO, FI, today=date(2026, 10, 1))
    assert times
    starts = times.starts()
    assert {(after - before).total_seconds() for before, after in itertools.pairwise(starts)} == {3600}


@pytest.mark.parametrize(
    ("over", "wrong"),
    [
        ({"on": "2026-11-23"}, "on"),
        ({"on": "tomorrow"}, "on"),
        ({"first": "25:00"}, "first"),
        ({"count": "0"}, "count"),
        ({"count": "21"}, "count"),
        ({"count": "-1"}, "count"),
        ({"count": "٣"}, "count"),
        ({"minutes": "7"}, "minutes"),
        ({"modality": "near"}, "modality"),
        ({"area": "18"}, "modality"),
    ],
)
def test_a_time_that_cannot_be_is_told_at_its_field(over: dict[str, str], wrong: str) -> None:
    form = Form(GOOD | over)
    assert times_of(form, AINO, FI, today=date(2026, 11, 24)) is None
    assert list(form.errors) == [wrong]


def test_a_refused_calendar_keeps_what_was_typed(town: Town) -> None:
    desk = town.therapist()
    desk.get("/fi/desk/calendar")
    response = desk.post("/fi/desk/calendar", GOOD | {"on": "2020-01-01", "count": "7"})
    assert response.status_code == 422
    assert 'value="7"' in response.text


def test_a_score_is_shown_with_its_base(town: Town) -> None:
    page = town.therapist().get("/fi/desk/feedback").text
    assert FI("nps.base", n=0, asked=0) in page


def test_an_assistant_sees_who_waits_and_takes_nobody(town: Town) -> None:
    """Rule 13."""
    case = town.comes_in()
    desk, talk = town.therapist(licensed=False), "/fi/desk/conversation/" + case.rpartition("/")[2]
    page = desk.get("/fi/desk").text
    assert f'href="{talk}"' in page
    assert "/accept" in page
    assert FI("desk.accept") not in page
    assert FI("refusal.licence-needed") in desk.get(talk).text
    found = re.search(r'name="conversation_id" value="([^"]+)"', page)
    assert found
    refused = desk.post(f"{talk}/accept", {"conversation_id": found[1]})
    assert refused.status_code == 403
    assert FI("refusal.licence-needed") in refused.text
