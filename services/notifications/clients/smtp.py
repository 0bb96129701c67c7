"""The mail gateway."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiosmtplib

from services.notifications.clients.letter import Letter, compose
from services.notifications.domain import Result, result_of
from services.notifications.settings import NotificationsSettings

PATIENCE_SECONDS = 60.0
"""How long one mail may take in all, however slowly the gateway answers; well within domain.LEASE."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Sends letters by SMTP, a connection each."""

    settings: NotificationsSettings

    async def send(self, letter: Letter, address: str) -> Result:
        """Send one letter, and tell how it ended.

        What the gateway said stays here: its words may quote the address. A mail whose "taken" got lost on the way
        counts as not sent; the second copy has the same Message-ID.
        """
        mail = compose(letter, sender=self.settings.sender, address=address)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await aiosmtplib.send(
                    mail,
                    sender=self.settings.sender,
                    recipients=[address],
                    hostname=self.settings.smtp_host,
                    port=self.settings.smtp_port,
                    local_hostname=self.settings.sender.rpartition("@")[2],
                    start_tls=self.settings.smtp_starttls,
                    username=self.settings.smtp_user or None,
                    password=self.settings.smtp_password.get_secret_value() or None,
                    timeout=self.settings.smtp_timeout_seconds,
                )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            return result_of(refused.recipients[0].code)
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as refused:
            return result_of(refused.code)
        except (aiosmtplib.SMTPException, OSError):  # TimeoutError is an OSError
            return Result.UNREACHABLE
        return Result.TAKEN
