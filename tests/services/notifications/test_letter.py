from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from itertools import product
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Timezone
from jinja2 import Environment, nodes

from contracts.base import Language
from services.notifications.clients.letter import PARTS, TEMPLATES, Letter, calendar_entry, compose, wording
from services.notifications.domain import Template

VISIT = UUID("3f1f6a0e-0f3a-4c52-9d5c-70c2a4c8e901")
NOTIFICATION = UUID("71c5b8f0-1c0e-4f0d-9d9f-2b1f5a3c8d22")
SENDER = "noreply@booking.invalid"
ADDRESS = "aada@example.fi"
EVERY = list(product(Template, Language))

TELLING = (
    "terapi", "therap", "fysio", "physio", "kuntou", "rehab", "tervey", "hälsa", "hälso", "health", "hoito", "hoida",
    "vård", "care", "potila", "patient", "asiaka", "klient", "client", "hyvinvoin", "välfärd", "wellbeing", "sote",
    "soite", "kymen", "lääk", "läka", "doctor", "oire", "symptom", "kipu", "smärt", "pain", "polvi", "knä", "knee",
    "selkä", "rygg", "back", "vastaanot", "mottag", "appointment", "chat", "video", "etä", "distans", "remote", "digi",
    "yksikkö", "enhet", "unit", "aino",
)  # fmt: skip
"""Beginnings of words that would say that somebody is a client, of what, or why."""


def letter(starts_at: datetime = datetime(2026, 11, 26, 8, tzinfo=UTC), **over) -> Letter:
    fields = {
        "notification_id": NOTIFICATION,
        "visit_id": VISIT,
        "template": Template.VISIT_BOOKED,
        "language": Language.FI,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=45),
        "booked_at": datetime(2026, 11, 24, 8, 12, tzinfo=UTC),
        "written_at": datetime(2026, 11, 24, 8, 12, 1, tzinfo=UTC),
    }
    return Letter(**fields | over)


def read_mail(**over):
    """As a mail program reads it, after the way over the wire."""
    return message_from_bytes(compose(letter(**over), sender=SENDER, address=ADDRESS).as_bytes(), policy=policy.default)


def entry(**over):
    calendar = Calendar.from_ical(calendar_entry(letter(**over), summary="Aika", organizer=SENDER, attendee=ADDRESS))
    return calendar, calendar.walk("VEVENT")[0]


@pytest.mark.parametrize(("template", "language"), EVERY)
def test_every_template_has_every_part_in_every_language(template: Template, language: Language) -> None:
    """Rule 35."""
    assert all(wording(letter(template=template, language=language))[part] for part in PARTS)


def test_no_template_file_is_without_use() -> None:
    names = {f"{template}.{language}.txt" for template, language in EVERY}
    assert {file.name for file in TEMPLATES.glob("*.txt")} == names


@pytest.mark.parametrize("template", Template)
def test_every_language_says_the_same_things(template: Template) -> None:
    """No language leaves out when the visit is, in no part."""
    said = {language: holes(f"{template}.{language}.txt") for language in Language}
    assert said[Language.FI] == said[Language.SV] == said[Language.EN]


def holes(file: str) -> dict[str, set[str]]:
    """What is filled in, by part."""
    blocks = Environment().parse((TEMPLATES / file).read_text("utf-8")).find_all(nodes.Block)
    return {block.name: {name.name for name in block.find_all(nodes.Name)} for block in blocks}


@pytest.mark.parametrize(("template", "language"), EVERY)
def test_no_word_says_that_somebody_is_a_client_of_what_or_why(template: Template, language: Language) -> None:
    """Rule 34: neither health data nor the client relation, in no part of the mail."""
    mail = compose(letter(template=template, language=language), sender=SENDER, address=ADDRESS)
    texts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
    seen = "\n".join([*texts, *mail.values()]).lower()
    assert [word for word in TELLING if word in seen] == []


@pytest.mark.parametrize(
    ("language", "subject", "when"),
    [
        ("fi", "Varattu aika 26.11.2026 klo 10.00", "torstai 26. marraskuuta 2026 klo 10.00–10.45"),
        ("sv", "Bokad tid 26.11.2026 kl. 10.00", "torsdag 26 november 2026 kl. 10.00–10.45"),
        ("en", "Booked time 26 November 2026 at 10:00", "Thursday, 26 November 2026, 10:00–10:45"),
    ],
)
def test_a_mail_says_when_in_finnish_time_and_in_the_language_of_the_person(
    language: str, subject: str, when: str
) -> None:
    mail = read_mail(language=Language(language))
    assert (mail["Subject"], mail["Content-Language"]) == (subject, language)
    assert when in mail.get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    ("starts_at", "local"),
    [
        ("2026-10-25T00:30:00+00:00", "3.30"),  # summer time, the first half past three of that night
        ("2026-10-25T01:30:00+00:00", "3.30"),  # winter time, the second one
        ("2027-03-28T00:30:00+00:00", "2.30"),
        ("2027-03-28T01:30:00+00:00", "4.30"),  # half past three does not exist
    ],
)
def test_a_time_in_the_night_of_the_clock_change_is_written_as_the_clock_shows_it(starts_at: str, local: str) -> None:
    """Rule 19."""
    assert f"klo {local}" in wording(letter(datetime.fromisoformat(starts_at)))["subject"]


def test_a_mail_is_text_with_a_calendar_request_as_alternative() -> None:
    mail = read_mail()
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/calendar"]
    assert list(mail.iter_parts())[1].get_param("method") == "REQUEST"


def test_a_mail_asks_for_no_absence_note() -> None:
    assert read_mail()["Auto-Submitted"] == "auto-generated"


def test_a_calendar_entry_is_a_first_request_with_the_uid_of_the_visit() -> None:
    calendar, event = entry()
    assert (calendar["METHOD"], event["UID"], event["SEQUENCE"]) == ("REQUEST", f"{VISIT}@booking.invalid", 0)


def test_a_calendar_entry_is_the_same_whenever_it_is_written() -> None:
    _, first = entry()
    _, again = entry(written_at=datetime(2026, 11, 24, 9, tzinfo=UTC), notification_id=VISIT)
    assert first.to_ical() == again.to_ical()


@pytest.mark.parametrize("starts_at", ["2026-11-26T08:00:00+00:00", "2027-06-10T07:00:00+00:00"])
def test_a_calendar_entry_is_in_helsinki_time_and_means_the_same_moment(starts_at: str) -> None:
    moment = datetime.fromisoformat(starts_at)
    _, event = entry(starts_at=moment, ends_at=moment + timedelta(minutes=45))
    assert event["DTSTART"].params["TZID"] == "Europe/Helsinki"
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (moment, moment + timedelta(minutes=45))
    assert event.to_ical().count(b"T100000") == 1


def test_a_calendar_entry_names_only_sender_and_recipient() -> None:
    _, event = entry()
    assert (event["ORGANIZER"], event["ATTENDEE"]) == (f"mailto:{SENDER}", f"mailto:{ADDRESS}")
    assert "DESCRIPTION" not in event
    assert "LOCATION" not in event


def test_the_time_zone_we_ship_agrees_with_the_tz_database() -> None:
    """Every renderer uses the same rules: features.md section 4, failure 9. Hourly, over ten years' clock changes."""
    shipped = Timezone.from_ical((TEMPLATES / "europe-helsinki.ics").read_text("ascii")).to_tz(lookup_tzid=False)
    known = ZoneInfo("Europe/Helsinki")
    hours = [
        datetime(year, month, day, tzinfo=UTC) + timedelta(hours=hour)
        for year in range(2026, 2036)
        for month, day in ((1, 1), (7, 1), *((month, day) for month in (3, 10) for day in range(24, 32)))
        for hour in range(24)
    ]
    assert [at for at in hours if at.astimezone(shipped).utcoffset() != at.astimezone(known).utcoffset()] == []
