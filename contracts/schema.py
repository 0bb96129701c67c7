"""JSON Schema (2020-12) of every event, command, query and answer, made from the classes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from contracts.base import ASKS, EVENTS, AskType, EventType
from contracts.prose import of_fields

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = PurePosixPath("contracts/schemas")

Schema = dict[str, Any]


class _Readable(GenerateJsonSchema):
    """Says what each field is; a title that only repeats its name says nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: Any) -> Any:
        made = super().model_schema(schema)
        said = of_fields(schema["cls"])
        for name in said.keys() & made.get("properties", {}):
            made["properties"][name]["description"] = said[name]
        return made


def schemas() -> dict[PurePosixPath, Schema]:
    """Every schema of the language by the path it is committed under."""
    return dict(_all())


def _all() -> Iterator[tuple[PurePosixPath, Schema]]:
    for event in EVENTS.values():
        yield FOLDER / f"{event.key}.json", of_event(event)
    for ask in ASKS.values():
        yield FOLDER / "asks" / f"{ask.key}.json", of_ask(ask)
        yield FOLDER / "asks" / f"{ask.key}.answer.json", of_answer(ask)


def of_event(kind: EventType) -> Schema:
    """The body of an event. `x-sealed-for` names the one service that can open a sealed field.

    A deprecated one says so, and `x-told-until` the last day on which it is told.
    """
    extra: Schema = {"deprecated": True, "x-told-until": kind.told_until.isoformat()} if kind.told_until else {}
    extra |= {
        "x-ce-type": kind.ce_type,
        "x-subject": kind.subject("{area}", "{municipality}"),
        "examples": [kind.cls.example.model_dump(mode="json")],
    }
    return of_model(kind.cls, f"{kind.key}.json") | extra


def of_ask(kind: AskType) -> Schema:
    """The body of a command or query."""
    return of_model(kind.cls, f"{kind.key}.json") | {"x-subject": kind.subject}


def of_answer(kind: AskType) -> Schema:
    """The body of the answer when it is not a refusal."""
    return of_model(kind.answer, f"{kind.key}.answer.json") | {"x-subject": kind.subject}


def of_model(cls: type[BaseModel], file: str) -> Schema:
    """The schema of any class of ours, under the name of the file it is kept in."""
    made = cls.model_json_schema(schema_generator=_Readable)
    head = {"$schema": DIALECT, "$id": file, "title": cls.__name__, "description": inspect.getdoc(cls) or ""}
    return head | {key: value for key, value in made.items() if key not in head}


def resolve(node: Schema, root: Schema) -> Schema:
    """Follow a `$ref` into the same document; what stands beside it wins. Anything else comes back as it is."""
    if "$ref" not in node:
        return node
    target: Any = root
    for part in str(node["$ref"]).removeprefix("#/").split("/"):
        target = target[part]
    return resolve(target, root) | {key: value for key, value in node.items() if key != "$ref"}


def alternatives(node: Schema, root: Schema) -> tuple[Schema, bool]:
    """What a value is when it is there, and whether it may be null instead."""
    here = resolve(node, root)
    if "anyOf" not in here:
        return here, False
    options = [resolve(option, root) for option in here["anyOf"]]
    present = [option for option in options if option.get("type") != "null"]
    rest = {key: value for key, value in here.items() if key != "anyOf"}
    value = present[0] if len(present) == 1 else {"anyOf": present}
    return value | rest, len(present) < len(options)


def strings(node: Schema, root: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every string a document can hold, with the path to it."""
    here, _ = alternatives(node, root)
    for option in here.get("anyOf", ()):
        yield from strings(option, root, path)
    if here.get("type") == "string" or "enum" in here:
        yield path, here
    for name, child in here.get("properties", {}).items():
        yield from strings(child, root, f"{path}.{name}".lstrip("."))
    for child in (*here.get("prefixItems", ()), here.get("items"), here.get("additionalProperties")):
        if isinstance(child, dict):
            yield from strings(child, root, f"{path}[]")
