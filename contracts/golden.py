"""Golden files of the subscriber kit: every event's example, and wrong ones with the code each is to be refused with.

Both are made from the classes, so that a neighbour's tests follow the language.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from contracts.asyncapi import example_headers
from contracts.base import EVENTS, SOURCE_PREFIX, EventType
from contracts.schema import alternatives, of_event

FOLDER = PurePosixPath("contracts/kit")
CloudEvent = dict[str, Any]


def files() -> dict[PurePosixPath, str]:
    """The golden files by their path in the repository, one JSON document a line."""
    kinds = sorted(EVENTS.values(), key=lambda kind: kind.key)
    wrong = [{"code": code, "event": event} for code, event in _wrong(kinds)]
    return {
        FOLDER / "events.jsonl": "".join(f"{_line(structured(kind))}\n" for kind in kinds),
        FOLDER / "wrong.jsonl": "".join(f"{_line(each)}\n" for each in wrong),
    }


def structured(kind: EventType) -> CloudEvent:
    """An event's example as a CloudEvent in structured mode, under an id of its own."""
    headers = example_headers(kind)
    said = {name.removeprefix("ce-"): value for name, value in headers.items() if name.startswith("ce-")}
    data = kind.cls.example.model_dump(mode="json")
    return said | {"id": str(uuid5(NAMESPACE_URL, kind.ce_type)), "data": data}


def _line(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _wrong(kinds: list[EventType]) -> Iterator[tuple[str, CloudEvent | str]]:
    """Each wrong in one way, with its code; a text is a whole line that is no JSON."""
    kind = next(kind for kind in kinds if not kind.external)  # one that our own services read, and refuse alike
    good, stem = structured(kind), kind.ce_type.rpartition(".v")[0]
    another = next(each.owner for each in kinds if each.owner != kind.owner)
    yield "bad-json", _line(good)[:-1]
    for name in ("id", "time", "subject"):
        yield "bad-envelope", _without(good, name)
    yield "bad-envelope", good | {"specversion": "0.3"}
    yield "bad-envelope", good | {"time": "2026-11-24 08:01"}
    yield "content-type", good | {"datacontenttype": "text/plain"}
    yield "unknown-type", good | {"type": f"{stem.rpartition('.')[0]}.never_declared.v1"}
    yield "unknown-type", good | {"type": f"{stem}.v999"}
    yield "wrong-place", good | {"area": "99"}
    yield "wrong-aggregate", good | {"subject": str(uuid5(NAMESPACE_URL, "another"))}
    on_the_bus = {"subject": kind.subject("99", "*"), "headers": example_headers(kind), "body": good["data"]}
    yield "wrong-subject", on_the_bus
    yield "wrong-source", good | {"source": f"/{SOURCE_PREFIX}/{another}"}
    for kind in kinds:
        yield from _unfit(kind)


def _unfit(kind: EventType) -> Iterator[tuple[str, CloudEvent]]:
    """The example without a field it needs, with a value no list has, and with a field sealed for nobody."""
    good, schema = structured(kind), of_event(kind)
    needed = schema["required"][-1]
    yield f"schema:{needed}", good | {"data": _without(good["data"], needed)}
    for name, field in schema["properties"].items():
        value, _ = alternatives(field, schema)
        if "enum" in value:
            yield f"schema:{name}", good | {"data": good["data"] | {name: "never_declared"}}
        if "x-sealed-for" in value:
            yield f"schema:{name}", good | {"data": good["data"] | {name: "in clear"}}


def _without(document: CloudEvent, name: str) -> CloudEvent:
    return {key: value for key, value in document.items() if key != name}
