"""What every resource that comes in must keep: the structure of R4, codes of required bindings, times with a zone.

The library (fhir.resources, R4B: the types read here are those of R4) is imported when the first resource comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from services.portal.fhir.codes import NOT_TAKEN, REQUIRED
from services.portal.neighbours.domain import NotAsDeclared, Wrong

CONTAINED: Final = frozenset({"Patient", "PractitionerRole"})
"""Resources that may be inside another one."""
UNSAFE: Final = frozenset({"modifierExtension", "implicitRules"})
"""Elements that change what the others mean: who does not know them must not go on (R4, 2.4.0)."""
MOMENTS: Final = frozenset({"authored", "authoredOn", "start", "end", "issued", "lastUpdated", "time", "event"})
"""Elements of type dateTime or instant, beside those whose name ends so."""
_DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_ZONED = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
_UNZONED = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?")

Fault = tuple[str, str, Wrong]
"""Code, what was expected, and which element is to blame."""
Resource = Any
"""A resource as the library has read it. It has no types of its own that are worth naming here."""


def read(told: Any, kind: str) -> Resource:
    """A resource of one kind, checked.

    Raises:
        NotAsDeclared: `schema`, `no-zone`, `half-period`, `unknown-code`; names elements, never what stands in them.
    """
    if not isinstance(told, dict) or told.get("resourceType") != kind:
        raise NotAsDeclared("schema", f"expected a resource of type {kind}", [(kind, "literal_error")])
    for code, text, wrong in chain(_contained_wrong(told, kind), _written_wrong(told, kind)):
        raise NotAsDeclared(code, text, [wrong])
    found = _parsed(told, kind)
    if unknown := list(_unknown_codes(found, kind)):
        raise NotAsDeclared("unknown-code", "expected a code of the value set that R4 binds as required", unknown)
    return found


def not_read(*fields: str, rule: str = "missing") -> NotAsDeclared:
    """What is said of elements that are not there, or not what is needed here."""
    return NotAsDeclared("schema", "expected what docs/fhir.md says", [(field, rule) for field in fields])


def _parsed(told: Mapping[str, Any], kind: str) -> Resource:
    from fhir.resources.R4B import get_fhir_model_class

    try:
        return get_fhir_model_class(kind).model_validate(told)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)
        fields = [(path(kind, each["loc"]), each["type"]) for each in wrong]
    except (RecursionError, LookupError, AttributeError, TypeError, ValueError):  # its own slips over odd resources
        fields = [(kind, "unreadable")]
    raise NotAsDeclared("schema", f"the resource is no {kind} of FHIR R4", fields)


def path(kind: str, loc: tuple[int | str, ...]) -> str:
    """Where an element is, as FHIRPath writes it: `ServiceRequest.note[0].text`."""
    return kind + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc)


def _contained_wrong(told: Mapping[str, Any], at: str) -> Iterator[Fault]:
    """Only what is read is inside, and nothing inside of that (R4, dom-2)."""
    inside = told.get("contained")
    for place, each in enumerate(inside if isinstance(inside, list) else ()):
        if not isinstance(each, dict) or each.get("resourceType") not in CONTAINED or "contained" in each:
            yield "schema", "expected a Patient or a PractitionerRole", (f"{at}.contained[{place}]", "not_taken")


def _written_wrong(told: Any, at: str) -> Iterator[Fault]:
    """What the library would let pass, or mix up with something else."""
    if isinstance(told, list):
        for place, each in enumerate(told):
            yield from _written_wrong(each, f"{at}[{place}]")
    if not isinstance(told, dict):
        return
    if ("start" in told) != ("end" in told):
        yield "half-period", "expected the start and the end of a period, or neither", (at, "half")
    for name, value in told.items():
        here = f"{at}.{name}"
        if name in UNSAFE:
            yield "schema", "expected nothing that changes what the rest means", (here, "not_understood")
        if name in MOMENTS or name.endswith(("DateTime", "Instant")):
            yield from _moment_wrong(value, here)
        yield from _written_wrong(value, here)


def _moment_wrong(value: Any, at: str) -> Iterator[Fault]:
    if isinstance(value, str) and _UNZONED.fullmatch(value):
        yield "no-zone", "expected a time with its zone", (at, "timezone_aware")
    elif not isinstance(value, dict | list) and not (
        isinstance(value, str) and (_DAY.fullmatch(value) or _ZONED.fullmatch(value))
    ):
        yield "schema", "expected a time of FHIR", (at, "datetime_parsing")


def _unknown_codes(found: BaseModel, at: str) -> Iterator[Wrong]:
    """Every code of a required binding that is none of its list, wherever it stands."""
    kind = type(found).__name__
    if kind in NOT_TAKEN:
        yield at, "not_taken"
    for name in found.model_fields_set:
        value = getattr(found, name)
        codes = REQUIRED.get((kind, name))
        for place, each in enumerate(value if isinstance(value, list) else [value]):
            here = f"{at}.{name}[{place}]" if isinstance(value, list) else f"{at}.{name}"
            if isinstance(each, BaseModel):
                yield from _unknown_codes(each, here)
            elif codes and each is not None and each not in set(codes):
                yield here, "enum"
