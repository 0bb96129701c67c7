"""Read the stream of facts as it stands: for reports, checks and people. Changes nothing, needs no consumer."""

from __future__ import annotations

from dataclasses import dataclass

from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from chassis.bus import STREAM
from contracts.base import EVENTS, Event


@dataclass(frozen=True, slots=True)
class Stored:
    """One fact as the stream keeps it."""

    sequence: int
    fact: Event
    headers: dict[str, str]


async def last_sequence(bus: JetStreamContext, stream: str = STREAM) -> int:
    """Sequence of the newest message, 0 when there is none."""
    return (await bus.stream_info(stream)).state.last_seq


async def facts(bus: JetStreamContext, *, after: int = 0) -> list[Stored]:
    """Every fact after a sequence, in order; what no contract declares is left out."""
    found = []
    for sequence in range(after + 1, await last_sequence(bus) + 1):
        try:
            message = await bus.get_msg(STREAM, sequence)
        except NotFoundError:
            continue  # past its age
        headers = dict(message.headers or {})
        kind = EVENTS.get(headers.get("ce-type", ""))
        if kind and message.data is not None:
            found.append(Stored(sequence, kind.cls.model_validate_json(message.data), headers))
    return found
