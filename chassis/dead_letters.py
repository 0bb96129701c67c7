"""Dead letters: look at what could not be handled, send it again, or let it go.

The stream of dead letters only ever grows. What became of a letter is a later message about it, so that every decision
of an operator can still be read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from nats.js.client import JetStreamContext

from chassis.errors import Refused
from chassis.reading import messages
from contracts.base import EVENTS

STREAM = "DLQ"
SETTLED = "dlq.settled"
"""Subject of what became of letters."""
NUMBER, FATE = "dlq-number", "dlq-fate"


class Fate(StrEnum):
    """What became of a letter."""

    OPEN = "open"
    REPLAYED = "replayed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that a consumer set aside."""

    number: int
    """Its sequence in the stream of dead letters."""
    at: datetime
    consumer: str
    """The durable that could not handle it."""
    reason: str
    """`unprocessable`, `later` or `bug`: chassis.inbox.Ending."""
    code: str
    subject: str
    """Where it had been published, and is again when it is replayed."""
    deliveries: int
    headers: Mapping[str, str]
    """Its envelope."""
    body: bytes
    fate: Fate = Fate.OPEN

    @property
    def event(self) -> str:
        """Its `ce-type`, or "?" where none is declared that is called so: anybody's words could stand there."""
        told = self.headers.get("ce-type", "")
        return told if told in EVENTS else "?"

    def summary(self) -> dict[str, Any]:
        """Everything but envelope and body, which may say what nobody has checked."""
        told = asdict(self) | {"at": self.at.isoformat(), "event": self.event}
        return {name: value for name, value in told.items() if name not in ("headers", "body")}


Errand = Callable[[JetStreamContext, int], Awaitable[Letter]]
"""What is done to a letter: `replay` or `drop`."""


async def letters(bus: JetStreamContext) -> list[Letter]:
    """Every letter that is still kept, oldest first, with what became of it."""
    found: dict[int, Letter] = {}
    async for message in messages(bus, STREAM):
        headers = dict(message.headers or {})
        if message.subject != SETTLED:
            each = _letter(message, headers)
            found[each.number] = each
        elif (number := _number(headers)) in found:
            found[number] = replace(found[number], fate=Fate(headers[FATE]))
    return list(found.values())


def _number(headers: Mapping[str, str]) -> int:
    """The letter a decision is about; 0 where it is none."""
    number = headers.get(NUMBER, "")
    return int(number) if number.isdecimal() and headers.get(FATE) in set(Fate) else 0


def _letter(message: Any, headers: dict[str, str]) -> Letter:
    return Letter(
        number=message.seq,
        at=message.time,
        consumer=headers.get("dlq-consumer", "?"),
        reason=headers.get("dlq-reason", "?"),
        code=headers.get("dlq-code", "?"),
        subject=headers.get("dlq-subject", "?"),
        deliveries=int(headers.get("dlq-deliveries", "0")),
        headers={name: value for name, value in headers.items() if not name.startswith(("dlq-", "Nats-"))},
        body=message.data or b"",
    )


async def letter(bus: JetStreamContext, number: int) -> Letter:
    """One letter.

    Raises:
        Refused: `no-such-letter`.
    """
    found = next((each for each in await letters(bus) if each.number == number), None)
    if found is None:
        raise Refused("no-such-letter", f"there is no dead letter {number}")
    return found


async def replay(bus: JetStreamContext, number: int) -> Letter:
    """Send a letter again, after a release that mends its cause.

    It goes where it had been published, so every reader gets it: who has acted on it knows its event id and does
    nothing, whoever has not acts now. Safe to repeat: within the stream's ten minutes the second copy is none.

    Raises:
        Refused: `no-such-letter`, or `letter-settled` when it was replayed or dropped before.
    """
    found = await _open(bus, number)
    await bus.publish(found.subject, found.body, headers={**found.headers, "Nats-Msg-Id": f"replay-{number}"})
    return await _settle(bus, found, Fate.REPLAYED)


async def drop(bus: JetStreamContext, number: int) -> Letter:
    """Let a letter go: nobody will act on it. It stays to be read until it is past its age.

    Raises:
        Refused: `no-such-letter`, or `letter-settled` when it was replayed or dropped before.
    """
    return await _settle(bus, await _open(bus, number), Fate.DROPPED)


async def _open(bus: JetStreamContext, number: int) -> Letter:
    found = await letter(bus, number)
    if found.fate is not Fate.OPEN:
        raise Refused("letter-settled", f"dead letter {number} was {found.fate} before")
    return found


async def _settle(bus: JetStreamContext, found: Letter, fate: Fate) -> Letter:
    await bus.publish(SETTLED, b"", headers={NUMBER: str(found.number), FATE: fate})
    return replace(found, fate=fate)
