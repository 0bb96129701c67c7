"""docs/events.md: the published language for people who read rather than generate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from contracts.base import ASKS, EVENTS, AskType, EventType, Kind
from contracts.prose import prose
from contracts.released import Release, first
from contracts.schema import Schema, alternatives, of_event
from contracts.versions import newest

INTRODUCTION = """\
# Events

Made from the classes in `contracts/` by `make contracts`; do not edit by hand.

A **fact** is told once, in the past tense, by the one service that knows it. It carries ids, codes and times, never a
name, a number of a person, or anybody's words. Its subject is `evt.<area>.<municipality>.<owner>.<event>.v<N>`: the
two-digit code of the county, the three-digit code of the municipality (`000` when unknown).
[Public events](#public-events) have a subject and a section of their own. To read from another system, take
[the kit](../contracts/kit/README.md).

- **Envelope:** CloudEvents 1.0 headers (`ce-id`, `ce-type`, `ce-source`, `ce-subject`, `ce-time`, …);
  the body is the data. All headers: [asyncapi.yaml](../contracts/asyncapi.yaml), `components.schemas.CloudEvent`.
- **Delivery** is at least once. Act once per `ce-id`.
- **Order** is guarded by `ce-aggregateversion`, which counts what one `ce-source` told about one `ce-subject`:
  compare it only within one source and one type.
- **Unknown fields** are ignored. Within a version a message may only gain optional fields and further values of a list.
- **Since** names the release from which on neighbours can rely on an event or a field. A deprecated event says until
  when it is told; what takes its place is told beside it until then.
- **Sealed** fields are encrypted to one service's public key (JWE). Everybody else carries them unread.
- A moment is UTC and written `2026-11-24T08:01:00Z`; a day is a day in Finland (Europe/Helsinki). A code whose list is
  not named is a word of this unit's own.
"""
PUBLIC = """\
## Public events

Statistics without persons, for any system of the county that asks (`digi bus grant <system> --reads pub`). They lie in
a stream of their own, `PUB`, under `pub.<area>.<municipality>.<event>.v<N>`.

- **Closed lists and the day**, nothing else: no id, no cause and no trace leads from one to a person. The bus adds when
  it was published, as to every message.
- A municipality with few inhabitants, in which one visit might be recognised, is counted with its county: `000`.
- `ce-subject` is the place, the same for every event of it; `ce-aggregateversion` counts what its owner has told of the
  place, so that a gap shows.

All other events are **care events**: they carry pseudonymous ids and are read only by systems granted each by name.
"""

FORMATS = {"uuid": "id (UUID)", "date-time": "moment, UTC", "date": "day"}
PLAIN = {"boolean": "yes or no", "integer": "whole number", "string": "code", "object": "object"}
READABLE_PATTERN = 12
"""Longest pattern that says more to a reader than it hides, characters."""
UNITS = {"seconds": "seconds", "minutes": "minutes", "days": "days", "percent": "percent"}


def events_page(consumers: Mapping[str, tuple[str, ...]], kept: Sequence[Release] = ()) -> str:
    """The whole page.

    Args:
        consumers: services that listen, by `ce-type`.
        kept: releases, oldest first.
    """
    kinds = sorted(EVENTS.values(), key=lambda kind: (not kind.public, kind.owner, kind.name, kind.version))
    parts = [INTRODUCTION, _overview(kinds, consumers)]
    for (public, owner), told in groupby(kinds, key=attrgetter("public", "owner")):
        if not public:
            parts.append(f"## {owner}\n")
        elif PUBLIC not in parts:
            parts.append(PUBLIC)
        parts.extend(_event(kind, consumers, kept) for kind in told)
    return "\n".join([*parts, _asks()])


def _overview(kinds: list[EventType], consumers: Mapping[str, tuple[str, ...]]) -> str:
    rows = [
        f"| [{kind.cls.__name__}](#{kind.cls.__name__.lower()}) | {kind.owner} | {_listeners(kind, consumers) or '–'} "
        f"| {_cell(kind.external or '–')} |"
        for kind in kinds
    ]
    return "\n".join(["| fact | told by | read by | read outside the unit by |", "|---|---|---|---|", *rows, ""])


def _event(kind: EventType, consumers: Mapping[str, tuple[str, ...]], kept: Sequence[Release]) -> str:
    lines = [
        f"### {kind.cls.__name__}",
        "",
        prose(kind.cls).means,
        "",
        *_told(kind),
        *_since(kind, kept),
        *(f"- **Read by** {service} (`{kind.durable(service)}`)" for service in consumers.get(kind.ce_type, ())),
        *([f"- **Read outside the unit by** {kind.external}"] if kind.external else []),
        *(["- **Within the unit alone**: no other system can be granted it"] if kind.within else []),
        f"- **Subject** `{kind.subject('<area>', '<municipality>')}`",
        f"- **Type** `{kind.ce_type}`, [schema](../contracts/schemas/{kind.key}.json)",
        "",
        "| field | what it holds | meaning |",
        "|---|---|---|",
        *_fields(kind, kept),
        "",
        "```json",
        json.dumps(kind.cls.example.model_dump(mode="json"), indent=2, ensure_ascii=False),
        "```",
        "",
    ]
    return "\n".join(lines)


def _told(kind: EventType) -> Iterator[str]:
    said = prose(kind.cls)
    if said.sent:
        yield f"- **Sent** {said.sent}"
    if said.source:
        yield f"- **Source** {said.source}"
    yield f"- **Told by** {kind.owner}; about {'the place' if kind.public else f'`{kind.about}`'}"


def _since(kind: EventType, kept: Sequence[Release]) -> Iterator[str]:
    release = first(kept, kind.key)
    yield f"- **Since** {release.version} ({release.on})" if release else "- **Since** the next release"
    if kind.told_until:
        follower = newest(kind).cls.__name__
        instead = "" if follower == kind.cls.__name__ else f"; read [{follower}](#{follower.lower()}) instead"
        yield f"- **Deprecated**, told until {kind.told_until}{instead}"


def _fields(kind: EventType, kept: Sequence[Release]) -> Iterator[str]:
    schema = of_event(kind)
    required = schema.get("required", ())
    for name, field in schema["properties"].items():
        value, nullable = alternatives(field, schema)
        holds = _holds(name, value, schema)
        if nullable:
            holds += ", or null"
        if name not in required:
            holds += ", optional"
        if (there := first(kept, kind.key)) and (added := first(kept, kind.key, name)) is not there:
            holds += f", since {added.version if added else 'the next release'}"
        yield f"| `{name}` | {_cell(holds)} | {_cell(_meaning(name, value))} |"


def _holds(name: str, value: Schema, root: Schema) -> str:
    if owner := value.get("x-sealed-for"):
        return f"sealed for {owner}"
    if "enum" in value:
        return "one of " + ", ".join(f"`{one}`" for one in value["enum"])
    if value.get("type") == "array":
        item, _ = alternatives(value["items"], root)
        most = f", at most {value['maxItems']}" if "maxItems" in value else ""
        return f"list of: {_item(item, root)}{most}"
    kind = FORMATS.get(value.get("format", "")) or PLAIN.get(value.get("type", ""), "value")
    unit = UNITS.get(name.rsplit("_", 1)[-1])
    return ", ".join(filter(None, [kind, _range(value), unit, _pattern(value), value.get("x-code-system")]))


def _item(item: Schema, root: Schema) -> str:
    if "properties" in item:
        return "; ".join(
            f"`{name}` {_holds(name, alternatives(field, root)[0], root)}" for name, field in item["properties"].items()
        )
    return _holds("", item, root)


def _range(value: Schema) -> str:
    least, most = value.get("minimum"), value.get("maximum")
    if least is not None and most is not None:
        return f"{least}–{most}"
    return f"at least {least}" if least is not None else f"at most {most}" if most is not None else ""


def _pattern(value: Schema) -> str:
    pattern = value.get("pattern", "")
    return f"`{pattern}`" if 0 < len(pattern) <= READABLE_PATTERN else ""


def _meaning(name: str, value: Schema) -> str:
    if said := value.get("description"):
        return str(said)
    what, _, ending = name.rpartition("_")
    if ending == "id":
        return f"Which {what.replace('_', ' ')}."
    return f"When it was {what.replace('_', ' ')}." if ending in ("at", "on") else ""


def _asks() -> str:
    lines = [
        "## Commands and queries",
        "",
        "Asked inside the unit, where somebody waits for the answer; never stored by the bus. A command carries an",
        "idempotency key; asked twice with the same key it has one effect and one answer. A refusal is a stable code.",
        "",
        "| ask | subject | what it does | answer |",
        "|---|---|---|---|",
    ]
    for ask in sorted(ASKS.values(), key=lambda ask: (ask.owner, ask.kind is Kind.QUERY, ask.name)):
        lines.append(_ask(ask))
    return "\n".join([*lines, ""])


def _ask(ask: AskType) -> str:
    file = f"../contracts/schemas/asks/{ask.key}"
    return (
        f"| [{ask.cls.__name__}]({file}.json) | `{ask.subject}` | {_cell(prose(ask.cls).means)} "
        f"| [{ask.answer.__name__}]({file}.answer.json) |"
    )


def _listeners(kind: EventType, consumers: Mapping[str, tuple[str, ...]]) -> str:
    return ", ".join(consumers.get(kind.ce_type, ()))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
