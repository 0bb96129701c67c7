"""A walk past every kind of page, in Finnish; each is looked at once for everything the tests ask of all pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.people import AINO, DESKTOP, HEIGHT, KOTKA, Resident, Therapist, shot
from tests.browser.town import Town

NARROW = 320
"""CSS pixels without sideways scrolling. Source: WCAG 2.1, 1.4.10."""
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
PAGES = (
    "front front_wrong own_words own_words_urgent other_county falls falls_wrong falls_questions falls_result "
    "safety emergency questionnaire questionnaire_wrong queue chat identify provider times held "
    "held_wrong booked ended feedback_wrong thanked visited elsewhere not_found mail "
    "leave_message leave_message_wrong promised kept "
    "login desk desk_mine waiting conversation asked identified over callbacks calendar calendar_wrong feedback "
    "desk_fall_screen desk_fall_measures desk_fall_measures_wrong desk_fall_pathway desk_falls "
    "desk_referral_new desk_referral_wrong desk_referral desk_referrals sent sent_none "
    "matching match match_wrong by_message callbacks_protected contact contact_booked case_protected "
    "doors doors_wrong doors_closed front_closed questionnaire_closed cases case demand"
).split()
REFERRED = {
    "person": "210281-9988",
    "given_names": "Testi Maria",
    "family_name": "Esimerkki-Virtanen",
    "unit": "Kotkan terveysasema",
    "role": "lääkäri",
    "text": "Kipu alkoi marraskuussa.",
}
"""Somebody a professional sends. Nobody real: individual numbers 900-999 are no person's."""
_TEXTS = """() => {
  const foreign = element => element.closest('[lang]:not(html)');
  const texts = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!parent.closest('script, style, noscript') && !foreign(parent)) texts.push(walker.currentNode.textContent);
  }
  for (const name of 'aria-label alt title placeholder data-say data-lost data-failed data-confirm'.split(' '))
    for (const element of document.querySelectorAll(`[${name}]`))
      if (!foreign(element)) texts.push(element.getAttribute(name));
  return texts.map(text => text.trim()).filter(text => text).join('\\n');
}"""
"""All that a page says or may say: title, text, names, announcements; not what is marked as another language."""


@dataclass(frozen=True)
class Look:
    """What one page is like."""

    language: str
    headings: int
    """Of the first level."""
    texts: str
    too_wide: list[int]
    """Widths in CSS pixels at which it scrolls sideways."""
    violations: str
    """What axe reports, empty when nothing."""


@dataclass
class Tour:
    """Looks, by name of the page."""

    looks: dict[str, Look] = field(default_factory=dict)

    def at(self, name: str, page: Page) -> None:
        """Look at the page that is open."""
        assert name in PAGES
        found = Axe().run(page, options=RULES | {"resultTypes": ["violations"]})
        shot(page, name)
        self.looks[name] = Look(
            language=page.locator("html").get_attribute("lang") or "",
            headings=page.get_by_role("heading", level=1).count(),
            texts=page.evaluate(_TEXTS),
            too_wide=_too_wide(page),
            violations=found.generate_report() if found.violations_count else "",
        )


def _too_wide(page: Page) -> list[int]:
    size, found = page.viewport_size, []
    assert size
    for width in (NARROW, DESKTOP):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(width)
    page.set_viewport_size(size)
    return found


def walk(town: Town, closed_town: Town) -> dict[str, Look]:
    """Past every page of PAGES."""
    tour = Tour()
    resident, therapist = town.resident(), town.therapist()
    _falls(tour, town.resident())
    _before_the_queue(tour, resident)
    _log_in(tour, therapist)
    _queue(tour, resident, therapist)
    _talk(tour, resident, therapist)
    _book(tour, resident, therapist)
    _after(tour, resident, therapist)
    _elsewhere(tour, town.resident())
    _referrals(tour, town.resident(), therapist)
    _matching(tour, town.resident(), therapist)
    _protected(tour, town.resident(), therapist)
    _doors(tour, town.resident(), therapist)
    _closed(tour, closed_town.resident(), closed_town.therapist(AINO))
    return tour.looks


def _before_the_queue(tour: Tour, resident: Resident) -> None:
    resident.page.goto(resident.at)
    tour.at("front", resident.page)
    resident.button("front.go").click()
    resident.is_told(resident.t("error.trouble"))
    tour.at("front_wrong", resident.page)
    resident.field("words.label").fill("polvi naksuu ja selka jumis")
    resident.button("words.find").click()
    expect(resident.page.get_by_role("status")).to_contain_text("Polvi, Selkä")
    tour.at("own_words", resident.page)
    resident.field("words.label").fill("pohje turvonnut")
    resident.button("words.find").click()
    expect(resident.page.get_by_role("alert")).to_contain_text("116117")
    tour.at("own_words_urgent", resident.page)
    resident.field("front.municipality").select_option("muu")
    resident.button("front.go").click()
    expect(resident.heading(resident.t("other_county.title"))).to_be_visible()
    tour.at("other_county", resident.page)
    resident.page.goto(f"{resident.at}/hatatilanne")
    tour.at("emergency", resident.page)
    resident.starts(KOTKA)
    tour.at("safety", resident.page)
    resident.is_safe()
    tour.at("questionnaire", resident.page)
    resident.button("questions.send").click()
    resident.is_told(resident.t("error.age"))
    tour.at("questionnaire_wrong", resident.page)
    resident.answers()
    resident.sends_answers()
    resident.waits()
    tour.at("queue", resident.page)


def _falls(tour: Tour, resident: Resident) -> None:
    resident.page.goto(f"{resident.at}/kaatumisseula")
    tour.at("falls", resident.page)
    resident.button("falls.go").click()
    resident.is_told(resident.t("falls.error.age"))
    tour.at("falls_wrong", resident.page)
    resident.field("front.municipality").select_option(KOTKA)
    resident.picks(resident.t("falls.age"), value="short_screen")
    resident.button("falls.go").click()
    expect(resident.heading(resident.t("falls.questions"))).to_be_visible()
    tour.at("falls_questions", resident.page)
    for question, answer in {"q_falls": "three_or_more", "q_daily_help": "some", "q_balance": "clearly"}.items():
        resident.page.locator(f"input[name={question}][value={answer}] + label").click()
    resident.button("falls.send").click()
    expect(resident.heading(resident.t("falls.result.physiotherapist"))).to_be_visible()
    tour.at("falls_result", resident.page)


def _log_in(tour: Tour, therapist: Therapist) -> None:
    therapist.page.goto("/fi/desk")
    tour.at("login", therapist.page)
    therapist.page.get_by_role("button", name=AINO).click()
    therapist.opens_desk()


def _queue(tour: Tour, resident: Resident, therapist: Therapist) -> None:
    expect(therapist.row_of(resident)).to_be_visible()
    tour.at("desk", therapist.page)
    therapist.opens(resident)
    tour.at("waiting", therapist.page)
    therapist.opens_desk()
    therapist.takes(resident)
    therapist.opens_desk()
    tour.at("desk_mine", therapist.page)
    therapist.opens(resident)


def _talk(tour: Tour, resident: Resident, therapist: Therapist) -> None:
    resident.says("Hei! Polveen sattuu, kun nousen portaita. Vaiva alkoi kaksi viikkoa sitten.")
    therapist.says("Hei! Kuulostaa tutulta vaivalta.\nOnko polvi turvonnut tai kuuma?")
    resident.says("Ei ole.")
    therapist.says("Hyvä. Tunnistaudutko, niin voin antaa sinulle henkilökohtaisia ohjeita ja ajan?")
    expect(resident.log).to_have_count(4)
    tour.at("chat", resident.page)
    tour.at("conversation", therapist.page)
    therapist.does("desk.ask_identity")
    expect(resident.link("identify.go")).to_be_visible()
    tour.at("identify", resident.page)
    tour.at("asked", therapist.page)
    resident.link("identify.go").click()
    expect(resident.page.get_by_role("button", name="Noora")).to_be_visible()
    tour.at("provider", resident.page)
    resident.page.get_by_role("button", name="Noora").click()
    expect(therapist.heading("Noora Näyte")).to_be_visible()
    tour.at("identified", therapist.page)
    _falls_at_the_desk(tour, therapist)
    _case(tour, therapist)


def _case(tour: Tour, therapist: Therapist) -> None:
    """The conversation's case, and back."""
    page = therapist.page
    conversation = page.url
    therapist.link("cases.look").click()
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    tour.at("case", page)
    page.goto("/fi/desk/cases")
    tour.at("cases", page)
    page.goto("/fi/desk/demand")
    tour.at("demand", page)
    page.goto(conversation)
    expect(therapist.button("desk.offer")).to_be_visible()


def _falls_at_the_desk(tour: Tour, therapist: Therapist) -> None:
    page = therapist.page
    conversation = page.url
    therapist.link("falls.desk").click()
    therapist.link("falls.form.short_screen").click()
    tour.at("desk_fall_screen", page)
    for name, value in {
        "source": "senior_health_point",
        "q_falls": "two",
        "q_daily_help": "watching",
        "q_balance": "very",
    }.items():
        page.locator(f"input[name={name}][value={value}] + label").click()
    therapist.button("falls.save").click()
    therapist.link("falls.record").click()
    tour.at("desk_fall_measures", page)
    therapist.field("falls.tug_label").fill("14,2")
    therapist.field("falls.berg_label").fill("57")
    page.locator("select[name=self_care]").select_option("3")
    therapist.button("falls.save").click()
    therapist.is_told(therapist.t("refusal.berg-out-of-range"))
    tour.at("desk_fall_measures_wrong", page)
    therapist.field("falls.berg_label").fill("41")
    therapist.button("falls.save").click()
    expect(page.get_by_text("41/56")).to_be_visible()
    tour.at("desk_fall_pathway", page)
    page.goto("/fi/desk/falls")
    tour.at("desk_falls", page)
    page.goto(conversation)
    expect(therapist.button("desk.offer")).to_be_visible()


def _book(tour: Tour, resident: Resident, therapist: Therapist) -> None:
    therapist.does("desk.offer")
    expect(resident.form("/hold").first).to_be_visible()
    tour.at("times", resident.page)
    resident.holds(AINO)
    tour.at("held", resident.page)
    resident.field("times.email").fill("noora@example")
    resident.button("times.book").click()
    resident.is_told(resident.t("error.email"))
    tour.at("held_wrong", resident.page)
    resident.books("noora@example.fi")
    tour.at("booked", resident.page)


def _after(tour: Tour, resident: Resident, therapist: Therapist) -> None:
    visit = resident.time()
    therapist.does("talk.end")
    expect(resident.heading(resident.t("feedback.title.conversation"))).to_be_visible()
    tour.at("ended", resident.page)
    expect(therapist.page.get_by_text(therapist.t("desk.over"))).to_be_visible()
    tour.at("over", therapist.page)
    resident.button("feedback.send").click()
    resident.is_told(resident.t("error.recommend"))
    tour.at("feedback_wrong", resident.page)
    resident.gives_feedback(9)
    tour.at("thanked", resident.page)
    therapist.page.goto("/fi/desk/calendar")
    tour.at("calendar", therapist.page)
    _publishes_in_the_past(therapist)
    tour.at("calendar_wrong", therapist.page)
    therapist.completes(visit)
    expect(resident.heading(resident.t("step.visited"))).to_be_visible()
    tour.at("visited", resident.page)
    therapist.page.goto("/fi/desk/feedback")
    tour.at("feedback", therapist.page)
    resident.page.goto("/fi/practice/mail")
    resident.looks_until(resident.page.get_by_role("article"))
    tour.at("mail", resident.page)
    resident.page.goto("/fi/ei-ole")
    tour.at("not_found", resident.page)


def _publishes_in_the_past(therapist: Therapist) -> None:
    """As a page that was left open over midnight does."""
    day = therapist.field("slots.on")
    day.evaluate("field => { field.removeAttribute('min') }")
    day.fill("2026-01-02")
    therapist.picks(therapist.t("slots.modality"), value="phone")
    therapist.button("slots.go").click()
    therapist.is_told(therapist.t("error.on"))


def _elsewhere(tour: Tour, resident: Resident) -> None:
    resident.starts(KOTKA, "back")
    resident.is_safe()
    resident.answers()
    resident.has_a_sign()
    resident.sends_answers()
    expect(resident.heading(re.compile("Hae apua heti|Ota yhteyttä tänään|Ohjaamme sinut toisaalle"))).to_be_visible()
    tour.at("elsewhere", resident.page)


def _referrals(tour: Tour, resident: Resident, therapist: Therapist) -> None:
    page = therapist.page
    page.goto("/fi/desk/referrals/new")
    tour.at("desk_referral_new", page)
    therapist.button("referral.send").click()
    expect(page.locator("#person-error")).to_be_visible()
    tour.at("desk_referral_wrong", page)
    for name, text in REFERRED.items():
        page.locator(f"[name={name}]").fill(text)
    page.locator("select[name=municipality]").select_option(KOTKA)
    for name, value in {"kind": "referral", "reason": "joint", "checked": "yes", "urgency": "routine"}.items():
        page.locator(f"input[name={name}][value={value}] + label").click()
    therapist.button("referral.send").click()
    expect(therapist.button("referral.return")).to_be_visible()
    tour.at("desk_referral", page)
    page.goto("/fi/desk/referrals")
    tour.at("desk_referrals", page)
    resident.page.goto("/fi/lahete")
    tour.at("sent", resident.page)
    resident.page.goto("/fi/lahete?ei=1")
    tour.at("sent_none", resident.page)


def _matching(tour: Tour, resident: Resident, therapist: Therapist) -> None:
    """Somebody identifies from abroad, without a code."""
    resident.comes_in(KOTKA)
    resident.page.goto(f"{resident.matter}/tunnistaudu")
    resident.page.get_by_role("button", name="Erika").click()
    resident.page.wait_for_url(f"**{resident.matter}")
    therapist.page.goto("/fi/desk/matching")
    tour.at("matching", therapist.page)
    therapist.page.get_by_role("link", name="Erika Exempel").click()
    tour.at("match", therapist.page)
    therapist.button("matching.find_go").click()
    expect(therapist.page.locator("#person-error")).to_be_visible()
    tour.at("match_wrong", therapist.page)


def _protected(tour: Tour, resident: Resident, therapist: Therapist) -> None:
    """Somebody under non-disclosure wants to book, leaves a message instead, and a therapist books with them."""
    resident.comes_in(KOTKA, door="booking")
    resident.identifies("Tuija")
    expect(resident.field("callback.phone")).to_be_visible()
    tour.at("by_message", resident.page)
    resident.field("callback.phone").fill("040 123 4567")
    resident.field("callback.words").fill("Haluaisin ajan fysioterapeutille.")
    resident.picks(resident.t("callback.kind"), value="advice")
    resident.button("callback.send").click()
    expect(resident.heading(re.compile("^Soitamme sinulle viimeistään"))).to_be_visible()
    therapist.page.goto("/fi/desk/callbacks")
    call = therapist.page.get_by_role("listitem").filter(has_text="Haluaisin ajan")
    therapist.looks_until(call)
    tour.at("callbacks_protected", therapist.page)
    call.get_by_role("link", name=therapist.t("contact.show")).click()
    tour.at("contact", therapist.page)
    therapist.form("/book").first.get_by_role("button").click()
    expect(therapist.page.get_by_text(therapist.t("desk.booked"))).to_be_visible()
    tour.at("contact_booked", therapist.page)
    therapist.page.goto(f"/fi/desk/cases/{resident.contact}")
    tour.at("case_protected", therapist.page)


def _doors(tour: Tour, resident: Resident, therapist: Therapist) -> None:
    therapist.page.goto("/fi/desk/doors")
    tour.at("doors", therapist.page)
    therapist.button("doors.go").click()
    therapist.is_told(therapist.t("error.closing_reason"))
    tour.at("doors_wrong", therapist.page)
    therapist.picks(therapist.t("doors.reason"), value="staff_shortage")
    therapist.button("doors.go").click()
    shut = therapist.page.get_by_role("listitem").filter(has_text=therapist.t("doors.shut"))
    expect(shut).to_have_count(1)
    tour.at("doors_closed", therapist.page)
    resident.page.goto(resident.at)
    tour.at("front_closed", resident.page)
    resident.starts(KOTKA)
    resident.is_safe()
    tour.at("questionnaire_closed", resident.page)
    therapist.page.get_by_role("button", name=therapist.t("doors.reopen_one", door="Chat")).click()
    expect(shut).to_have_count(0)


def _closed(tour: Tour, resident: Resident, therapist: Therapist) -> None:
    resident.comes_in(KOTKA)
    expect(resident.field("callback.phone")).to_be_visible()
    tour.at("leave_message", resident.page)
    resident.button("callback.send").click()
    resident.is_told(resident.t("error.phone"))
    tour.at("leave_message_wrong", resident.page)
    resident.field("callback.phone").fill("040 123 4567")
    resident.field("callback.words").fill("Olkapää kipeytyi eilen. Voinko jatkaa kuntosalilla?")
    resident.picks(resident.t("callback.kind"), value="advice")
    resident.button("callback.send").click()
    expect(resident.heading(re.compile("^Soitamme sinulle viimeistään"))).to_be_visible()
    tour.at("promised", resident.page)
    therapist.page.goto("/fi/desk/callbacks")
    call = therapist.page.get_by_role("listitem").filter(has_text="Olkapää kipeytyi").last
    call.get_by_text(therapist.t("calls.outcome.no_answer")).click()
    expect(call).to_contain_text(therapist.t("calls.attempts", n=1))
    tour.at("callbacks", therapist.page)
    call.get_by_text(therapist.t("calls.outcome.reached")).click()
    expect(resident.heading(resident.t("case.title.kept"))).to_be_visible()
    tour.at("kept", resident.page)
