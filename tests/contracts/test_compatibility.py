"""What a neighbour notices, case by case."""

from copy import deepcopy
from pathlib import PurePosixPath
from typing import Any

import pytest
from pydantic import BaseModel

from contracts.compatibility import breaking
from contracts.schema import schemas

SCHEMAS = schemas()

OLD: dict[str, Any] = {
    "type": "object",
    "required": ["id", "state", "waited_seconds", "reasons", "at", "place"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "state": {"$ref": "#/$defs/State"},
        "waited_seconds": {"type": "integer", "minimum": 0, "maximum": 100},
        "reasons": {"type": "array", "items": {"$ref": "#/$defs/Reason"}, "minItems": 0, "maxItems": 8},
        "code": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 10},
        "at": {"type": "string", "format": "date-time"},
        "useful": {"anyOf": [{"type": "boolean"}, {"type": "null"}], "default": None},
        "place": {"$ref": "#/$defs/Place"},
        "person": {"type": "string", "x-sealed-for": "intake"},
        "hours": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]},
    },
    "$defs": {
        "State": {"type": "string", "enum": ["queued", "open", "ended"]},
        "Reason": {"type": "string", "enum": ["red_flag", "chat_open"]},
        "Place": {"type": "object", "required": ["area"], "properties": {"area": {"type": "string"}}},
    },
}


def changed(path: str, **over: Any) -> dict[str, Any]:
    """A copy of OLD with keys set at a dotted path; None takes a key away."""
    new = deepcopy(OLD)
    node = new
    for part in path.split(".") if path else ():
        node = node[part]
    for key, value in over.items():
        node.pop(key, None)
        if value is not None:
            node[key] = value
    return new


BREAKS = {
    "field removed": (changed("properties", code=None), "field code is gone"),
    "field renamed": (
        changed("properties", code=None, word={"type": "string"}),
        "field code is gone",
    ),
    "new required field": (
        changed("", required=[*OLD["required"], "kind"], properties=OLD["properties"] | {"kind": {"type": "string"}}),
        "field kind is new and required",
    ),
    "optional field made required": (changed("", required=[*OLD["required"], "code"]), "code has become required"),
    "required field made optional": (changed("", required=OLD["required"][1:]), "id has become optional"),
    "value of a list removed": (changed("$defs.State", enum=["queued", "open"]), "the value 'ended' is gone"),
    "value of a list renamed": (
        changed("$defs.State", enum=["waiting", "open", "ended"]),
        "field state: the value 'queued' is gone",
    ),
    "value removed in a list of values": (
        changed("$defs.Reason", enum=["chat_open"]),
        r"field reasons\[\]: the value 'red_flag' is gone",
    ),
    "open field closed": (changed("properties.id", enum=["a"]), "field id: was open, is a closed list now"),
    "lower bound raised": (changed("properties.waited_seconds", minimum=1), "minimum was 0, is 1"),
    "upper bound lowered": (changed("properties.waited_seconds", maximum=99), "maximum was 100, is 99"),
    "bound added": (changed("properties.code", minLength=3), "minLength was not said, is 3"),
    "text shortened": (changed("properties.code", maxLength=9), "maxLength was 10, is 9"),
    "list shortened": (changed("properties.reasons", maxItems=7), "maxItems was 8, is 7"),
    "list may not be empty": (changed("properties.reasons", minItems=1), "minItems was 0, is 1"),
    "pattern changed": (changed("properties.code", pattern="^[a-y]+$"), "field code: pattern was"),
    "pattern added": (changed("properties.id", pattern="^0"), "field id: pattern was not said, is"),
    "type changed": (changed("properties.waited_seconds", type="number"), "type was integer, is number"),
    "format changed": (changed("properties.at", format="date"), "format was date-time, is date"),
    "null not allowed": (
        changed("properties", useful={"type": "boolean", "default": None}),
        "useful may no longer be null",
    ),
    "null allowed": (
        changed("properties", at={"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}),
        "field at may be null now",
    ),
    "nested field removed": (changed("$defs.Place", properties={}, required=[]), r"field place\.area is gone"),
    "nested new required field": (
        changed("$defs.Place", properties={"area": {"type": "string"}, "b": {}}, required=["area", "b"]),
        r"field place\.b is new and required",
    ),
    "sealed for somebody else": (changed("properties.person", **{"x-sealed-for": "chat"}), "x-sealed-for was intake"),
    "seal taken off": (changed("properties.person", **{"x-sealed-for": None}), "x-sealed-for was intake"),
    "place added to a tuple": (
        changed("properties.hours", prefixItems=[{"type": "integer"}, {"type": "string"}, {"type": "string"}]),
        "field hours: had 2 places, has 3",
    ),
    "unknown fields refused": (changed("", additionalProperties=False), "refuses unknown fields now"),
}

FINE = {
    "nothing": OLD,
    "new optional field": changed("properties", kind={"type": "string"}),
    "further value of a list": changed("$defs.State", enum=["queued", "open", "ended", "abandoned"]),
    "bound widened": changed("properties.waited_seconds", minimum=-1, maximum=101),
    "bound taken away": changed("properties.code", maxLength=None),
    "described": changed("properties.code", description="A word of the list."),
    "definition renamed": changed("properties", place=OLD["$defs"]["Place"]),
}


@pytest.mark.parametrize("case", BREAKS)
def test_a_break_is_named(case: str) -> None:
    new, line = BREAKS[case]
    found = breaking(OLD, new)
    assert len(found) == 1
    with pytest.raises(AssertionError, match=line):
        raise AssertionError(found[0])


@pytest.mark.parametrize("case", FINE)
def test_what_nobody_notices_is_no_break(case: str) -> None:
    assert breaking(OLD, FINE[case]) == []


def test_every_break_of_a_change_has_its_line() -> None:
    new = changed("", required=["id"], properties={"id": {"type": "integer"}})
    assert len(breaking(OLD, new)) == len(OLD["properties"]) - 1 + 2  # all others gone; type and format of id


def test_no_schema_breaks_itself() -> None:
    assert [path for path, schema in SCHEMAS.items() if breaking(schema, deepcopy(schema))] == []


@pytest.mark.parametrize(("path", "schema"), SCHEMAS.items(), ids=str)
def test_losing_any_field_of_any_message_is_noticed(path: PurePosixPath, schema: dict[str, Any]) -> None:
    for name in schema["properties"]:
        less = schema | {"properties": {key: value for key, value in schema["properties"].items() if key != name}}
        assert f"field {name} is gone: readers still expect it" in breaking(schema, less)


def test_a_field_of_a_real_class_made_required_is_a_break() -> None:
    class Before(BaseModel):
        a: int = 0

    class After(BaseModel):
        a: int

    assert breaking(Before.model_json_schema(), After.model_json_schema()) == [
        "field a has become required: publishers may still leave it out"
    ]
