"""The resident's way, page by page, without a line of JavaScript."""

import re

import pytest

from contracts.base import Language
from contracts.callbacks import CallbackPromised
from contracts.portal import CallbackRequested, ContactOpened
from contracts.scheduling import VisitBooked
from services.portal.language import words
from tests.services.portal.town import Town, filled, new_key, picked

FI = words(Language.FI)
QUESTIONS = "/fi/kysely?kunta=285&vaiva=knee"


def heading(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert found, page
    return re.sub(r"<[^>]+>", "", found[1]).strip()


# The way in


@pytest.mark.parametrize(("asked", "where"), [("", "/fi"), ("sv", "/sv"), ("en-GB,en", "/en")])
def test_the_address_alone_leads_to_the_browsers_language(town: Town, asked: str, where: str) -> None:
    response = town.resident.get("/", **{"accept-language": asked})
    assert (response.status_code, response.headers["location"]) == (303, where)


def test_the_front_page_tells_when_a_closed_chat_opens(closed_town: Town) -> None:
    closed_town.clock.set(closed_town.clock().replace(hour=18))
    assert "Avautuu keskiviikkona 25.11. klo 9.00." in closed_town.resident.get("/fi").text


def test_the_front_page_shows_the_usual_hours_when_chat_is_away(closed_town: Town) -> None:
    closed_town.away.add("chat")
    page = closed_town.resident.get("/fi").text
    assert FI("front.unknown") in page
    assert "tiistai ja torstai" in page


def test_the_front_page_says_so_when_nobody_can_come_in(town: Town) -> None:
    town.away.add("intake")
    response = town.resident.get("/fi")
    assert response.status_code == 200
    assert FI("front.unavailable") in response.text


def test_the_front_page_leads_back_to_what_one_has_begun(town: Town) -> None:
    assert FI("front.yours") not in town.resident.get("/fi").text
    case = town.comes_in()
    page = town.resident.get("/fi").text
    assert FI("front.yours") in page
    assert f'href="{case}">' in page
    assert FI("front.yours") not in town.browser().get("/fi").text


def test_what_is_missing_on_the_front_page_is_told_with_a_link_to_it(town: Town) -> None:
    response = town.resident.get("/fi/turvallisuus?kunta=285&vaiva=")
    assert response.status_code == 422
    assert f'<a href="#vaiva">{FI("error.trouble")}</a>' in response.text
    assert '<option value="285" selected>' in response.text


def test_the_safety_page_stands_before_the_questions(town: Town) -> None:
    page = town.resident.get("/fi/turvallisuus?kunta=285&vaiva=knee").text
    assert "Rintakipu" in page
    assert 'href="/fi/kysely?kunta=285&amp;vaiva=knee"' in page


def test_a_merged_municipality_leads_on_with_its_successor_and_says_so(town: Town) -> None:
    """Rule 1."""
    page = town.resident.get("/fi/turvallisuus?kunta=315&vaiva=knee").text
    assert FI("safety.merged", old="Kälviä", now="Kokkola") in page
    assert 'href="/fi/kysely?kunta=272&amp;vaiva=knee"' in page


def test_the_language_switch_keeps_the_page(town: Town) -> None:
    page = town.resident.get(QUESTIONS).text
    assert 'href="/sv/kysely?kunta=285&amp;vaiva=knee"' in page


@pytest.mark.parametrize("trouble", ["nothing", "Polvi%20on%20kipe%C3%A4"])
def test_a_made_up_trouble_leads_nowhere(town: Town, trouble: str) -> None:
    assert town.resident.get(f"/fi/kysely?kunta=285&vaiva={trouble}").status_code == 404


# The questionnaire


def test_an_incomplete_questionnaire_comes_back_as_it_was_filled(town: Town) -> None:
    town.resident.get(QUESTIONS)
    answers = filled(town.resident.page)
    response = town.resident.post(QUESTIONS, {name: value for name, value in answers.items() if name != "age"})
    assert response.status_code == 422
    assert f'<a href="#age">{FI("error.age")}</a>' in response.text
    assert picked(response.text) == len(answers) - 1


def test_complete_answers_open_a_contact_in_the_county_of_the_municipality(town: Town) -> None:
    town.comes_in()
    (opened,) = town.told(ContactOpened)
    assert (opened.area, opened.municipality, opened.trouble, opened.language) == ("10", "285", "knee", Language.FI)


def test_a_double_click_opens_one_contact(town: Town) -> None:
    town.resident.get(QUESTIONS)
    form = filled(town.resident.page) | {"key": new_key()}
    first, second = town.resident.post(QUESTIONS, form), town.resident.post(QUESTIONS, form)
    assert first.headers["location"] == second.headers["location"]
    assert len(town.told(ContactOpened)) == 1


def test_a_form_with_another_sessions_token_is_refused(town: Town) -> None:
    town.resident.get(QUESTIONS)
    response = town.resident.post(QUESTIONS, filled(town.resident.page) | {"csrf": "0" * 64})
    assert response.status_code == 403
    assert FI("refusal.form-expired") in response.text


def test_a_form_sent_by_another_site_is_refused(town: Town) -> None:
    town.resident.get(QUESTIONS)
    assert town.resident.post(QUESTIONS, filled(town.resident.page), origin="https://evil.example").status_code == 403


# The case page


def test_who_has_come_in_stands_in_the_queue(town: Town) -> None:
    case = town.comes_in()
    page = town.resident.get(case).text
    assert heading(page) == "Olet jonossa"
    assert FI("queue.next") in page


def test_a_waiting_page_loads_itself_again_without_javascript(town: Town) -> None:
    case = town.comes_in()
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in town.resident.get(case).text


def test_a_page_one_types_on_does_not(town: Town) -> None:
    case, _, _ = town.in_conversation()
    assert "http-equiv" not in town.resident.get(case).text


def test_before_intake_has_decided_the_page_says_so(town: Town) -> None:
    case = town.comes_in()
    town.away |= {"intake", "chat", "scheduling", "feedback"}
    assert heading(town.resident.get(case).text) == FI("case.title.unavailable")


def test_a_strangers_case_looks_like_one_that_never_was(town: Town) -> None:
    case = town.comes_in()
    stranger = town.browser()
    stranger.get(QUESTIONS)
    never = "/fi/asia/6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e11"
    theirs, nobodys, without = stranger.get(case), stranger.get(never), town.browser().get(case)
    assert theirs.status_code == nobodys.status_code == without.status_code == 404
    assert theirs.content == nobodys.content == without.content


@pytest.mark.parametrize("act", ["go-on", "messages", "end", "callback", "hold", "booking", "feedback"])
def test_a_stranger_can_do_nothing_to_a_case(town: Town, act: str) -> None:
    case = town.comes_in()
    stranger = town.browser()
    stranger.get(QUESTIONS)
    assert stranger.post(f"{case}/{act}", {"words": "Hei"}).status_code == 404


def test_a_message_with_markup_shows_as_text(town: Town) -> None:
    case, desk, talk = town.in_conversation()
    town.resident.post(f"{case}/messages", {"words": "<script>alert(1)</script> & \"'"})
    shown = "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;&#39;"
    assert shown in town.resident.get(case).text
    assert shown in desk.get(talk).text


@pytest.mark.parametrize("code", ["210281-9988", "210281-9988".lower(), "olen 010594Y9032."])
def test_a_personal_identity_code_in_a_message_is_refused_and_stays_typed(town: Town, code: str) -> None:
    """Who somebody is comes by identification alone (rule 8): an anonymous talk is not to be named by a slip."""
    case, desk, talk = town.in_conversation()
    response = town.resident.post(f"{case}/messages", {"words": code})
    assert response.status_code == 422
    assert FI.refusal("identity-code-in-text") in response.text
    assert f">{code}</textarea>" in response.text
    assert code not in desk.get(talk).text


def test_a_message_sent_twice_is_said_once(town: Town) -> None:
    case, _, _ = town.in_conversation()
    form = {"words": "Kerran", "key": new_key()}
    for _ in range(2):
        assert town.resident.post(f"{case}/messages", form).status_code == 303
    assert town.resident.get(case).text.count("Kerran") == 1


def test_an_empty_message_is_refused_where_it_was_written(town: Town) -> None:
    case, _, _ = town.in_conversation()
    response = town.resident.post(f"{case}/messages", {"words": "  "})
    assert response.status_code == 422
    assert f'<a href="#words">{FI("error.empty")}</a>' in response.text


def test_words_that_could_not_be_sent_stay_on_the_page(town: Town) -> None:
    case, desk, talk = town.in_conversation()
    desk.post(f"{talk}/end")
    response = town.resident.post(f"{case}/messages", {"words": "Vielä yksi asia"})
    assert response.status_code == 409
    assert FI("refusal.conversation-closed") in response.text


def test_our_own_script_is_answered_without_a_page(town: Town) -> None:
    case, _, _ = town.in_conversation()
    response = town.resident.post(f"{case}/messages", {"words": "Hei"}, accept="application/json")
    assert (response.status_code, response.content) == (204, b"")


def test_our_own_script_gets_a_refusal_as_a_sentence(town: Town) -> None:
    case, desk, talk = town.in_conversation()
    desk.post(f"{talk}/end")
    response = town.resident.post(f"{case}/messages", {"words": "Hei"}, accept="application/json")
    assert response.json()["detail"] == FI("refusal.conversation-closed")


def test_who_leaves_the_queue_has_left_it(town: Town) -> None:
    case = town.comes_in()
    town.resident.get(case)
    town.resident.post(f"{case}/end")
    assert heading(town.resident.get(case).text) == FI("case.title.abandoned")


# A message when the chat is closed


def evening(town: Town) -> str:
    town.clock.set(town.clock().replace(hour=18))
    case = town.comes_in()
    town.resident.get(case)
    return case


LEFT = {"phone": "040 123 4567", "words": "Polvi on kipeä", "kind": "advice"}


def test_a_closed_chat_takes_a_message(closed_town: Town) -> None:
    page = closed_town.resident.get(evening(closed_town)).text
    assert heading(page) == FI("case.title.leave_message")
    assert 'name="phone"' in page


def test_a_left_message_is_promised_a_call_by_the_fifth_business_day(closed_town: Town) -> None:
    """Tuesday 24.11.2026 + 5 business days = Tuesday 1.12.2026 (rule 16)."""
    case = evening(closed_town)
    closed_town.resident.post(f"{case}/callback", LEFT)
    assert heading(closed_town.resident.get(case).text) == "Soitamme sinulle viimeistään tiistaina 1.12.2026"


def test_a_message_left_twice_is_told_once(closed_town: Town) -> None:
    case = evening(closed_town)
    form = LEFT | {"key": new_key()}
    for _ in range(2):
        closed_town.resident.post(f"{case}/callback", form)
    assert len(closed_town.told(CallbackRequested)) == len(closed_town.told(CallbackPromised)) == 1


def test_phone_and_words_travel_sealed(closed_town: Town) -> None:
    case = evening(closed_town)
    closed_town.resident.post(f"{case}/callback", LEFT)
    (requested,) = closed_town.told(CallbackRequested)
    assert "1234567" not in requested.model_dump_json()
    assert "Polvi" not in requested.model_dump_json()
    assert closed_town.units["chat"].sealer.unseal(requested.message)["phone"] == "+358401234567"


def test_a_personal_identity_code_in_a_left_message_is_refused(closed_town: Town) -> None:
    case = evening(closed_town)
    response = closed_town.resident.post(f"{case}/callback", LEFT | {"words": "Olen 210281-9988, soittakaa."})
    assert response.status_code == 422
    assert FI.refusal("identity-code-in-text") in response.text
    assert closed_town.told(CallbackRequested) == []


def test_a_wrong_number_comes_back_with_everything_else_as_it_was(closed_town: Town) -> None:
    case = evening(closed_town)
    response = closed_town.resident.post(f"{case}/callback", LEFT | {"phone": "0600 12345"})
    assert response.status_code == 422
    assert f'<a href="#phone">{FI("refusal.phone-premium")}</a>' in response.text
    assert 'value="0600 12345"' in response.text
    assert ">Polvi on kipeä</textarea>" in response.text
    assert 'value="advice" id="kind-advice" checked' in response.text


# A time


def offered(town: Town) -> tuple[str, str]:
    """A case that has been offered times, and the first one's id."""
    from tests.factories import identity_verified

    case, desk, talk = town.in_conversation()
    desk.get("/fi/desk/calendar")
    times = {"area": "10", "on": "2026-11-26", "first": "10:00", "count": "2", "minutes": "45", "modality": "video"}
    assert desk.post("/fi/desk/calendar", times).status_code == 303
    contact_id = case.rpartition("/")[2]
    sealed = {
        "personal_identity_code": "210281-9988",
        "family_name": "Koe",
        "given_names": "Kalle",
        "birth_date": "1981-02-21",
    }
    verified = identity_verified(contact_id=contact_id, person=town.units["intake"].seal(sealed))
    for name in ("intake", "chat", "scheduling"):
        town.units[name].hears(verified)
    desk.get(talk)
    assert desk.post(f"{talk}/offer").status_code == 303
    page = town.resident.get(case).text
    slot = re.search(r'name="slot_id" value="([^"]+)"', page)
    assert slot, page
    return case, slot[1]


def held(town: Town) -> tuple[str, str]:
    case, slot = offered(town)
    assert town.resident.post(f"{case}/hold", {"slot_id": slot}).status_code == 303
    hold = re.search(r'name="hold_id" value="([^"]+)"', town.resident.get(case).text)
    assert hold
    return case, hold[1]


def test_offered_times_are_shown_in_words(town: Town) -> None:
    case, _ = offered(town)
    text = re.sub(r"<[^>]+>", "", town.resident.get(case).text)
    assert "torstai 26.11. klo 10.00–10.45" in text


def test_a_picked_time_is_kept_until_it_is_told(town: Town) -> None:
    case, _ = held(town)
    assert FI("times.held", time="10.10") in town.resident.get(case).text


def test_a_wrong_address_comes_back_as_it_was_typed(town: Town) -> None:
    case, hold = held(town)
    response = town.resident.post(f"{case}/booking", {"hold_id": hold, "email": "aino@"})
    assert response.status_code == 422
    assert 'value="aino@"' in response.text


def test_a_double_click_books_once_and_shows_no_error(town: Town) -> None:
    case, hold = held(town)
    form = {"hold_id": hold, "email": "kalle@example.org", "key": new_key()}
    assert [town.resident.post(f"{case}/booking", form).status_code for _ in range(2)] == [303, 303]
    assert len(town.told(VisitBooked)) == 1


def test_a_booked_time_is_shown(town: Town) -> None:
    case, hold = held(town)
    town.resident.post(f"{case}/booking", {"hold_id": hold, "email": ""})
    assert FI("step.booked") in town.resident.get(case).text


def test_the_address_travels_sealed(town: Town) -> None:
    case, hold = held(town)
    town.resident.post(f"{case}/booking", {"hold_id": hold, "email": "kalle@example.org"})
    (booked,) = town.told(VisitBooked)
    assert booked.recipient
    assert "kalle" not in booked.model_dump_json()


def test_a_time_somebody_else_took_is_said_on_the_page_with_the_others(town: Town) -> None:
    case, hold = held(town)
    town.clock.set(town.clock().replace(minute=30))
    response = town.resident.post(f"{case}/booking", {"hold_id": hold, "email": ""})
    assert response.status_code == 409
    assert FI("refusal.hold-expired") in response.text


# Feedback


def rated(town: Town) -> tuple[str, str]:
    case, desk, talk = town.in_conversation()
    desk.post(f"{talk}/end")
    invitation = re.search(r'name="invitation_id" value="([^"]+)"', town.resident.get(case).text)
    assert invitation
    return case, invitation[1]


def test_who_has_been_helped_is_asked_and_thanked(town: Town) -> None:
    case, invitation = rated(town)
    form = {"invitation_id": invitation, "recommend": "9", "useful": "yes", "text": "Selkeä"}
    assert town.resident.post(f"{case}/feedback", form).status_code == 303
    assert FI("feedback.thanks") in town.resident.get(case).text
    assert FI("nps.base", n=1, asked=1) in town.therapist().get("/fi/desk/feedback").text


def test_a_rating_without_a_number_comes_back_with_its_text(town: Town) -> None:
    case, invitation = rated(town)
    response = town.resident.post(f"{case}/feedback", {"invitation_id": invitation, "text": "Selkeä"})
    assert response.status_code == 422
    assert f'<a href="#recommend">{FI("error.recommend")}</a>' in response.text
    assert ">Selkeä</textarea>" in response.text


def test_no_code_and_no_hole_is_left_in_a_page(town: Town) -> None:
    case, hold = held(town)
    visible = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", town.resident.get(case).text, flags=re.DOTALL)
    assert not re.search(r"\b(knee|pt_remote|physiotherapy|queued|open|video_)\b|[{}]|[0-9a-f]{8}-[0-9a-f]{4}", visible)
    assert hold not in visible


def test_who_does_not_identify_finds_the_way_back(town: Town) -> None:
    case, _, _ = town.in_conversation()
    provider = town.resident.get(town.resident.get(f"{case}/tunnistaudu").headers["location"]).text
    ticket = re.search(r'name="ticket" value="([^"]+)"', provider)
    assert ticket
    answer = town.resident.post("/practice/idp/choose", {"ticket": ticket[1], "person": ""}).headers["location"]
    page = town.resident.get(answer).text
    assert FI("refusal.identity-cancelled") in page
    assert f'href="{case}">{FI("error.back")}' in page
