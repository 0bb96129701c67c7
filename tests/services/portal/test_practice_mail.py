from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from email.message import EmailMessage

import aiosmtplib
import pytest

from chassis import clock
from services.portal.practice.mail import KEPT, LONGEST_BYTES, Mailbox, start
from tests.unit import START


def mail(subject: str = "Varattu aika", content: str = "klo 10.00–10.45") -> EmailMessage:
    written = EmailMessage()
    written["From"], written["To"], written["Subject"] = "noreply@booking.invalid", "aada@example.fi", subject
    written.set_content(content)
    return written


def with_mailbox(act: Callable[[Mailbox], Awaitable[None]]) -> Mailbox:
    async def run() -> Mailbox:
        mailbox = await start("127.0.0.1", 0)
        await act(mailbox)
        mailbox.close()
        return mailbox

    with clock.using(clock.SetClock(START)):
        return asyncio.run(run())


async def send(mailbox: Mailbox, *mails: EmailMessage) -> None:
    async with aiosmtplib.SMTP(
        hostname="127.0.0.1", port=mailbox.port, local_hostname="test", timeout=10
    ) as connection:
        for one in mails:
            await connection.send_message(one)


def test_a_mail_is_kept_as_it_was_written() -> None:
    (caught,) = with_mailbox(lambda mailbox: send(mailbox, mail())).mails
    body = caught.get_body(("plain",))
    assert body is not None
    assert (caught["To"], caught["Subject"], body.get_content().strip()) == (
        "aada@example.fi",
        "Varattu aika",
        "klo 10.00–10.45",
    )


def test_only_the_last_two_hundred_are_kept() -> None:
    mailbox = with_mailbox(lambda mailbox: send(mailbox, *(mail(f"{n}") for n in range(KEPT + 1))))
    assert (len(mailbox.mails), mailbox.mails[0]["Subject"], mailbox.mails[-1]["Subject"]) == (KEPT, "1", f"{KEPT}")


def test_a_mail_that_is_too_long_is_not_kept() -> None:
    async def refused(mailbox: Mailbox) -> None:
        with pytest.raises(aiosmtplib.SMTPResponseException):
            await send(mailbox, mail(content="x" * LONGEST_BYTES))

    assert len(with_mailbox(refused).mails) == 0


def test_a_closed_mailbox_takes_nothing_more() -> None:
    async def after_closing(mailbox: Mailbox) -> None:
        port = mailbox.port
        mailbox.close()
        with pytest.raises(aiosmtplib.SMTPConnectError):
            await aiosmtplib.SMTP(hostname="127.0.0.1", port=port, timeout=5).connect()

    with_mailbox(after_closing)
