"""Read the stream of facts as it stands: for reports, checks and people. Changes nothing, needs no consumer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from nats.js.api import RawStreamMsg
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from chassis.bus import STREAM
from contracts.base import EVENTS, Event

AT_ONCE = 50
"""How many messages are asked for at once."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One fact as the stream keeps it."""

    sequence: int
    fact: Event
    headers: dict[str, str]


async def last_sequence(bus: JetStreamContext, stream: str = STREAM) -> int:
    """Sequence of the newest message, 0 when there is none."""
    return (await bus.stream_info(stream)).state.last_seq


async def messages(bus: JetStreamContext, stream: str, *, after: int = 0) -> AsyncIterator[RawStreamMsg]:
    """Every message of a stream after a sequence that is still kept, in order, up to the newest when this begins."""
    state = (await bus.stream_info(stream)).state
    for first in range(max(state.first_seq, after + 1), state.last_seq + 1, AT_ONCE):
        asked = [bus.get_msg(stream, each) for each in range(first, min(first + AT_ONCE, state.last_seq + 1))]
        for found in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(found, BaseException):
                if not isinstance(found, NotFoundError):  # past its age meanwhile
                    raise found
                continue
            yield found


async def facts(bus: JetStreamContext, *, after: int = 0) -> list[Stored]:
    """Every fact after a sequence, in order; what no contract declares is left out."""
    found = []
    async for message in messages(bus, STREAM, after=after):
        headers = dict(message.headers or {})
        kind = EVENTS.get(headers.get("ce-type", ""))
        if kind and message.seq is not None and message.data is not None:
            found.append(Stored(message.seq, kind.cls.model_validate_json(message.data), headers))
    return found
