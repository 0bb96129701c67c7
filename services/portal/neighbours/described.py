"""What the OpenAPI document says of these routes beside what FastAPI reads off them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from chassis.neighbours import may_be_posted
from contracts.base import EVENTS, EventType
from services.portal.assessments.domain import Result

Part = dict[str, Any]
SCHEMES: Part = {
    "client": {"type": "http", "scheme": "basic", "description": "Client id and secret of a neighbour."},
    "neighbour": {
        "type": "oauth2",
        "description": "A token for the client secret that `digi bus grant` has made.",
        "flows": {"clientCredentials": {"tokenUrl": "/api/v1/token", "scopes": {}}},
    },
}
_TIMES = {"type": "string", "format": "date-time"}
_UUID = {"type": "string", "format": "uuid"}
_ATTRIBUTES: dict[str, Part] = {
    "specversion": {"const": "1.0"},
    "id": {**_UUID, "description": "Yours; the same again has no second effect."},
    "source": {"type": "string", "format": "uri-reference", "description": "Who you are."},
    "type": {"type": "string"},
    "subject": {**_UUID, "description": "The id of what it is about: `contact_id`."},
    "time": {**_TIMES, "description": "At most 5 minutes ahead, at most 100 days ago."},
}


def _kinds() -> list[EventType]:
    return [kind for kind in EVENTS.values() if may_be_posted(kind)]


def _ref(name: str) -> Part:
    return {"$ref": f"#/components/schemas/{name}"}


def _whole(kind: EventType) -> Part:
    """An event in structured mode."""
    data = {"type": {"const": kind.ce_type}, "data": _ref(kind.cls.__name__)}
    return {"type": "object", "required": [*_ATTRIBUTES, "data"], "properties": _ATTRIBUTES | data}


def _problem(text: str) -> Part:
    return {"description": text, "content": {"application/problem+json": {"schema": _ref("Problem")}}}


def _posted() -> Part:
    one = {"oneOf": [_whole(kind) for kind in _kinds()]}
    data = {"oneOf": [_ref(kind.cls.__name__) for kind in _kinds()]}
    return {
        "application/cloudevents+json": {"schema": one},
        "application/cloudevents-batch+json": {"schema": {"type": "array", "items": one}},
        "application/json": {"schema": data},
    }


def schemas() -> Part:
    """Components these routes refer to."""
    found: Part = {
        "Problem": {
            "type": "object",
            "description": "What is not as asked (RFC 9457).",
            "properties": {
                **{name: {"type": "string"} for name in ("type", "title", "detail", "code")},
                "status": {"type": "integer"},
                "errors": {"type": "array", "items": {"type": "object"}, "description": "`field` and `rule` of each."},
            },
        }
    }
    told: tuple[type[BaseModel], ...] = (Result, *(kind.cls for kind in _kinds()))
    for cls in told:
        schema = cls.model_json_schema(ref_template="#/components/schemas/{model}")
        found |= schema.pop("$defs", {}) | {cls.__name__: schema}
    return found


TOKEN: Part = {
    "security": [{"client": []}],
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {"grant_type": {"const": "client_credentials"}},
                }
            }
        },
    },
    "responses": {
        "400": {"description": "`invalid_request`, `unsupported_grant_type` or `invalid_scope` (RFC 6749)."},
        "401": {"description": "`invalid_client`."},
    },
}
EVENTS_BODY = "application/json is the binary mode: the attributes are `ce-` headers, the body is the data."
EVENTS_EXTRA: Part = {
    "security": [{"neighbour": []}],
    "parameters": [
        {"name": f"ce-{name}", "in": "header", "required": False, "schema": schema, "description": "Binary mode."}
        for name, schema in _ATTRIBUTES.items()
    ],
    "requestBody": {"required": True, "description": EVENTS_BODY, "content": _posted()},
    "responses": {
        "401": _problem("`token-not-valid`"),
        "403": _problem("`not-granted`, `not-yours`"),
        "409": _problem("`event-id-reused`, `already-opened`, `not-by-message`"),
        "413": _problem("`too-big`"),
        "415": _problem("`content-type`"),
        "422": _problem(
            "`bad-json`, `bad-envelope`, `unknown-type`, `schema`, `cannot-unseal`, `wrong-aggregate`, `wrong-place`, "
            "`clock-ahead`, `too-old`; `errors` names the fields. Dead letters and the kit's checker say the same, "
            "and `schema` with a field behind it."
        ),
        "503": _problem("`service-unavailable`: post it again"),
    },
}
KEYS: Part = {"security": []}
ASSESSMENTS: Part = {
    "security": [{"neighbour": []}],
    "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("Result")}}},
    "responses": {
        "401": _problem("`token-not-valid`"),
        "403": _problem("`not-granted`"),
        "409": _problem("`result-changed`; `door-closed`: `instead` names the ways that are open"),
        "413": _problem("`too-big`"),
        "415": _problem("`content-type`"),
        "422": _problem(
            "`bad-json`, `schema` and `no-zone` (`errors` names the fields), `consent-missing`, "
            "`unknown-municipality`, `merged-municipality` (`successor`), `other-municipality`, `unknown-assessment`, "
            "`unknown-assessment-version`, `unknown-question` and `unknown-answer` (`question`), `clock-ahead`, "
            "`too-old`"
        ),
        "503": _problem("`service-unavailable`: send it again"),
    },
}
OUTCOME = {"application/fhir+json": {"schema": {"type": "object", "description": "An OperationOutcome."}}}


def fhir(resource: str) -> Part:
    """A resource of FHIR R4 that is sent: its structure is R4's own, docs/fhir.md says what is read of it."""
    body = {"type": "object", "description": f"A {resource} of FHIR R4 (4.0.1), as docs/fhir.md says."}
    return {
        "security": [{"neighbour": []}],
        "requestBody": {"required": True, "content": {"application/fhir+json": {"schema": body}}},
        "responses": _outcomes("401", "403", "409", "413", "415", "422", "503"),
    }


def fhir_read() -> Part:
    """A resource of FHIR R4 that is read."""
    return {"security": [{"neighbour": []}], "responses": _outcomes("401", "403", "404", "503")}


def fhir_open() -> Part:
    """What anybody may read."""
    return {"security": []}


def _outcomes(*statuses: str) -> Part:
    return {status: {"description": "docs/fhir.md lists the codes.", "content": OUTCOME} for status in statuses}
