"""A real SMTP server on a loopback port, in a thread of its own, that answers as it is told."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope


class Post:
    """Takes mail unless told otherwise."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.replies: list[str] = []
        """To DATA, one after another; the last is repeated."""
        self.to_recipient: list[str] = []
        """To RCPT, the same way."""
        self.port = free_port()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        reply = _next(self.to_recipient) or "250 OK"
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        reply = _next(self.replies) or "250 OK"
        if reply.startswith("2"):
            self.recipients += envelope.rcpt_tos
            self.mails.append(message_from_bytes(envelope.original_content or b"", policy=policy.default))
        return reply

    @contextmanager
    def open(self, **settings: Any) -> Iterator[None]:
        """Listen while the block runs."""
        where = {"hostname": "127.0.0.1", "port": self.port, "server_hostname": "gateway.invalid"}
        controller = Controller(self, **where, **settings)
        controller.start()
        try:
            yield
        finally:
            controller.stop()


def only_with_login(_server: SMTP, _session: Any, _envelope: Any, _mechanism: str, login: Any) -> AuthResult:
    return AuthResult(success=(login.login, login.password) == (b"unit", b"secret"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _next(replies: list[str]) -> str | None:
    if not replies:
        return None
    return replies.pop(0) if len(replies) > 1 else replies[0]
