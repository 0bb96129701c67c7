"""When the chat is closed: a message, a promise with a date, a call."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from chassis import clock
from chassis.calendar import add_business_days, local_date
from tests.browser.line import line_to
from tests.browser.people import AINO, KOTKA, Resident
from tests.browser.town import Town
from tests.whole import WholeUnit

WORDS, PHONE, READABLE = "Polvi on kipeä,\nvoinko kävellä?", "+358 40 123 4567", re.compile(r"040\s?123\s?4567")


def test_the_front_page_says_when_a_closed_chat_opens(closed_town: Town) -> None:
    reader = closed_town.resident()
    reader.page.goto(reader.at)
    says = reader.t("front.opens", when="").removesuffix(".").strip()
    closed = reader.page.get_by_text(re.compile(rf"^{reader.t('front.closed')} {says} \w+na \d+\.\d+\. klo 9\.00\.$"))
    expect(closed).to_have_count(2)


def test_a_message_is_promised_by_a_date_called_about_and_kept(closed_town: Town) -> None:
    resident, therapist = closed_town.resident(), closed_town.therapist(AINO)
    resident.comes_in(KOTKA)
    _leaves_a_message(resident)
    due = add_business_days(local_date(clock.now()), 5)
    expect(resident.heading(resident.t("case.promised.advice", day=resident.t.on_day(due)))).to_be_visible()
    therapist.page.goto("/fi/desk/callbacks")
    call = therapist.page.get_by_role("listitem").filter(has_text=READABLE)
    expect(call).to_contain_text(therapist.t("calls.due", day=therapist.t.on_day(due)))
    expect(call.get_by_role("blockquote")).to_have_text(WORDS)
    call.get_by_text(therapist.t("calls.outcome.no_answer")).click()
    expect(call).to_contain_text(therapist.t("calls.attempts", n=1))
    expect(resident.heading(resident.t("case.promised.advice", day=resident.t.on_day(due)))).to_be_visible()
    call.get_by_text(therapist.t("calls.outcome.reached")).click()
    expect(call.get_by_role("button")).to_have_count(0)
    expect(resident.heading(resident.t("case.title.kept"))).to_be_visible()
    expect(resident.heading(resident.t("feedback.title.callback"))).to_be_visible()


def test_a_page_whose_line_has_died_unnoticed_takes_another(closed_town: Town, closed_unit: WholeUnit) -> None:
    with line_to(closed_unit.settings.port) as line:
        resident, therapist = closed_town.resident(base_url=line.address), closed_town.therapist(AINO)
        resident.comes_in(KOTKA)
        mine = f"Nilkka nyrjähti ({resident.contact[:8]})"
        _leaves_a_message(resident, mine)
        expect(resident.heading(re.compile(resident.t("case.promised.advice", day="")))).to_be_visible()
        line.swallow()
        therapist.page.goto("/fi/desk/callbacks")
        call = therapist.page.get_by_role("listitem").filter(has_text=mine)
        call.get_by_text(therapist.t("calls.outcome.reached")).click()
        expect(resident.heading(resident.t("case.title.kept"))).to_be_visible()
        resident.page.close()


def test_a_page_whose_line_never_came_about_takes_another(closed_town: Town) -> None:
    resident, therapist = closed_town.resident(), closed_town.therapist(AINO)
    resident.comes_in(KOTKA)
    mine = f"Kantapää ({resident.contact[:8]})"
    _leaves_a_message(resident, mine)
    expect(resident.heading(re.compile(resident.t("case.promised.advice", day="")))).to_be_visible()
    resident.page.route("**/live?*", lambda _route: None, times=1)  # the first one is never answered
    resident.page.reload()
    therapist.page.goto("/fi/desk/callbacks")
    call = therapist.page.get_by_role("listitem").filter(has_text=mine)
    call.get_by_text(therapist.t("calls.outcome.reached")).click()
    expect(resident.heading(resident.t("case.title.kept"))).to_be_visible()


def _leaves_a_message(resident: Resident, words: str = WORDS) -> None:
    expect(resident.heading(resident.t("case.title.leave_message"))).to_be_visible()
    resident.field("callback.phone").fill(PHONE)
    resident.field("callback.words").fill(words)
    resident.picks(resident.t("callback.kind"), value="advice")
    resident.button("callback.send").click()


def test_a_message_without_a_number_to_call_keeps_what_was_written(closed_town: Town) -> None:
    resident = closed_town.resident()
    resident.comes_in(KOTKA)
    resident.field("callback.phone").fill("en muista")
    resident.field("callback.words").fill(WORDS)
    resident.picks(resident.t("callback.kind"), value="assessment")
    resident.button("callback.send").click()
    resident.is_led_to(resident.field("callback.phone"), resident.t("error.phone"))
    expect(resident.field("callback.phone")).to_have_value("en muista")
    expect(resident.field("callback.words")).to_have_value(WORDS)
    expect(resident.page.get_by_label(resident.t("callback.assessment"))).to_be_checked()
