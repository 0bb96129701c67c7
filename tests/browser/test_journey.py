"""The whole journey of a resident, in Finnish, with both browsers open all the time."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.line import line_to
from tests.browser.people import AINO, KOTKA, Resident, Therapist
from tests.browser.town import Town
from tests.whole import WholeUnit

HELLO, WHERE, STAIRS, ANSWER = "Hei!", "Mihin polvessa sattuu?", "Portaissa, etupuolelle.", "Katsotaan yhdessä."
EMAIL = "matkalla@example.fi"
KYMENLAAKSO = "Kymenlaakson hyvinvointialue"


def test_a_resident_comes_in_talks_identifies_books_and_says_how_it_went(
    resident: Resident, therapist: Therapist
) -> None:
    before = therapist.rating(KYMENLAAKSO)
    _comes_to_the_desk(resident, therapist)
    _talk(resident, therapist)
    _identify(resident, therapist)
    visit = _book(resident, therapist)
    _part(resident, therapist)
    therapist.completes(visit)
    expect(resident.heading(resident.t("feedback.title.visit"))).to_be_visible()
    resident.gives_feedback(10)
    answered, asked, score = therapist.rating(KYMENLAAKSO)
    assert (answered - before[0], asked - before[1]) == (2, 2)
    assert re.fullmatch(r"-?\d+", score)


def _comes_to_the_desk(resident: Resident, therapist: Therapist) -> None:
    therapist.opens_desk()
    resident.walks_in(KOTKA)
    resident.waits()
    expect(therapist.row_of(resident)).to_be_visible()
    expect(therapist.page).to_have_title(re.compile(r"^\(\d+\) "))
    therapist.takes(resident)
    resident.is_helped_by(AINO)


def _talk(resident: Resident, therapist: Therapist) -> None:
    resident.says(HELLO)
    therapist.sees(HELLO)
    therapist.says(WHERE)
    resident.sees(HELLO, WHERE)
    resident.says(STAIRS)
    therapist.says(ANSWER)
    for person in (resident, therapist):
        person.sees(HELLO, WHERE, STAIRS, ANSWER)


def _identify(resident: Resident, therapist: Therapist) -> None:
    therapist.does("desk.ask_identity")
    resident.identifies()
    expect(resident.page.get_by_text(resident.t("case.identified"))).to_be_visible()
    expect(therapist.heading("Noora Näyte")).to_be_visible()


def _book(resident: Resident, therapist: Therapist) -> str:
    therapist.does("desk.offer")
    resident.holds(AINO)
    resident.books(EMAIL)
    booked = resident.time()
    expect(therapist.page.get_by_text(booked)).to_be_visible()
    mail = resident.page.context.new_page()
    mail.goto("/fi/practice/mail")
    _finds_the_confirmation(Resident(mail), booked)
    mail.close()
    return booked


def _finds_the_confirmation(reader: Resident, booked: str) -> None:
    confirmation = reader.page.get_by_role("article").filter(has_text=EMAIL).first
    reader.looks_until(confirmation)
    entry = confirmation.get_by_text(re.compile(f"^{reader.t('mail.entry')}"))
    expect(entry).to_contain_text(booked, ignore_case=True)


def _part(resident: Resident, therapist: Therapist) -> None:
    therapist.does("talk.end")
    assert therapist.asked == [therapist.t("desk.end_sure")]
    expect(resident.heading(resident.t("case.title.ended"))).to_be_visible()
    resident.gives_feedback(9)


def test_a_resident_whose_line_is_cut_is_told_so_and_misses_nothing(
    town: Town, unit: WholeUnit, therapist: Therapist
) -> None:
    with line_to(unit.settings.port) as line:
        resident = town.resident(base_url=line.address)
        resident.comes_in(KOTKA)
        therapist.opens_desk()
        therapist.takes(resident)
        resident.says(HELLO)
        therapist.sees(HELLO)
        line.cut()
        therapist.says(WHERE, ANSWER)
        expect(resident.page.get_by_role("status").filter(has_text=resident.t("live.lost"))).to_be_visible()
        resident.sees(HELLO)
        line.mend()
        resident.sees(HELLO, WHERE, ANSWER)
        expect(resident.page.get_by_text(resident.t("live.lost"))).to_be_hidden()
        resident.says(STAIRS)
        therapist.sees(HELLO, WHERE, ANSWER, STAIRS)
        resident.leaves()
        resident.page.close()


def test_a_message_that_cannot_be_sent_stays_typed_and_is_sent_once_later(
    town: Town, unit: WholeUnit, therapist: Therapist
) -> None:
    with line_to(unit.settings.port) as line:
        resident = town.resident(base_url=line.address)
        resident.comes_in(KOTKA)
        therapist.opens_desk()
        therapist.takes(resident)
        resident.is_helped_by(AINO)
        line.cut()
        resident.tries_to_say(HELLO)
        resident.is_told(resident.t("talk.failed"))
        expect(resident.writing).to_have_value(HELLO)
        line.mend()
        resident.button("talk.send").click()
        expect(resident.writing).to_have_value("")
        for person in (resident, therapist):
            person.sees(HELLO)
        resident.leaves()
        resident.page.close()


def test_a_resident_who_closed_the_page_finds_everything_on_coming_back(
    resident: Resident, therapist: Therapist
) -> None:
    resident.comes_in(KOTKA)
    therapist.opens_desk()
    therapist.takes(resident)
    resident.says(HELLO)
    resident.page.goto("about:blank")
    therapist.says(WHERE, ANSWER)
    resident.page.goto(resident.matter)
    resident.sees(HELLO, WHERE, ANSWER)
    therapist.sees(HELLO, WHERE, ANSWER)


def test_who_waits_second_moves_up_when_the_first_is_taken(town: Town, therapist: Therapist) -> None:
    first, second = town.resident(), town.resident()
    first.comes_in(KOTKA)
    first.waits()
    second.comes_in(KOTKA)
    second.waits(ahead=1)
    therapist.opens_desk()
    therapist.takes(first)
    second.waits()
