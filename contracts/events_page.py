"""docs/events.md: the published language for people who read rather than generate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import attrgetter

from contracts.base import ASKS, EVENTS, AskType, EventType, Kind
from contracts.prose import prose
from contracts.schema import Schema, alternatives, of_event

INTRODUCTION = """\
# Events

Made from the classes in `contracts/` by `make contracts`; do not edit by hand.

A **fact** is told once, in the past tense, by the one service that knows it. It carries ids, codes and times, never a
name, a number of a person, or anybody's words. Its subject is `evt.<area>.<municipality>.<owner>.<event>.v<N>`: the
two-digit code of the county, the three-digit code of the municipality (`000` when unknown).

- **Envelope:** CloudEvents 1.0 headers (`ce-id`, `ce-type`, `ce-source`, `ce-subject`, `ce-time`, …);
  the body is the data. All headers: [asyncapi.yaml](../contracts/asyncapi.yaml), `components.schemas.CloudEvent`.
- **Delivery** is at least once. Act once per `ce-id`.
- **Order** is guarded by `ce-aggregateversion`, which counts what one `ce-source` told about one `ce-subject`:
  compare it only within one source and one type.
- **Unknown fields** are ignored. Within a version a message may only gain optional fields and further values of a list.
- **Sealed** fields are encrypted to one service's public key (JWE). Everybody else carries them unread.
- A moment is UTC and written `2026-11-24T08:01:00Z`; a day is a day in Finland (Europe/Helsinki).
"""

FORMATS = {"uuid": "id (UUID)", "date-time": "moment, UTC", "date": "day"}
PLAIN = {"boolean": "yes or no", "integer": "whole number", "string": "code", "object": "object"}
READABLE_PATTERN = 12
"""Longest pattern that says more to a reader than it hides, characters."""
UNITS = {"seconds": "seconds", "minutes": "minutes", "days": "days", "percent": "percent"}


def events_page(consumers: Mapping[str, tuple[str, ...]]) -> str:
    """The whole page.

    Args:
        consumers: services that listen, by `ce-type`.
    """
    kinds = sorted(EVENTS.values(), key=lambda kind: (kind.owner, kind.name, kind.version))
    parts = [INTRODUCTION, _overview(kinds, consumers)]
    for owner, told in groupby(kinds, key=attrgetter("owner")):
        parts.append(f"## {owner}\n")
        parts.extend(_event(kind, consumers) for kind in told)
    return "\n".join([*parts, _asks()])


def _overview(kinds: list[EventType], consumers: Mapping[str, tuple[str, ...]]) -> str:
    rows = [
        f"| [{kind.cls.__name__}](#{_anchor(kind)}) | {kind.owner} | {_listeners(kind, consumers) or '–'} "
        f"| {_cell(kind.external or '–')} |"
        for kind in kinds
    ]
    return "\n".join(["| fact | told by | read by | read outside the unit by |", "|---|---|---|---|", *rows, ""])


def _event(kind: EventType, consumers: Mapping[str, tuple[str, ...]]) -> str:
    said = prose(kind.cls)
    lines = [f"### {_heading(kind)}", "", said.means, ""]
    if said.sent:
        lines.append(f"- **Sent** {said.sent}")
    if said.source:
        lines.append(f"- **Source** {said.source}")
    lines.append(f"- **Told by** {kind.owner}; about `{kind.about}`")
    for service in consumers.get(kind.ce_type, ()):
        lines.append(f"- **Read by** {service} (`{kind.durable(service)}`)")
    if kind.external:
        lines.append(f"- **Read outside the unit by** {kind.external}")
    lines += [
        f"- **Subject** `{kind.subject('<area>', '<municipality>')}`",
        f"- **Type** `{kind.ce_type}`, [schema](../contracts/schemas/{kind.key}.json)",
        "",
        "| field | what it holds | meaning |",
        "|---|---|---|",
        *_fields(of_event(kind)),
        "",
        "```json",
        json.dumps(kind.cls.example.model_dump(mode="json"), indent=2, ensure_ascii=False),
        "```",
        "",
    ]
    return "\n".join(lines)


def _fields(schema: Schema) -> Iterator[str]:
    required = schema.get("required", ())
    for name, field in schema["properties"].items():
        value, nullable = alternatives(field, schema)
        holds = _holds(name, value, schema)
        if nullable:
            holds += ", or null"
        if name not in required:
            holds += ", optional"
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
    return ", ".join(filter(None, [kind, _range(value), UNITS.get(name.rsplit("_", 1)[-1]), _pattern(value)]))


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
    return f"Which {name.removesuffix('_id').replace('_', ' ')}." if name.endswith("_id") else ""


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


def _heading(kind: EventType) -> str:
    return kind.cls.__name__ if kind.version == 1 else f"{kind.cls.__name__} v{kind.version}"


def _anchor(kind: EventType) -> str:
    return _heading(kind).lower().replace(" ", "-")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
