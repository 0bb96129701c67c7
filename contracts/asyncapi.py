"""The bus described for neighbours: AsyncAPI 3.0.0, made from the declared events and from who listens to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from contracts.base import EVENTS, NEIGHBOUR_API, NEIGHBOUR_DURABLE, SOURCE_PREFIX, EventType, PublicEvent
from contracts.prose import prose
from contracts.released import Release

Document = dict[str, Any]
Consumers = Mapping[str, tuple[str, ...]]
"""Services that listen, by `ce-type`."""

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
NKEY = """\
NATS NKEY, an Ed25519 key pair: the client signs what the server has made up for this connection; its seed never leaves
it. AsyncAPI has no type for it. Of those there are, this is the one that speaks of a key pair: with `userPassword`,
`apiKey` or `http` something secret would be sent, and `X509` asks for certificates that nobody has.
"""
PULL = f"""\
Another system of the county reads by a pull consumer of its own, made for it: `{NEIGHBOUR_DURABLE}` in the stream of
`x-stream`, where name is what the system was granted as. Its JetStream client is given the API prefix
`{NEIGHBOUR_API}`; nothing else of the server is within its reach, so it can neither make a consumer nor subscribe to a
subject. It settles each message after acting; what it has not settled comes again, and waits while it is away.
"""
CAUSE = "`ce-id` of the event this one follows from; absent where a chain begins."
CARE, PUBLIC = "care", "public"
TAGS = {
    CARE: "Care events: pseudonymous ids, to systems granted each by name.",
    PUBLIC: "Statistics without persons, to any system of the county that asks.",
    "neighbour": "Other systems of the county.",
}


def asyncapi(consumers: Consumers, kept: Sequence[Release] = ()) -> Document:
    """The whole document, payloads by reference to the schema files beside it.

    Args:
        consumers: services that listen, by `ce-type`.
        kept: releases, oldest first: the newest is the version of the document.
    """
    kinds = sorted(EVENTS.values(), key=lambda kind: kind.key)
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:{SOURCE_PREFIX}",
        "info": {
            "title": "Digiterapia",
            "version": kept[-1].version if kept else "0.0.0",
            "description": INFO,
            "license": {"name": "EUPL-1.2"},
            "tags": _tags(kinds),
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {kind.key: _channel(kind) for kind in kinds},
        "operations": dict(chain.from_iterable(_operations(kind, consumers) for kind in kinds)),
        "components": {
            "securitySchemes": {"nkey": {"type": "asymmetricEncryption", "description": NKEY}},
            "parameters": _parameters(),
            "schemas": {"CloudEvent": cloud_event()},
            "correlationIds": {"cause": {"location": "$message.header#/ce-causationid", "description": CAUSE}},
            "operationTraits": {"neighbour": {"description": PULL, "tags": [{"name": "neighbour"}]}},
            "messageTraits": _message_traits(),
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


def _tags(kinds: Iterable[EventType]) -> list[Document]:
    owners = {name: f"The service {name}." for name in sorted({kind.owner for kind in kinds})}
    return [{"name": name, "description": text} for name, text in (TAGS | owners).items()]


def _servers() -> Document:
    secured = {"security": [{"$ref": "#/components/securitySchemes/nkey"}]}
    return {
        "practice": {
            "host": "127.0.0.1:14222",
            "protocol": "nats",
            "description": "The server that `make run` starts beside the services.",
            **secured,
        },
        "production": {
            "host": "{host}:4222",
            "protocol": "nats",
            "description": "A county's own cluster, TLS 1.3, one NKEY per service and per neighbour.",
            "variables": {"host": {"default": "nats", "description": "Where the county runs it."}},
            **secured,
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
    """Who sends it, and who receives it by which durable.

    A durable is no queue: the NATS binding has `queue` alone, which would make a client subscribe where it may not.
    """
    told = f"{kind.name}.v{kind.version}"
    yield f"{kind.owner}.sends.{told}", _operation(kind, "send") | {"tags": [{"name": kind.owner}]}
    for service in consumers.get(kind.ce_type, ()):
        by = {"tags": [{"name": service}], "x-stream": kind.stream, "x-durable": kind.durable(service)}
        yield f"{service}.receives.{told}", _operation(kind, "receive") | by
    if kind.within:
        return
    pulls = {"x-stream": kind.stream, "x-durable": NEIGHBOUR_DURABLE, "x-api-prefix": NEIGHBOUR_API}
    trait = {"traits": [{"$ref": "#/components/operationTraits/neighbour"}]}
    yield f"neighbour.receives.{told}", _operation(kind, "receive") | trait | pulls


def _operation(kind: EventType, action: str) -> Document:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{kind.key}"},
        "messages": [{"$ref": f"#/channels/{kind.key}/messages/{kind.name}"}],
    }


def _message_traits() -> Document:
    """What the messages of a class have in common. A public event has no cause: it would lead to a person."""
    cause = {"correlationId": {"$ref": "#/components/correlationIds/cause"}}
    return {
        CARE: {"contentType": "application/json", "tags": [{"name": CARE}], **cause},
        PUBLIC: {"contentType": "application/json", "tags": [{"name": PUBLIC}]},
    }


def _message(kind: EventType) -> Document:
    until = f" Deprecated: told until {kind.told_until}." if kind.told_until else ""
    return {
        "name": kind.ce_type,
        "title": kind.cls.__name__,
        "summary": prose(kind.cls).means + until,
        "description": f"Sent {prose(kind.cls).sent}",
        "traits": [{"$ref": f"#/components/messageTraits/{PUBLIC if kind.public else CARE}"}],
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
        **({"x-external-reader": kind.external} if kind.external else {}),
    }
