"""Whether a schema may replace the committed one of the same version, or whether a neighbour would notice.

Within a version a message may only gain optional fields and further values of a closed list. Everything else is a new
version, published beside the old one until its readers are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.schema import Schema, alternatives

LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
SHAPES = ("type", "format", "pattern", "const", "multipleOf", "uniqueItems", "x-sealed-for")


def breaking(old: Schema, new: Schema) -> list[str]:
    """What a neighbour would notice, one line each; empty when `new` may replace `old`.

    Args:
        old: the committed schema.
        new: the schema the class has now, same version.
    """
    return list(_object(old, new, old, new, ""))


def _object(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
    renamed = _renamed(before, after)
    for name in before:
        where = f"{path}.{name}".lstrip(".")
        if name in renamed:
            yield f"field {where} is called {renamed[name]} now: readers still expect {name}"
            continue
        if name not in after:
            yield f"field {where} is gone: readers still expect it"
            continue
        if name in needed_after - needed_before:
            yield f"field {where} has become required: publishers may still leave it out"
        if name in needed_before - needed_after:
            yield f"field {where} has become optional: readers still count on it"
        yield from _value(before[name], after[name], old_root, new_root, where)
    for name in sorted(needed_after - set(before) - set(renamed.values())):
        yield f"field {f'{path}.{name}'.lstrip('.')} is new and required: publishers do not send it yet"
    if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
        yield f"{path or 'the message'} refuses unknown fields now: a later optional field would break its readers"


def _renamed(before: Schema, after: Schema) -> dict[str, str]:
    """Fields that are gone, each with the only new one of the same shape: one change, not two."""
    gone, come = ([name for name in one if name not in other] for one, other in ((before, after), (after, before)))
    found = {name: [each for each in come if _bare(after[each]) == _bare(before[name])] for name in gone}
    alone = {name: places[0] for name, places in found.items() if len(places) == 1}
    return {name: place for name, place in alone.items() if list(alone.values()).count(place) == 1}


def _bare(field: Schema) -> Schema:
    return {key: value for key, value in field.items() if key not in ("description", "title")}


def _value(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    before, could_be_null = alternatives(old, old_root)
    after, can_be_null = alternatives(new, new_root)
    if could_be_null and not can_be_null:
        yield f"field {path} may no longer be null: publishers may still send null"
    if can_be_null and not could_be_null:
        yield f"field {path} may be null now: readers still count on a value"
    yield from _shape(before, after, path)
    yield from _choices(before, after, path)
    yield from _bounds(before, after, path)
    yield from _items(before, after, old_root, new_root, path)
    for one, other in zip(before.get("anyOf", ()), after.get("anyOf", ()), strict=False):
        yield from _value(one, other, old_root, new_root, path)
    yield from _object(before, after, old_root, new_root, path)


def _shape(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for key in SHAPES:
        if old.get(key) != new.get(key):
            yield f"field {path}: {key} was {_said(old, key)}, is {_said(new, key)}"
    if len(old.get("anyOf", ())) != len(new.get("anyOf", ())):
        yield f"field {path}: the kinds of value it may hold have changed"


def _choices(old: Schema, new: Schema, path: str) -> Iterator[str]:
    if "enum" not in new:
        if "enum" in old:
            yield f"field {path}: was a closed list, is open now"
        return
    if "enum" not in old:
        yield f"field {path}: was open, is a closed list now"
        return
    for value in old["enum"]:
        if value not in new["enum"]:
            yield f"field {path}: the value {value!r} is gone"


def _bounds(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for key in LOWER_BOUNDS:
        if key in new and (key not in old or new[key] > old[key]):
            yield f"field {path}: {key} was {_said(old, key)}, is {new[key]}"
    for key in UPPER_BOUNDS:
        if key in new and (key not in old or new[key] < old[key]):
            yield f"field {path}: {key} was {_said(old, key)}, is {new[key]}"


def _items(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    before, after = old.get("prefixItems", ()), new.get("prefixItems", ())
    if len(before) != len(after):
        yield f"field {path}: had {len(before)} places, has {len(after)}"
    for place, (one, other) in enumerate(zip(before, after, strict=False)):
        yield from _value(one, other, old_root, new_root, f"{path}[{place}]")
    for key, suffix in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(old.get(key), dict) and isinstance(new.get(key), dict):
            yield from _value(old[key], new[key], old_root, new_root, path + suffix)


def _said(schema: Schema, key: str) -> Any:
    return schema.get(key, "not said")
