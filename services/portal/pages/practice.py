"""What only a practice installation shows: the mail that would have been sent."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from contracts.base import Language
from services.portal.language import preferred
from services.portal.pages.page import page_of, shown

routes = APIRouter()


@dataclass(frozen=True, slots=True)
class Mail:
    """A caught mail as the page shows it."""

    subject: str
    to: str
    sender: str
    text: str
    attachments: tuple[str, ...]


def as_shown(message: EmailMessage) -> Mail:
    body = message.get_body(("plain",))
    names = (part.get_filename() for part in message.iter_attachments())
    return Mail(
        subject=str(message.get("subject", "")),
        to=str(message.get("to", "")),
        sender=str(message.get("from", "")),
        text=body.get_content() if body else "",
        attachments=tuple(name for name in names if name),
    )


@routes.get("/practice/mail")
async def mailbox(request: Request) -> Response:
    return RedirectResponse(f"/{preferred(request.headers.get('accept-language', ''))}/practice/mail", status_code=303)


@routes.get("/{language}/practice/mail")
async def mails(request: Request, language: Language) -> Response:
    caught = [as_shown(message) for message in reversed(request.app.state.mailbox.mails)]
    return shown("mail.html", page_of(request, language, "/practice/mail"), mails=caught)
