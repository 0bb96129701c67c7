"""The bus described for neighbours: AsyncAPI 3.0.0, made from the declared events and from who listens to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from contracts.base import EVENTS, SOURCE_PREFIX, EventType, PublicEvent
from contracts.prose import prose

Document = dict[str, Any]
Consumers = Mapping[str, tuple[str, ...]]
"""Services that listen, by `ce-type`."""

VERSION = "1.0.0"
"""Of the language as a whole; every message has its own `v<N>`."""
EXAMPLE_EVENT_ID = "018f6d2e-6f0a-4b7e-9a51-3d5c0c2c7b11"
TRACEPARENT = r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
INFO = """\
Facts of a wellbeing-services county's digital physiotherapy unit.

Every message is a CloudEvents 1.0 event in binary mode: the headers are the envelope, the body is the data. Delivery is
at least once; `Nats-Msg-Id` equals `ce-id`, and a reader acts once per `ce-id`. `ce-aggregateversion` counts what one
`ce-source` told about one `ce-subject`: compare it only within one source and one type, and ignore a lower number than
seen there. Unknown fields are to be ignored.
Commands and queries (`cmd.`, `qry.`) are asked inside the unit only; their schemas stand in `schemas/asks/`.
"""


def asyncapi(consumers: Consumers) -> Document:
    """The whole document, payloads by reference to the schema files beside it."""
    kinds = sorted(EVENTS.values(), key=lambda kind: kind.key)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Digiterapia",
            "version": VERSION,
            "description": INFO,
            "license": {"name": "EUPL-1.2"},
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {kind.key: _channel(kind) for kind in kinds},
        "operations": dict(chain.from_iterable(_operations(kind, consumers) for kind in kinds)),
        "components": {
            "parameters": _parameters(),
            "schemas": {"CloudEvent": cloud_event()},
            "messages": {kind.key: _message(kind) for kind in kinds},
        },
    }


def cloud_event() -> Document:
    """Schema of the headers every event travels with."""
    text = {"type": "string"}
    properties = {
        "ce-specversion": text | {"const": "1.0"},
        "ce-id": text | {"format": "uuid", "description": "Unique per event; act once per id."},
        "ce-type": text | {"description": "Owner, event and version; the same for every message of a channel."},
        "ce-source": text | {"pattern": rf"^/{SOURCE_PREFIX}/[a-z]+$", "description": "The service that tells it."},
        "ce-subject": text
        | {
            "format": "uuid",
            "description": "Id of the aggregate the fact is about; of a public event one of the place.",
        },
        "ce-time": text
        | {"format": "date-time", "description": "When the owner decided it, UTC; of a public event the day alone."},
        "ce-datacontenttype": text | {"const": "application/json"},
        "ce-dataschema": text | {"description": "Schema of the body, relative to this document."},
        "ce-area": text | {"pattern": "^[0-9]{2}$"},
        "ce-municipality": text | {"pattern": "^[0-9]{3}$"},
        "ce-aggregateversion": text | {"pattern": "^[1-9][0-9]*$", "description": "1, 2, 3 … per source and subject."},
        "ce-causationid": text | {"description": "`ce-id` of the event that led to this one."},
        "traceparent": text | {"pattern": TRACEPARENT, "description": "W3C trace context."},
        "Nats-Msg-Id": text | {"description": "Equals `ce-id`; the server drops a second copy within ten minutes."},
    }
    optional = {"ce-causationid", "traceparent"}
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def example_headers(kind: EventType) -> dict[str, str]:
    """The envelope of an event's example."""
    example = kind.cls.example
    return {
        "ce-specversion": "1.0",
        "ce-id": EXAMPLE_EVENT_ID,
        "ce-type": kind.ce_type,
        "ce-source": f"/{SOURCE_PREFIX}/{kind.owner}",
        "ce-subject": str(example.about),
        "ce-time": (
            example.began.isoformat().replace("+00:00", "Z")
            if isinstance(example, PublicEvent)
            else "2026-11-24T08:01:00Z"
        ),
        "ce-datacontenttype": "application/json",
        "ce-dataschema": f"schemas/{kind.key}.json",
        "ce-area": example.area,
        "ce-municipality": example.municipality,
        "ce-aggregateversion": "1",
        "Nats-Msg-Id": EXAMPLE_EVENT_ID,
    }


def _servers() -> Document:
    return {
        "practice": {
            "host": "127.0.0.1:14222",
            "protocol": "nats",
            "description": "The server that `make run` starts beside the services.",
        },
        "production": {
            "host": "{host}:4222",
            "protocol": "nats",
            "description": "A county's own cluster, TLS 1.3, one NKEY per service.",
            "variables": {"host": {"default": "nats", "description": "Where the county runs it."}},
        },
    }


def _parameters() -> Document:
    return {
        "area": {"description": "Two-digit code of the wellbeing-services county.", "examples": ["10", "18"]},
        "municipality": {
            "description": 'Three-digit code of the municipality, "000" when unknown.',
            "examples": ["285", "000"],
        },
    }


def _channel(kind: EventType) -> Document:
    return {
        "address": kind.subject("{area}", "{municipality}"),
        "title": kind.cls.__name__,
        "messages": {kind.name: {"$ref": f"#/components/messages/{kind.key}"}},
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in _parameters()},
    }


def _operations(kind: EventType, consumers: Consumers) -> Iterator[tuple[str, Document]]:
    yield f"{kind.owner}.sends.{kind.name}.v{kind.version}", _operation(kind, kind.owner, "send")
    for service in consumers.get(kind.ce_type, ()):
        received = _operation(kind, service, "receive") | {"x-durable": kind.durable(service)}
        yield f"{service}.receives.{kind.name}.v{kind.version}", received


def _operation(kind: EventType, service: str, action: str) -> Document:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{kind.key}"},
        "messages": [{"$ref": f"#/channels/{kind.key}/messages/{kind.name}"}],
        "tags": [{"name": service}],
    }


def _message(kind: EventType) -> Document:
    described = {"x-external-reader": kind.external} if kind.external else {}
    return {
        "name": kind.ce_type,
        "title": kind.cls.__name__,
        "summary": prose(kind.cls).means,
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "allOf": [{"$ref": "#/components/schemas/CloudEvent"}],
            "properties": {"ce-type": {"const": kind.ce_type}},
        },
        "payload": {"$ref": f"./schemas/{kind.key}.json"},
        "examples": [
            {
                "name": "example",
                "headers": example_headers(kind),
                "payload": kind.cls.example.model_dump(mode="json"),
            }
        ],
        **described,
    }
