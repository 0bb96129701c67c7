"""The practice installation's mail gateway: it takes every mail, keeps the last ones in memory, and sends none on."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import partial
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

from chassis import telemetry

KEPT = 200
"""How many mails are kept; an older one gives way."""

LONGEST_BYTES = 256 * 1024
"""Bound on one mail: a confirmation has about three kilobytes."""


_READER = BytesParser(policy=policy.EmailPolicy(message_factory=EmailMessage))


@dataclass(slots=True)
class Mailbox:
    """Every mail that came, oldest first, and the gateway that takes them."""

    mails: deque[EmailMessage] = field(default_factory=partial(deque, maxlen=KEPT))
    server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where it listens; 0 when it does not."""
        sockets = self.server.sockets if self.server else ()
        return int(sockets[0].getsockname()[1]) if sockets else 0

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Envelope) -> str:
        """Take one mail; aiosmtpd calls it by this name."""
        self.mails.append(_READER.parsebytes(envelope.original_content or b""))
        return "250 kept"

    def close(self) -> None:
        """Take no more mail. What was kept can still be read."""
        if self.server:
            self.server.close()


async def start(host: str, port: int) -> Mailbox:
    """Listen in the running loop.

    Args:
        host: a loopback address: whoever reaches it can put mail here.
        port: 0 takes a free one.

    Raises:
        OSError: somebody else listens there; it is logged, because the web side that asked says no more than that it
            does not start.
    """
    loop = asyncio.get_running_loop()
    mailbox = Mailbox()
    try:
        mailbox.server = await loop.create_server(
            lambda: SMTP(mailbox, loop=loop, hostname="localhost", data_size_limit=LONGEST_BYTES), host, port
        )
    except OSError:
        why = "mail cannot be caught: is another unit running? DIGI_PRACTICE_MAIL_PORT sets another port"
        telemetry.log("portal").error(why, address=f"{host}:{port}")
        raise
    return mailbox
