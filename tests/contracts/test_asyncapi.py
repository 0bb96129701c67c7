"""The AsyncAPI document: structure by the rules of AsyncAPI 3.0.0, content by the declared events."""

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from chassis import clock
from chassis.envelope import headers_for
from chassis.neighbours import Neighbour
from chassis.permissions import NEIGHBOUR_API
from chassis.settings import ROOT
from contracts import EVENTS
from contracts.asyncapi import EXAMPLE_EVENT_ID, asyncapi, cloud_event, example_headers
from contracts.base import EventType
from contracts.released import Release
from contracts.schema import of_event, resolve
from tests.node import NODE

COMPONENT_KEY = re.compile(r"^[\w.\-]+$")
ROOT_KEYS = {"asyncapi", "id", "info", "defaultContentType", "servers", "channels", "operations", "components"}
READERS = {"fi.digiterapia.intake.contact_routed.v1": ("chat", "scheduling")}

each_event = pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.key)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return asyncapi(READERS)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from references(child)


def test_the_document_has_the_parts_of_version_3(document: dict[str, Any]) -> None:
    assert document["asyncapi"] == "3.0.0"
    assert set(document) == ROOT_KEYS
    assert {"title", "version"} <= set(document["info"])
    assert all({"host", "protocol"} <= set(server) for server in document["servers"].values())


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        if reference.startswith("#/"):
            resolve({"$ref": reference}, document)
        else:
            assert (ROOT / "contracts" / reference).is_file(), reference


def test_component_keys_are_what_the_standard_allows(document: dict[str, Any]) -> None:
    for part in document["components"].values():
        assert all(COMPONENT_KEY.match(key) for key in part)


def test_a_channel_declares_the_parameters_of_its_address(document: dict[str, Any]) -> None:
    for channel in document["channels"].values():
        assert set(re.findall(r"{(\w+)}", channel["address"])) == set(channel["parameters"]) == {"area", "municipality"}


@each_event
def test_an_address_is_the_subject_an_event_is_published_on(document: dict[str, Any], kind: EventType) -> None:
    example = kind.cls.example
    address = document["channels"][kind.key]["address"]
    assert address.format(area=example.area, municipality=example.municipality) == example.subject


@each_event
def test_the_owner_alone_sends(document: dict[str, Any], kind: EventType) -> None:
    channel = {"$ref": f"#/channels/{kind.key}"}
    sends = [
        key for key, one in document["operations"].items() if one["action"] == "send" and one["channel"] == channel
    ]
    assert sends == [f"{kind.owner}.sends.{kind.name}.v{kind.version}"]


def test_every_reader_of_ours_receives_by_its_durable(document: dict[str, Any]) -> None:
    receives = {key: one for key, one in document["operations"].items() if one["action"] == "receive"}
    ours = {key: one["x-durable"] for key, one in receives.items() if not key.startswith("neighbour.")}
    assert ours == {
        "chat.receives.contact_routed.v1": "chat-contact_routed",
        "scheduling.receives.contact_routed.v1": "scheduling-contact_routed",
    }


def test_an_operation_speaks_of_messages_of_its_own_channel(document: dict[str, Any]) -> None:
    for operation in document["operations"].values():
        assert all(one["$ref"].startswith(operation["channel"]["$ref"] + "/messages/") for one in operation["messages"])


@each_event
def test_a_neighbour_pulls_every_event_by_the_durable_that_a_grant_makes(
    document: dict[str, Any], kind: EventType
) -> None:
    name = f"neighbour.receives.{kind.name}.v{kind.version}"
    if kind.within:
        assert name not in document["operations"]
        return
    operation = document["operations"][name]
    granted = Neighbour(name="lake", since=clock.now(), reads=(kind.key,))
    assert granted.filters() == {operation["x-stream"]: [kind.pattern]}
    assert operation["x-durable"].format(name="lake") == granted.durable
    assert operation["x-api-prefix"] == NEIGHBOUR_API


def test_every_server_lets_in_by_key_alone(document: dict[str, Any]) -> None:
    assert {str(server["security"]) for server in document["servers"].values()} == {
        "[{'$ref': '#/components/securitySchemes/nkey'}]"
    }


def test_the_version_is_that_of_the_newest_release() -> None:
    kept = [Release(version, date(2026, 11, 26), {}) for version in ("0.1.0", "0.2.0")]
    assert asyncapi(READERS, kept)["info"]["version"] == "0.2.0"


@pytest.mark.system
@pytest.mark.node
def test_the_parser_of_asyncapi_finds_nothing_wrong() -> None:
    """It recommends a later version of the specification; 3.0.0 is what generators read today."""
    said = parsed(ROOT / "contracts" / "asyncapi.yaml")
    assert [each["code"] for each in said["diagnostics"]] == ["asyncapi-latest-version"]
    assert said["operations"] > 2 * len(EVENTS)
    assert said["messages"] == len(EVENTS)


@pytest.mark.system
@pytest.mark.node
def test_the_parser_of_asyncapi_is_heard(tmp_path: Path) -> None:
    """An address without its parameters, and a payload that is not there."""
    text = (ROOT / "contracts" / "asyncapi.yaml").read_text(encoding="utf-8")
    (tmp_path / "asyncapi.yaml").write_text(text.replace("{municipality}", "{town}"), encoding="utf-8")
    found = {each["code"] for each in parsed(tmp_path / "asyncapi.yaml")["diagnostics"] if each["severity"] == 0}
    assert {"asyncapi3-channel-parameters", "invalid-ref"} <= found


def parsed(file: Path) -> dict[str, Any]:
    """What the AsyncAPI project's own parser says of a document."""
    said = subprocess.run(
        [NODE, ROOT / "tests" / "js" / "parse.mjs", file], capture_output=True, text=True, check=True, timeout=50
    )
    read: dict[str, Any] = json.loads(said.stdout)
    return read


@each_event
def test_a_message_example_fits_headers_and_payload(document: dict[str, Any], kind: EventType) -> None:
    message = document["components"]["messages"][kind.key]
    example = message["examples"][0]
    Draft202012Validator(cloud_event(), format_checker=FormatChecker()).validate(example["headers"])
    Draft202012Validator(of_event(kind), format_checker=FormatChecker()).validate(example["payload"])
    assert message["payload"] == {"$ref": f"./schemas/{kind.key}.json"}


@each_event
def test_the_documented_envelope_is_the_one_that_is_sent(kind: EventType) -> None:
    at = datetime(2026, 11, 24, 8, 1, tzinfo=UTC)
    sent = headers_for(
        kind.cls.example, event_id=EXAMPLE_EVENT_ID, at=at, version=1, cause=None, traceparent=None
    )  # fmt: skip
    assert sent == example_headers(kind)


def test_the_schema_knows_every_header_that_may_be_sent() -> None:
    kind = EVENTS["fi.digiterapia.intake.contact_routed.v1"]
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    at = datetime(2026, 11, 24, 8, 1, tzinfo=UTC)
    sent = headers_for(
        kind.cls.example, event_id=EXAMPLE_EVENT_ID, at=at, version=3, cause=EXAMPLE_EVENT_ID, traceparent=trace
    )
    closed = cloud_event() | {"additionalProperties": False}
    Draft202012Validator(closed, format_checker=FormatChecker()).validate(sent)
