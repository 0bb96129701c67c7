"""Rules of sending: what an address looks like, when to try again, when to give up. Values in, decision out."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum

RETRY_AFTER = tuple(timedelta(seconds=seconds) for seconds in (1, 5, 30, 120, 600))
"""How long to wait after each failed attempt; after one more we give up. The last outlasts a usual greylisting."""

MOST_ATTEMPTS = len(RETRY_AFTER) + 1

LEASE = timedelta(minutes=5)
"""How long an attempt belongs to whoever began it: longer than the gateway is waited for. One that has not ended by
then was cut off, and is made again under the same Message-ID."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(
    rf"(?=.{{3,254}}\Z){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]", re.ASCII
)
"""Accepts one plain address: words with dots between, @, a host name of two or more labels. No quote, no line end."""


class Template(StrEnum):
    """What a notification says."""

    VISIT_BOOKED = "visit-booked"


class DeliveryState(StrEnum):
    """Life of a delivery."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class Result(StrEnum):
    """How an attempt ended."""

    TAKEN = "taken"
    """The gateway took the mail."""
    REFUSED = "refused"
    """For good: the same mail will never be taken."""
    UNREACHABLE = "unreachable"
    """Not now: no connection, no answer, no login, or "later"."""


def is_address(text: object) -> bool:
    """Whether a text is one e-mail address that can be sent to as it stands; a rare one is refused, not risked."""
    local_and_host = isinstance(text, str) and _ADDRESS.fullmatch(text)
    return bool(local_and_host) and len(str(text).split("@")[0]) <= 64


def result_of(code: int) -> Result:
    """What an SMTP refusal of sender, recipient or message means (RFC 5321 section 4.2.1).

    53x says that the gateway wants a login or encryption first (RFC 4954 section 6): our settings are wrong, not
    the mail.
    """
    return Result.REFUSED if 500 <= code < 600 and code // 10 != 53 else Result.UNREACHABLE


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """When to try again after so many failed attempts; None when it is time to give up."""
    return now + RETRY_AFTER[attempts - 1] if attempts < MOST_ATTEMPTS else None
