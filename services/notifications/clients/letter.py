"""A letter: neutral words in the person's language, and a calendar entry. Texts stand in templates/."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache, partial
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

from babel.core import Locale
from babel.dates import format_date, format_time
from icalendar import Calendar, Event, Timezone, vCalAddress
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from chassis.calendar import HELSINKI, local_date
from contracts.base import Language
from services.notifications.domain import Template

TEMPLATES = Path(__file__).parents[1] / "templates"
PARTS = ("subject", "body", "summary")
"""Blocks of every template: mail subject, mail text, title of the calendar entry."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter says, without to whom."""

    notification_id: UUID
    visit_id: UUID
    template: Template
    language: Language
    starts_at: datetime
    ends_at: datetime
    booked_at: datetime
    written_at: datetime


def compose(letter: Letter, *, sender: str, address: str) -> EmailMessage:
    """The mail to one address.

    Args:
        letter: what to say.
        sender: its host also stands in Message-ID and calendar UID.
        address: as `EmailAddress` accepts it.
    """
    texts = wording(letter)
    host = sender.rpartition("@")[2]
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = address
    mail["Subject"] = texts["subject"]
    mail["Date"] = format_datetime(letter.written_at)
    mail["Message-ID"] = f"<{letter.notification_id}@{host}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence note comes back
    mail.set_content(texts["body"] + "\n")
    entry = calendar_entry(letter, summary=texts["summary"], organizer=sender, attendee=address)
    mail.add_alternative(entry, subtype="calendar", params={"method": "REQUEST"})
    mail["Content-Language"] = letter.language.value  # last: setting a content drops such headers
    return mail


def wording(letter: Letter) -> dict[str, str]:
    """The parts of the letter's template, filled.

    Raises:
        KeyError: the template lacks a part.
        jinja2.TemplateNotFound: the language lacks the template.
    """
    template = _environment(letter.language).get_template(f"{letter.template}.{letter.language}.txt")
    values = {"day": local_date(letter.starts_at), "starts_at": letter.starts_at, "ends_at": letter.ends_at}
    context = template.new_context(values)
    return {part: "".join(template.blocks[part](context)).strip() for part in PARTS}


def calendar_entry(letter: Letter, *, summary: str, organizer: str, attendee: str) -> str:
    """The visit as an iCalendar request (RFC 5546 section 3.2.2); the same visit always has the same UID."""
    event = Event()
    event.add("uid", f"{letter.visit_id}@{organizer.rpartition('@')[2]}")
    event.add("sequence", 0)
    event.add("dtstamp", letter.booked_at)
    event.add("dtstart", letter.starts_at.astimezone(HELSINKI))
    event.add("dtend", letter.ends_at.astimezone(HELSINKI))
    event.add("summary", summary)
    event.add("status", "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("organizer", _mailto(organizer))
    event.add("attendee", _mailto(attendee), parameters={"partstat": "ACCEPTED", "rsvp": "FALSE"})
    calendar = Calendar()
    calendar.add("prodid", "-//Booking//1//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "REQUEST")
    calendar.add_component(_zone())
    calendar.add_component(event)
    text: str = calendar.to_ical().decode()
    return text


def _mailto(address: str) -> vCalAddress:
    return vCalAddress("mailto:" + quote(address, safe="@+!$'*"))


def _zone() -> Timezone:
    """Europe/Helsinki as RFC 5545 writes it; a test holds it against the tz database."""
    zone = Timezone.from_ical((TEMPLATES / "europe-helsinki.ics").read_text("ascii"))
    assert isinstance(zone, Timezone)  # narrows the type: the file is ours
    return zone


@cache
def _environment(language: Language) -> Environment:
    locale = Locale.parse({Language.FI: "fi_FI", Language.SV: "sv_FI", Language.EN: "en_GB"}[language])
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=select_autoescape(default=False),  # plain text
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["weekday_and_date"] = partial(format_date, format="full", locale=locale)
    environment.filters["date"] = partial(format_date, locale=locale)
    environment.filters["time"] = partial(format_time, tzinfo=HELSINKI, locale=locale)
    return environment
