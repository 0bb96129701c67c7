"""What only a practice installation shows: the mail that would have been sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from icalendar import Calendar

from contracts.base import Language
from services.portal.language import preferred
from services.portal.pages.page import page_of, shown

routes = APIRouter()


@dataclass(frozen=True, slots=True)
class Entry:
    """A calendar entry that came with a mail."""

    summary: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Mail:
    """A caught mail as the page shows it."""

    subject: str
    to: str
    sender: str
    text: str
    entries: tuple[Entry, ...]


def as_shown(message: EmailMessage) -> Mail:
    body = message.get_body(("plain",))
    return Mail(
        subject=str(message.get("subject", "")),
        to=str(message.get("to", "")),
        sender=str(message.get("from", "")),
        text=body.get_content() if body else "",
        entries=tuple(_entries(message)),
    )


def _entries(message: EmailMessage) -> Iterator[Entry]:
    """Calendar entries of a mail; most mail programs show them in its place, not as a file."""
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            entry = part.get_payload(decode=True)
            assert isinstance(entry, bytes)  # a part that is no multipart
            for event in Calendar.from_ical(entry).walk("VEVENT"):
                yield Entry(str(event["summary"]), event.decoded("dtstart"), event.decoded("dtend"))


@routes.get("/practice/mail")
async def mailbox(request: Request) -> Response:
    return RedirectResponse(f"/{preferred(request.headers.get('accept-language', ''))}/practice/mail", status_code=303)


@routes.get("/{language}/practice/mail")
async def mails(request: Request, language: Language) -> Response:
    caught = [as_shown(message) for message in reversed(request.app.state.mailbox.mails)]
    return shown("mail.html", page_of(request, language, "/practice/mail"), mails=caught)
