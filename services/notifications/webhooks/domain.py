"""Rules of posting facts: what an answer means, when to try again, what is signed. Values in, decision out.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

SECRET_PREFIX = "whsec_"  # noqa: S105  # how a secret begins, no secret
HELD_FOR = (timedelta(seconds=5), *(timedelta(minutes=minutes) for minutes in (1, 5, 10)))
"""How long to wait after each of the first failures. What comes after waits too, so that the order of the stream stays:
a receiver that is away for a quarter of an hour notices nothing but the time."""
APART_FOR = (timedelta(minutes=30), *(timedelta(hours=hours) for hours in (1, 2, 4, 8)))
"""After that a fact is tried by itself and holds up nobody; the last pause repeats."""
TRIED_FOR = timedelta(days=3)
"""How long a fact is tried. What has waited longer behind others is tried once."""
LEASE = timedelta(minutes=1)
"""How long an attempt belongs to whoever began it: longer than a receiver is waited for. One that has not ended by then
was cut off, and is made again under the same `webhook-id`."""
KEPT_FOR = timedelta(days=30)
"""How long what has ended stays on record, to be looked at and sent again."""
MOST_WAITING = 1000
"""So much of one stream is taken for a neighbour at most: the stream keeps the rest, and longer than we try."""
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class State(StrEnum):
    """Life of a fact that is posted to one neighbour."""

    WAITING = "waiting"
    POSTING = "posting"
    DELIVERED = "delivered"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    """Its grant was taken back before it was delivered."""


class Answer(StrEnum):
    """How an attempt ended."""

    TAKEN = "taken"
    GONE = "gone"
    """The receiver wants nothing any more."""
    REFUSED = "refused"
    """It does not want this one; others may be fine."""
    FAILING = "failing"
    """Any other status: now it takes nothing."""
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    """No connection, no trust in its certificate, or no HTTP."""
    UNSIGNED = "unsigned"
    """We have no secret to sign with, so nothing was sent."""


@dataclass(frozen=True, slots=True)
class Again:
    """When to try again."""

    due_at: datetime
    apart: bool
    """Whether what comes after in the stream goes on meanwhile."""


def meaning(status: int) -> Answer:
    """What an HTTP status says. A redirect is no delivery: the receiver has moved, and an operator decides whereto."""
    if 200 <= status < 300:
        return Answer.TAKEN
    if status == 410:
        return Answer.GONE
    return Answer.REFUSED if status in (400, 409, 413, 415, 422) else Answer.FAILING


def next_try(answer: Answer, attempts: int, *, tried_from: datetime, now: datetime) -> Again | None:
    """What follows a failed attempt; None when it is time to give up.

    Args:
        answer: how it ended.
        attempts: made so far, 1 or more.
        tried_from: when its three days began.
        now: when the last attempt ended.
    """
    pauses = (*HELD_FOR, *APART_FOR)
    due_at = now + pauses[min(attempts, len(pauses)) - 1]
    if due_at > tried_from + TRIED_FOR:
        return None
    return Again(due_at, apart=answer is Answer.REFUSED or attempts > len(HELD_FOR))


def signature(secrets: Sequence[str], event_id: str, posted_at: datetime, body: str) -> str:
    """The header `webhook-signature`: one signature for each secret, so that a receiver may still have the old one."""
    signed = f"{event_id}.{int(posted_at.timestamp())}.{body}".encode()
    keys = (b64decode(secret.removeprefix(SECRET_PREFIX)) for secret in secrets)
    return " ".join(f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}" for key in keys)


def structured(headers: Mapping[str, str], body: bytes) -> str:
    """A fact as one JSON document: CloudEvents 1.0, structured mode.

    Args:
        headers: as published, in binary mode.
        body: its data.

    Raises:
        ValueError: the data is no JSON.
    """
    told = {name.removeprefix("ce-"): value for name, value in headers.items() if name.startswith("ce-")}
    if "traceparent" in headers:
        told["traceparent"] = headers["traceparent"]
    return json.dumps(told | {"data": json.loads(body)}, ensure_ascii=False, separators=(",", ":"))


def must_not_be_posted_to(address: str, *, practice: bool) -> str:
    """Why nothing may go to an address; empty when it may. Facts go out encrypted, or stay on a practising machine."""
    parts = urlsplit(address)
    if parts.scheme == "https" or (practice and parts.hostname in LOOPBACK):
        return ""
    return "a webhook needs https; plain http is for the practice profile and this machine alone"
