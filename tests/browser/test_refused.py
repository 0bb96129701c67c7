"""What is wrong, late or done twice is said in a sentence, and has no second effect."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select, update
from sqlmodel import col

from chassis import clock
from services.scheduling.models import Hold, Visit
from tests.browser.people import AINO, KOTKA, MATTI, Resident, Therapist
from tests.browser.town import Town
from tests.whole import WholeUnit

MARKUP = "<b>hei</b><script>alert(1)</script>"
STALE: dict[str, Any] = {"java_script_enabled": False}
"""A page that does not hear what has changed meanwhile, as on a slow line."""
TOO_LONG = "ä" * 12_000
"""Six bytes each once it is encoded: 72 000, above the 65 536 the portal takes."""


# What is typed


def test_the_front_page_leads_to_what_was_not_picked_and_keeps_what_was(resident: Resident) -> None:
    resident.page.goto(resident.at)
    resident.field("front.municipality").select_option(KOTKA)
    resident.button("front.go").click()
    choices = resident.page.get_by_role("group", name=resident.t("front.trouble"))
    resident.is_led_to(choices.get_by_role("radio").first, resident.t("error.trouble"), marked=choices)
    expect(resident.field("front.municipality")).to_have_value(KOTKA)


def test_the_questionnaire_leads_to_the_question_without_an_answer_and_keeps_the_others(resident: Resident) -> None:
    resident.starts()
    resident.is_safe()
    resident.answers()
    chosen = resident.page.get_by_role("radio", checked=True)
    before = [one.get_attribute("id") for one in chosen.all()]
    left_out = resident.page.locator("fieldset:visible").nth(1)
    left_out.get_by_role("radio", checked=True).evaluate("radio => { radio.checked = false }")
    resident.button("questions.send").click()
    resident.is_led_to(left_out.get_by_role("radio").first, resident.t("error.answer", number=2), marked=left_out)
    after = [one.get_attribute("id") for one in chosen.all()]
    assert [one for one in before if one not in after] == [before[1]]


def test_an_address_that_is_none_leads_to_it_and_books_nothing(
    resident: Resident, therapist: Therapist, unit: WholeUnit
) -> None:
    _is_offered_times(resident, therapist)
    resident.holds()
    resident.field("times.email").fill("noora@example")
    resident.button("times.book").click()
    resident.is_led_to(resident.field("times.email"), resident.t("error.email"))
    expect(resident.field("times.email")).to_have_value("noora@example")
    assert _visits(unit, resident) == 0


def test_markup_is_shown_as_it_was_typed_to_both(resident: Resident, therapist: Therapist) -> None:
    _is_taken(resident, therapist)
    resident.says(MARKUP)
    therapist.sees(MARKUP)
    therapist.says(MARKUP)
    resident.sees(MARKUP, MARKUP)
    for person in (resident, therapist):
        person.page.reload()
        person.sees(MARKUP, MARKUP)
        assert person.asked == []


def test_a_text_longer_than_any_form_takes_is_said_to_be_so_and_kept_where_scripts_run(
    resident: Resident, therapist: Therapist
) -> None:
    _is_taken(resident, therapist)
    _sends_too_much(resident)
    resident.is_told(resident.t("error.too_large.text"))
    expect(resident.writing).to_have_value(TOO_LONG)
    therapist.sees()


def test_a_text_longer_than_any_form_takes_gets_a_page_that_says_so(town: Town, therapist: Therapist) -> None:
    resident = town.resident(**STALE)
    _is_taken(resident, therapist)
    with resident.page.expect_response("**/messages") as answer:
        _sends_too_much(resident)
    assert answer.value.status == 413
    expect(resident.heading(resident.t("error.too_large.title"))).to_be_visible()
    therapist.sees()


# What is too late


def test_a_time_somebody_else_picked_is_said_to_be_taken_and_another_can_be_had(
    town: Town, therapist: Therapist
) -> None:
    quick, slow = town.resident(), town.resident(**STALE)
    for resident in (slow, quick):
        _is_offered_times(resident, therapist)
    same = quick.form("/hold").first.locator("input[name=slot_id]").get_attribute("value")
    quick.holds()
    slow.form("/hold").filter(has=slow.page.locator(f'input[value="{same}"]')).get_by_role("button").click()
    slow.is_told(slow.t.refusal("slot-taken"))
    expect(slow.page.locator(f'input[value="{same}"]')).to_have_count(0)
    slow.holds()
    quick.books()


def test_a_hold_that_is_over_is_said_to_be_and_books_nothing(town: Town, therapist: Therapist, unit: WholeUnit) -> None:
    resident = town.resident(**STALE)
    _is_offered_times(resident, therapist)
    resident.holds()
    _let_holds_expire(unit, resident)
    resident.button("times.book").click()
    resident.is_told(resident.t.refusal("hold-expired"))
    expect(resident.form("/hold").first).to_be_visible()
    assert _visits(unit, resident) == 0


def test_what_is_written_to_a_conversation_that_is_over_is_refused(town: Town, therapist: Therapist) -> None:
    resident = town.resident(**STALE)
    _is_taken(resident, therapist)
    therapist.does("talk.end")
    expect(therapist.page.get_by_text(therapist.t("desk.over"))).to_be_visible()
    resident.tries_to_say("Vielä yksi asia")
    resident.is_told(resident.t.refusal("conversation-closed"))
    therapist.sees()


def test_a_conversation_another_therapist_has_taken_is_refused(town: Town, resident: Resident) -> None:
    quick, slow = town.therapist(AINO), town.therapist(MATTI, **STALE)
    resident.comes_in()
    for therapist in (slow, quick):
        therapist.opens_desk()
        therapist.looks_until(therapist.row_of(resident))
    quick.takes(resident)
    slow.row_of(resident).get_by_role("button").click()
    slow.is_told(slow.t.refusal("already-accepted"))
    resident.is_helped_by(AINO)


# What is done twice


def test_a_second_click_says_nothing_twice(town: Town, therapist: Therapist) -> None:
    for resident in (town.resident(), town.resident(**STALE)):
        _is_taken(resident, therapist)
        resident.writing.fill("Hei!")
        resident.button("talk.send").dblclick()
        expect(resident.writing).to_have_value("")
        therapist.sees("Hei!")
        resident.page.reload()
        resident.sees("Hei!")


def test_a_second_click_books_nothing_twice(town: Town, therapist: Therapist, unit: WholeUnit) -> None:
    resident = town.resident(**STALE)
    _is_offered_times(resident, therapist)
    resident.holds()
    resident.button("times.book").dblclick()
    expect(resident.heading(resident.t("step.booked"))).to_be_visible()
    assert _visits(unit, resident) == 1


def test_a_second_window_books_nothing_twice_and_says_so(town: Town, therapist: Therapist, unit: WholeUnit) -> None:
    resident = town.resident(**STALE)
    _is_offered_times(resident, therapist)
    resident.holds()
    other = town.resident(context=resident.page.context)
    other.page.goto(resident.matter)
    resident.books()
    other.button("times.book").click()
    other.is_told(other.t.refusal("already-booked"))
    assert _visits(unit, resident) == 1


def test_a_second_window_gives_no_feedback_twice_and_says_so(town: Town, therapist: Therapist) -> None:
    resident = town.resident(**STALE)
    _is_taken(resident, therapist)
    therapist.does("talk.end")
    resident.looks_until(resident.heading(resident.t("feedback.title.conversation")))
    other = town.resident(context=resident.page.context)
    other.page.goto(resident.matter)
    other.picks(other.t("feedback.recommend"), value="0")
    resident.gives_feedback(10)
    other.button("feedback.send").click()
    other.is_told(other.t.refusal("already-answered"))


# Whose it is


def test_another_browser_finds_no_such_matter(town: Town, resident: Resident) -> None:
    resident.comes_in()
    stranger = town.resident()
    stranger.comes_in()
    stranger.page.goto(resident.matter)
    expect(stranger.heading(stranger.t("error.not_found.title"))).to_be_visible()


def test_a_therapist_who_finds_no_such_conversation_is_led_back_to_the_desk(
    town: Town, therapist: Therapist, resident: Resident
) -> None:
    _is_taken(resident, therapist)
    other = town.therapist(MATTI)
    other.opens(resident)
    expect(other.page.get_by_text(other.t("error.not_found.desk"))).to_be_visible()
    other.link("desk.back").click()
    expect(other.heading(other.t("desk.tab.desk"))).to_be_visible()


@pytest.mark.parametrize("path", ["", "/callbacks", "/calendar", "/feedback"])
def test_the_desk_asks_who_has_not_logged_in_to_do_so(town: Town, path: str) -> None:
    stranger = town.therapist()
    stranger.page.goto(f"/fi/desk{path}")
    expect(stranger.page.get_by_role("button", name=re.compile(AINO))).to_be_visible()


def _sends_too_much(resident: Resident) -> None:
    """As no field of ours lets anybody type it."""
    resident.writing.evaluate("(area, words) => { area.value = words }", TOO_LONG)
    resident.button("talk.send").click()


def _is_taken(resident: Resident, therapist: Therapist) -> None:
    resident.comes_in(KOTKA)
    therapist.opens_desk()
    therapist.takes(resident)
    resident.looks_until(resident.form("/messages"))


def _is_offered_times(resident: Resident, therapist: Therapist) -> None:
    _is_taken(resident, therapist)
    therapist.offers_times(resident)


def _visits(unit: WholeUnit, resident: Resident) -> int:
    """How many visits scheduling has of a resident."""
    with unit.database("scheduling") as engine, engine.connect() as connection:
        theirs = select(func.count()).select_from(Visit).where(col(Visit.contact_id) == UUID(resident.contact))
        return int(connection.execute(theirs).scalar_one())


def _let_holds_expire(unit: WholeUnit, resident: Resident) -> None:
    """As if the county's minutes had gone by."""
    with unit.database("scheduling") as engine, engine.begin() as connection:
        mine = update(Hold).where(col(Hold.contact_id) == UUID(resident.contact))
        connection.execute(mine.values(expires_at=clock.now() - timedelta(seconds=1)))
