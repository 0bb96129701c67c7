"""The envelope of a fact: CloudEvents 1.0 in binary mode, headers beside a body that is the data alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.errors import Unprocessable
from contracts.base import SOURCE_PREFIX, Event, PublicEvent

_ID = re.compile(r"[!-~]{1,100}")
"""Visible ASCII; the inbox keeps no longer one."""
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, version 00. A damaged one is as good as none."""
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands around a fact that was received."""

    id: str
    type: str
    about: UUID
    time: datetime
    version: int
    """How many facts its owner has told about this aggregate, this one included: the guard against disorder."""
    traceparent: str | None


def headers_for(
    event: Event, *, event_id: str, at: datetime, version: int, cause: str | None, traceparent: str | None
) -> dict[str, str]:
    """The headers an event is published with."""
    kind = event.declared
    if isinstance(event, PublicEvent):  # a moment, a cause or a trace would lead to the person
        at, cause, traceparent = event.began, None, None
    headers = {
        "ce-specversion": "1.0",
        "ce-id": event_id,
        "ce-type": kind.ce_type,
        "ce-source": f"/{SOURCE_PREFIX}/{kind.owner}",
        "ce-subject": str(event.about),
        "ce-time": at.isoformat().replace("+00:00", "Z"),
        "ce-datacontenttype": "application/json",
        "ce-dataschema": f"schemas/{kind.key}.json",
        "ce-area": event.area,
        "ce-municipality": event.municipality,
        "ce-aggregateversion": str(version),
        "Nats-Msg-Id": event_id,
    }
    if cause:
        headers["ce-causationid"] = cause
    if traceparent:
        headers["traceparent"] = traceparent
    return headers


def read_envelope(headers: Mapping[str, str] | None) -> Envelope:
    """Read the headers of a received message.

    Raises:
        Unprocessable: `bad-envelope`: a header is missing or not what it should be; `content-type`: the body is no JSON
            data in binary mode.
    """
    headers = headers or {}
    for name in ("ce-datacontenttype", "content-type"):
        if headers.get(name, _JSON).partition(";")[0].strip() != _JSON:
            raise Unprocessable("content-type", "expected application/json beside the headers")
    parent = headers.get("traceparent", "")
    try:
        if not _ID.fullmatch(headers["ce-id"]):
            raise ValueError("an id is 1-100 visible ASCII characters")
        if headers["ce-specversion"] != "1.0":
            raise ValueError("another version of CloudEvents")
        at = datetime.fromisoformat(headers["ce-time"])
        if at.tzinfo is None:
            raise ValueError("a moment has a zone")
        return Envelope(
            id=headers["ce-id"],
            type=headers["ce-type"],
            about=UUID(headers["ce-subject"]),
            time=at,
            version=int(headers["ce-aggregateversion"]),
            traceparent=parent if _TRACEPARENT.fullmatch(parent) else None,
        )
    except (KeyError, ValueError) as error:
        raise Unprocessable("bad-envelope", "the CloudEvents headers are incomplete or malformed") from error
