"""Rules of sending: when to try again, when to give up. Values in, decision out."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

RETRY_AFTER = (*(timedelta(seconds=seconds) for seconds in (1, 5, 30, 120, 600)), *[timedelta(hours=1)] * 24)
"""How long to wait after each failed attempt; after one more we give up. A gateway that is away for a day, or a
greylisting, costs nobody the confirmation."""

MOST_ATTEMPTS = len(RETRY_AFTER) + 1

LEASE = timedelta(minutes=5)
"""How long an attempt belongs to whoever began it: longer than the gateway is waited for. One that has not ended by
then was cut off, and is made again under the same Message-ID."""


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


def result_of(code: int) -> Result:
    """What an SMTP refusal of sender, recipient or message means (RFC 5321 section 4.2.1).

    53x says that the gateway wants a login or encryption first (RFC 4954 section 6): our settings are wrong, not
    the mail.
    """
    return Result.REFUSED if 500 <= code < 600 and code // 10 != 53 else Result.UNREACHABLE


def next_attempt(attempts: int, now: datetime, *, starts_at: datetime) -> datetime | None:
    """When to try again after so many failed attempts; None when it is time to give up.

    Args:
        attempts: made so far, 1 or more.
        now: when the last one failed.
        starts_at: when the visit begins; a confirmation is of no use from then on.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    again_at = now + RETRY_AFTER[attempts - 1]
    return again_at if again_at < starts_at else None
