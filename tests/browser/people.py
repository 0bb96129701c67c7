"""A resident and a therapist, each with a browser of their own: what they do, in words of the pages they see.

Everything is found by role, label, form address or the sentence of the catalogue, never by style.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from uuid import UUID

from playwright.sync_api import ConsoleMessage, Dialog, Locator, Page, expect

from contracts.base import Language
from services.portal.language import words

KOTKA, KOKKOLA = "285", "272"
AINO, MATTI, LINNEA = "Aino", "Matti", "Linnea"
"""Invented therapists: of both counties, of Kotka's, of Kokkola's (services/portal/practice/people.toml)."""
PHONE, DESKTOP = 390, 1280
"""Widths in CSS pixels."""
HEIGHT = 844
PATIENCE_MS = 20_000
"""Deadline of every wait in a page: what holds is seen at once."""
LOOKS_MAX = 200
"""How often a page without live updates is loaded again until it shows something."""
_ANSWER = """radios => {
  for (const name of new Set(radios.map(radio => radio.name))) {
    const group = radios.filter(radio => radio.name === name);
    (group.find(radio => ["no", "23_74", "same"].includes(radio.value)) ?? group[0]).checked = true;
  }
}"""
"""Answers of somebody aged 23 to 74, no red flag, neither new nor worse; the first choice of everything else."""
_RESOURCE = "Failed to load resource"
"""What a console says of every answer above 399: a refusal is no fault."""


def shot(page: Page, name: str) -> None:
    """Keep a picture of a page at both widths in the folder DIGI_SHOTS, for people to look at; off unless it is set."""
    folder, size = os.environ.get("DIGI_SHOTS"), page.viewport_size
    if not folder or size is None:
        return
    for width in (PHONE, DESKTOP):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
    page.set_viewport_size(size)


class Person:
    """Somebody who looks at a page.

    Args:
        page: of a browser of their own.
        language: the language they read.
    """

    def __init__(self, page: Page, language: Language = Language.FI) -> None:
        self.page = page
        self.t = words(language)
        self.at = f"/{language}"
        self.asked: list[str] = []
        """Questions the browser put in a window of its own; all are answered with yes."""
        self.faults: list[str] = []
        """What went wrong in the browser itself: errors of scripts, breaches of the page's own policy."""
        page.on("dialog", self._answer)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._listen)

    def _answer(self, dialog: Dialog) -> None:
        self.asked.append(dialog.message)
        dialog.accept()

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_RESOURCE):
            self.faults.append(message.text)

    def heading(self, text: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("heading", name=text, exact=isinstance(text, str))

    def button(self, key: str, **values: object) -> Locator:
        return self.page.get_by_role("button", name=self.t(key, **values), exact=True)

    def link(self, key: str) -> Locator:
        return self.page.get_by_role("link", name=self.t(key), exact=True)

    def field(self, key: str) -> Locator:
        return self.page.get_by_label(self.t(key), exact=True)

    def form(self, ending: str) -> Locator:
        """Forms whose address ends like this."""
        return self.page.locator(f'form[action$="{ending}"]')

    def picks(self, group: str, *, value: str | None = None, place: int = 0) -> None:
        """Choose in a group of choices, as a finger does: on the text."""
        choices = self.page.get_by_role("group", name=group)
        choice = choices.locator(f'input[value="{value}"]') if value else choices.get_by_role("radio").nth(place)
        choices.locator(f'label[for="{choice.get_attribute("id")}"]').click()
        expect(choice).to_be_checked()

    @property
    def log(self) -> Locator:
        """What was said, message by message, without who and when."""
        return self.page.get_by_role("log").get_by_role("article").locator("p:last-child")

    def sees(self, *said: str) -> None:
        """Exactly this was said, in this order."""
        expect(self.log).to_have_text(list(said))

    @property
    def writing(self) -> Locator:
        """Where the next message is typed."""
        return self.form("/messages").get_by_role("textbox")

    def says(self, *messages: str) -> None:
        """Say one thing after the other; each is sent before the next is typed."""
        for message in messages:
            self.tries_to_say(message)
            expect(self.writing).to_have_value("")

    def tries_to_say(self, message: str) -> None:
        """Type a message and press the button."""
        self.writing.fill(message)
        self.button("talk.send").click()

    def reads(self, text: str) -> None:
        """This stands on the page, as a piece of its own."""
        expect(self.page.get_by_text(text, exact=True).first).to_be_visible()

    def is_told(self, sentence: str) -> None:
        """An alert says so."""
        expect(self.page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()

    def is_led_to(self, field: Locator, sentence: str, *, marked: Locator | None = None) -> None:
        """The alert has the focus, what it says leads to the field, and the field, or its group, says it too."""
        alert = self.page.get_by_role("alert").filter(has_text=sentence)
        expect(alert).to_be_focused()
        alert.get_by_role("link", name=sentence, exact=True).click()
        expect(field).to_be_focused()
        wrong = marked or field
        expect(wrong).to_have_attribute("aria-invalid", "true")
        expect(wrong).to_have_accessible_description(re.compile(re.escape(sentence)))

    def looks_until(self, sign: Locator) -> None:
        """Load the page again until the sign is on it: for what has no live updates."""
        for _ in range(LOOKS_MAX):
            if sign.count():
                break
            self.page.reload()
        expect(sign.first).to_be_visible()


class Resident(Person):
    """A resident."""

    contact: str = ""
    """Id of the matter, once it has been opened."""

    @property
    def matter(self) -> str:
        return f"{self.at}/asia/{self.contact}"

    def comes_in(self, municipality: str = KOTKA, trouble: str = "knee", *, door: str = "chat") -> None:
        """By a link to the questionnaire, as far as the queue, the times or the message form."""
        self.page.goto(f"{self.at}/kysely?kunta={municipality}&vaiva={trouble}&tapa={door}")
        self.page.get_by_role("radio").evaluate_all(_ANSWER)
        self.sends_answers()

    def walks_in(self, municipality: str = KOTKA, trouble: str = "knee") -> None:
        """Every page of the way in, click by click."""
        self.starts(municipality, trouble)
        self.is_safe()
        self.answers()
        self.sends_answers()

    def starts(self, municipality: str = KOTKA, trouble: str = "knee") -> None:
        """From the front page to the safety page."""
        self.page.goto(self.at)
        self.field("front.municipality").select_option(municipality)
        self.picks(self.t("front.trouble"), value=trouble)
        self.button("front.go").click()
        expect(self.heading(self.t("safety.title"))).to_be_visible()

    def is_safe(self) -> None:
        """From the safety page to the questionnaire."""
        self.link("safety.none").click()
        expect(self.heading(self.t("questions.title"))).to_be_visible()

    def answers(self) -> None:
        """Fill in the questionnaire: 23 to 74, no red flag, neither new nor worse, the first choice of all else."""
        groups = self.page.locator("fieldset:visible")
        for place in range(groups.count()):
            group = groups.nth(place)
            plain = group.locator('input[value="no"], input[value="23_74"], input[value="same"]')
            choice = plain if plain.count() else group.get_by_role("radio").first
            group.locator(f'label[for="{choice.get_attribute("id")}"]').click()

    def has_a_sign(self) -> None:
        """Answer the first question about red flags with yes."""
        self.page.locator(f'label[for="{self.page.locator("input[value=yes]").first.get_attribute("id")}"]').click()

    def sends_answers(self) -> None:
        """From the questionnaire to the matter."""
        self.button("questions.send").click()
        self.page.wait_for_url("**/asia/*")
        self.contact = str(UUID(self.page.url.rsplit("/", 1)[-1]))

    def waits(self, ahead: int = 0) -> None:
        """The page says how many are before them."""
        expect(self.heading(self.t("case.title.queued"))).to_be_visible()
        self.reads(self.t("queue.ahead", n=ahead) if ahead else self.t("queue.next"))

    def is_helped_by(self, name: str) -> None:
        """The page says who has taken the conversation."""
        expect(self.heading(self.t("case.with", name=name))).to_be_visible()

    def identifies(self, name: str = "Noora") -> None:
        """At the practice installation's identity provider, as an invented person."""
        self.link("identify.go").click()
        self.page.get_by_role("button", name=name).click()
        self.page.wait_for_url(f"**{self.matter}")

    def holds(self, therapist: str = "", place: int = 0) -> str:
        """Pick one of the offered times, of one therapist if told; returns it as the page shows it then."""
        self.form("/hold").get_by_role("button").filter(has_text=therapist).nth(place).click()
        expect(self.heading(self.t("step.book"))).to_be_visible()
        return self.time()

    def time(self) -> str:
        """The time that is held or booked."""
        step = self.page.get_by_role("region").filter(has=self.page.locator("#step"))
        return step.get_by_role("paragraph").first.inner_text()

    def books(self, email: str = "") -> None:
        """Confirm the held time."""
        self.field("times.email").fill(email)
        self.button("times.book").click()
        expect(self.heading(self.t("step.booked"))).to_be_visible()

    def gives_feedback(self, score: int) -> None:
        """Answer the invitation that is on the page."""
        self.picks(self.t("feedback.recommend"), value=str(score))
        self.picks(self.t("feedback.useful"), value="yes")
        self.button("feedback.send").click()
        expect(self.heading(self.t("feedback.thanks"))).to_be_visible()

    def leaves(self) -> None:
        """Leave the queue or the conversation, if there is one: nobody shall wait behind a test that is over."""
        if not self.contact:
            return
        self.page.goto(self.matter)
        deciding = self.heading(self.t("case.title.deciding"))
        for _ in range(LOOKS_MAX):
            if not deciding.count():  # until then there is no queue to leave, and soon somebody would stand in it
                break
            self.page.reload()
        if self.form("/end").count():
            self.form("/end").get_by_role("button").click()
            expect(self.form("/end")).to_have_count(0)
        self.contact = ""


class Therapist(Person):
    """A therapist at the desk."""

    def logs_in(self, name: str = AINO) -> None:
        self.page.goto("/desk/login")
        self.page.get_by_role("button", name=name).click()
        self.opens_desk()
        expect(self.page.get_by_text(name, exact=True)).to_be_visible()

    def opens_desk(self) -> None:
        self.page.goto(f"{self.at}/desk")

    def row_of(self, resident: Resident) -> Locator:
        """The form that takes this resident's conversation."""
        return self.form(f"/{resident.contact}/accept")

    def takes(self, resident: Resident) -> None:
        """Take a conversation from the queue, which shows it by itself."""
        self.row_of(resident).get_by_role("button").click()
        self.page.wait_for_url(f"**/conversation/{resident.contact}")
        expect(self.form("/messages")).to_be_visible()

    def opens(self, resident: Resident) -> None:
        self.page.goto(f"{self.at}/desk/conversation/{resident.contact}")

    def offers_times(self, resident: Resident) -> None:
        """From the conversation to the offered times, the resident identifying in between."""
        self.does("desk.ask_identity")
        resident.looks_until(resident.link("identify.go"))
        resident.identifies()
        self.looks_until(self.form("/offer"))
        self.does("desk.offer")
        resident.looks_until(resident.form("/hold"))

    def does(self, key: str) -> None:
        """Press a button of the conversation."""
        self.button(key).click()

    def completes(self, visit: str) -> None:
        """Mark the visit at a time as done, on the calendar."""
        self.page.goto(f"{self.at}/desk/calendar")
        row = self.page.get_by_role("listitem").filter(has_text=visit).filter(has=self.form("/complete"))
        early = row.get_by_text(self.t("visits.held_early"), exact=True)
        if early.count():
            early.click()
        row.get_by_role("button").click()
        done = self.page.get_by_role("listitem").filter(has_text=visit)
        expect(done.get_by_text(self.t("visits.completed"), exact=True).first).to_be_visible()

    def rating(self, county: str) -> tuple[int, int, str]:
        """What the desk says of a county's feedback: answered, asked, and the score as it is shown."""
        self.opens_desk()
        part = self.page.get_by_role("heading", name=county).locator("xpath=..")
        base = part.get_by_role("paragraph").nth(1).inner_text()
        answered, asked = map(int, re.findall(r"\d+", base))
        score = part.get_by_text(self.t("nps.name")).locator("xpath=..").inner_text().split()[0]
        return answered, asked, score
