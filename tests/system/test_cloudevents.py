"""Our messages, as a real server keeps them, are CloudEvents to the CloudEvents SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import pytest
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.v1.event import CloudEvent

from chassis.reading import messages
from contracts import EVENTS
from contracts.base import SOURCE_PREFIX
from tests.county import County, county

pytestmark = [pytest.mark.live, pytest.mark.system]
EXTENSIONS = {"area", "municipality", "aggregateversion"}


def from_nats(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    """Read a message of the NATS binding in binary mode: attributes are headers with `ce-`, the body is the data.

    Of the values the SDK wants `time` as a moment; all others are text on the wire.
    """
    said = {name.removeprefix("ce-"): value for name, value in headers.items() if name.startswith("ce-")}
    moment = {"time": datetime.fromisoformat(said["time"])} if "time" in said else {}
    return CloudEvent(attributes=said | moment, data=json.loads(body))


@pytest.fixture
def around(tmp_path: Path) -> Iterator[County]:
    with county(tmp_path) as made:
        yield made


def test_every_event_as_the_bus_keeps_it_is_a_cloudevent_to_the_sdk(around: County) -> None:
    async def case() -> None:
        ids = await around.tell(*(kind.cls.example for kind in EVENTS.values()))
        kept = [message for stream in ("EVT", "PUB") async for message in messages(around.bus, stream)]
        read = {event.get_id(): event for event in (from_nats(each.headers or {}, each.data or b"") for each in kept)}
        assert set(read) == set(ids)
        for event_id, kind in zip(ids, EVENTS.values(), strict=True):
            event = read[event_id]
            assert event.get_type() == kind.ce_type
            assert event.get_source() == f"/{SOURCE_PREFIX}/{kind.owner}"
            assert event.get_subject() == str(kind.cls.example.about)
            assert event.get_datacontenttype() == "application/json"
            assert event.get_data() == kind.cls.example.model_dump(mode="json")
            assert {name for name in EXTENSIONS if event.get_extension(name)} == EXTENSIONS

    around.run(case())


@pytest.mark.parametrize("without", ["ce-id", "ce-source", "ce-type", "ce-specversion"])
def test_the_sdk_would_refuse_a_message_without_what_the_standard_requires(without: str) -> None:
    """So that the test above says something."""
    headers = {"ce-id": "1", "ce-source": "/x", "ce-type": "x.y.v1", "ce-specversion": "1.0"}
    del headers[without]
    if without in ("ce-id", "ce-specversion"):
        headers[without] = ""  # left out, the SDK makes one up
    with pytest.raises(CloudEventValidationError):
        from_nats(headers, b"{}")
