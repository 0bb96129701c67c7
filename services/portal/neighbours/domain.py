"""What a neighbour may tell: an event of ours, as its contract says, granted to it, and of the present.

Whose contact it is, and whether it is known already, the database decides (store.py).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from chassis.errors import Refused
from contracts.areas import Areas
from contracts.base import CLOCK_AHEAD, EVENTS, Event, EventType, told_in_digits

REMEMBERED = timedelta(days=100)
"""How long a posted event is known again, as in every inbox; an older one is not taken: it might come a second time."""
UNKNOWN_MUNICIPALITY = "000"
NEEDED = ("specversion", "id", "source", "type", "subject", "time")
"""CloudEvents attributes an event is posted with."""
SEALS = {"alg": "ECDH-ES", "enc": "A256GCM"}
"""How sealed fields are sealed (chassis.seal)."""


class Act(StrEnum):
    """What a neighbour may be granted to send beside facts: people."""

    ASSESSMENTS = "assessments"
    """Results of symptom assessments."""
    REFERRALS = "referrals"


Wrong = tuple[str, str]
"""The name of a field and the rule it breaks; never what stands in it."""


class NotAsDeclared(Refused):
    """Refused, with the fields that are to blame."""

    def __init__(self, code: str, text: str, fields: Iterable[Wrong]) -> None:
        super().__init__(code, text)
        self.fields = tuple(fields)


@dataclass(frozen=True, slots=True)
class Posted:
    """One CloudEvent as it came in, whichever way it was written."""

    attributes: Mapping[str, str]
    """By their CloudEvents names, without any prefix."""
    data: Any


@dataclass(frozen=True, slots=True)
class Granted:
    """What a neighbour may tell."""

    tells: frozenset[str]
    """Keys of events."""
    areas: frozenset[str]
    """Of these counties; empty: of every one."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An event that may be told, unless it was before or is about somebody else's contact."""

    event_id: UUID
    event: Event


def accept_all(posted: Sequence[Posted], granted: Granted, areas: Areas, *, now: datetime) -> list[Accepted]:
    """Check events that came together: all of them, or none.

    Raises:
        Refused: as `accept`; of several events it says by its place which one is to blame: `1.data.trouble`.
    """
    accepted = []
    for place, each in enumerate(posted):
        try:
            accepted.append(accept(each, granted, areas, now=now))
        except Refused as refused:
            if len(posted) == 1:
                raise
            fields = refused.fields if isinstance(refused, NotAsDeclared) else [("type", refused.code)]
            raise NotAsDeclared(
                refused.code, refused.text, [(f"{place}.{field}", rule) for field, rule in fields]
            ) from None
    return accepted


def accept(posted: Posted, granted: Granted, areas: Areas, *, now: datetime) -> Accepted:
    """Check an event on its own.

    Raises:
        Refused: `bad-envelope`, `unknown-type`, `not-granted`, `clock-ahead`, `too-old`, `schema`, `cannot-unseal`,
            `wrong-aggregate`, `wrong-place`.
    """
    _must_be_whole(posted.attributes)
    kind = _kind(posted.attributes["type"])
    if kind.key not in granted.tells:
        raise Refused("not-granted", f"{kind.key} is not granted to this neighbour")
    event_id = _id(posted.attributes["id"])
    _must_be_of_the_present(_instant(posted.attributes["time"]), now)
    event = _event(kind, posted.data)
    _must_agree(posted.attributes, event, areas)
    if granted.areas and event.area not in granted.areas:
        raise Refused("not-granted", "this neighbour tells facts of other counties")
    _must_not_be_ahead(event, now)
    return Accepted(event_id, event)


def _must_be_whole(attributes: Mapping[str, str]) -> None:
    missing = [(name, "missing") for name in NEEDED if not attributes.get(name)]
    if not missing and attributes["specversion"] != "1.0":
        missing = [("specversion", "literal_error")]
    if missing:
        raise NotAsDeclared("bad-envelope", "expected a CloudEvent 1.0 with all of its attributes", missing)


def _kind(ce_type: str) -> EventType:
    if ce_type in EVENTS:
        return EVENTS[ce_type]
    stem = ce_type.rpartition(".v")[0]
    if any(stem == known.rpartition(".v")[0] for known in EVENTS):
        raise Refused("unknown-type", "the event is known, this version of it is not")
    raise Refused("unknown-type", "no event of this type is declared")


def _id(text: str) -> UUID:
    """Ids of all neighbours meet on the bus under one source: only a UUID is nobody else's."""
    try:
        found = UUID(text)
    except ValueError:
        found = None
    if found is None or str(found) != text.lower():
        raise NotAsDeclared("bad-envelope", "expected a UUID as the event's id", [("id", "uuid_parsing")])
    return found


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise NotAsDeclared("bad-envelope", "expected a time of RFC 3339", [("time", "datetime_parsing")])
    return found


def _must_be_of_the_present(at: datetime, now: datetime) -> None:
    if at - now > CLOCK_AHEAD:
        raise NotAsDeclared("clock-ahead", "the event's time is ahead of ours", [("time", "ahead")])
    if now - at > REMEMBERED:
        raise Refused("too-old", f"the event is older than {REMEMBERED.days} days")


def _must_not_be_ahead(event: Event, now: datetime) -> None:
    """A moment that is told counts: a promise is due by it."""
    ahead = [name for name, value in event if isinstance(value, datetime) and value - now > CLOCK_AHEAD]
    if ahead:
        text = "what is told has not happened yet"
        raise NotAsDeclared("clock-ahead", text, [(f"data.{name}", "ahead") for name in ahead])


def _event(kind: EventType, data: Any) -> Event:
    try:
        event = kind.cls.model_validate_json(json.dumps(data), strict=True)  # as JSON has it: no digits for a moment
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        fields = [(".".join(map(str, ("data", *each["loc"]))), each["type"]) for each in wrong]
        raise NotAsDeclared("schema", f"the data is not as schemas/{kind.key}.json says", fields) from None
    if digits := told_in_digits(event, data):
        fields = [(f"data.{name}", "datetime_parsing") for name in digits]
        raise NotAsDeclared("schema", f"the data is not as schemas/{kind.key}.json says", fields)
    sealed = {name: getattr(event, name) for name in kind.sealed}
    unsealed = [(f"data.{name}", "not_a_jwe") for name, jwe in sealed.items() if jwe and not _is_sealed(jwe)]
    if unsealed:
        raise NotAsDeclared("cannot-unseal", "expected a JWE to the key of the field's owner", unsealed)
    return event


def _is_sealed(token: str) -> bool:
    """Whether it could be a JWE of ours. Whether its owner opens it the owner finds out."""
    head = token.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        return False
    return isinstance(header, dict) and all(header.get(name) == value for name, value in SEALS.items())


def _must_agree(attributes: Mapping[str, str], event: Event, areas: Areas) -> None:
    if attributes["subject"].lower() != str(event.about):
        text = "the subject is not the id of what the event is about"
        raise NotAsDeclared("wrong-aggregate", text, [("subject", event.declared.about)])
    home = areas.of_municipality(event.municipality)
    at_home = event.area in areas and (
        event.municipality == UNKNOWN_MUNICIPALITY or (home is not None and home.code == event.area)
    )
    differing = [name for name in ("area", "municipality") if attributes.get(name) not in (None, getattr(event, name))]
    if not at_home or differing:
        fields = [(name, "differs") for name in differing] or [("data.municipality", "of_another_area")]
        raise NotAsDeclared("wrong-place", "the municipality is not one of the area's", fields)
