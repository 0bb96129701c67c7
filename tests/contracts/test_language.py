"""What holds for every event, command and query."""

import ast
import re
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import BaseModel, ValidationError

from chassis.settings import ROOT
from contracts import ASKS, EVENTS, AskType, EventType
from contracts.base import Event, Message, event, snake
from contracts.portal import ContactOpened
from contracts.prose import prose
from contracts.schema import Schema, of_answer, of_ask, of_event, strings
from services import NAMES

SUBJECT = re.compile(
    r"^(evt\.[0-9]{2}\.[0-9]{3}\.[a-z]+|pub\.[0-9]{2}\.[0-9]{3})\.[a-z][a-z0-9]*(_[a-z0-9]+)*\.v[1-9][0-9]*$"
)
ASKED = re.compile(r"^(cmd|qry)\.[a-z]+\.[a-z][a-z0-9]*(_[a-z0-9]+)*\.v[1-9][0-9]*$")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
CLOSED_FORMATS = {"uuid", "date", "date-time"}
FREE_TEXTS = ["Maija Meikäläinen", "Polvi on kipeä, soittakaa illalla", "+358 40 123 4567", "maija@posti.example", ""]
PURE = {"contracts", "pydantic"}

each_event = pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.key)
each_ask = pytest.mark.parametrize("kind", ASKS.values(), ids=lambda kind: kind.subject)


@cache
def used_in(folder: Path) -> set[str]:
    """Names that the code of a folder mentions beyond importing them."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in folder.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return {node.id for node in nodes if isinstance(node, ast.Name)} | {
        node.attr for node in nodes if isinstance(node, ast.Attribute)
    }


@each_event
def test_an_event_is_published_by_its_owner(kind: EventType) -> None:
    assert kind.owner in NAMES
    assert kind.cls.__name__ in used_in(ROOT / "services" / kind.owner)


@each_event
def test_an_event_is_read_by_a_service_or_by_somebody_outside(
    kind: EventType, consumers: dict[str, tuple[str, ...]]
) -> None:
    assert consumers.get(kind.ce_type) or kind.external


@each_ask
def test_an_ask_is_answered_by_its_owner(kind: AskType) -> None:
    assert kind.cls in set(import_module(f"services.{kind.owner}.answers").answers)


@each_event
def test_an_example_comes_back_from_the_wire_as_it_went(kind: EventType) -> None:
    example = kind.cls.example
    assert kind.cls.model_validate_json(example.model_dump_json()) == example


@each_event
def test_an_example_fits_the_schema(kind: EventType) -> None:
    schema = of_event(kind)
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    validator.validate(kind.cls.example.model_dump(mode="json"))


@each_event
def test_the_schema_refuses_an_event_without_its_aggregate(kind: EventType) -> None:
    body = kind.cls.example.model_dump(mode="json")
    del body[kind.about or "day"]
    assert not Draft202012Validator(of_event(kind)).is_valid(body)


@each_ask
def test_an_ask_and_its_answer_have_valid_schemas(kind: AskType) -> None:
    Draft202012Validator.check_schema(of_ask(kind))
    Draft202012Validator.check_schema(of_answer(kind))


@each_event
def test_a_field_unknown_to_the_reader_is_ignored(kind: EventType) -> None:
    body = kind.cls.example.model_dump(mode="json") | {"added_later": 1}
    assert kind.cls.model_validate(body) == kind.cls.example
    assert Draft202012Validator(of_event(kind)).is_valid(body)


def test_an_instant_that_is_not_utc_is_refused() -> None:
    kind = EVENTS["fi.digiterapia.intake.contact_routed.v1"]
    body = kind.cls.example.model_dump(mode="json") | {"decided_at": "2026-11-24T10:01:00+02:00"}
    with pytest.raises(ValidationError, match="in UTC"):
        kind.cls.model_validate(body)


@pytest.mark.parametrize("number", ["0407654321", "010190-934t", "010105a917a", "040.765.4321"])
def test_a_code_is_nobodys_number(number: str) -> None:
    with pytest.raises(ValidationError, match="at most 5 digits"):
        ContactOpened.model_validate(ContactOpened.example.model_dump() | {"trouble": number})


def test_the_same_event_and_version_is_declared_once() -> None:
    class Again(Event):
        """Declared twice."""

    Again.__name__ = "ContactRouted"
    with pytest.raises(ValueError, match="declared twice"):
        event(owner="intake", version=1, about="contact_id")(Again)


@each_event
def test_a_subject_keeps_the_grammar_and_holds_no_id(kind: EventType) -> None:
    subject = kind.cls.example.subject
    assert SUBJECT.match(subject)
    assert not ID.search(subject)


@each_ask
def test_an_ask_keeps_the_grammar(kind: AskType) -> None:
    assert ASKED.match(kind.subject)


@each_event
def test_a_durable_name_has_no_dots(kind: EventType) -> None:
    """NATS refuses a consumer name with a dot, a space or a wildcard."""
    assert re.fullmatch(r"[a-z0-9_-]+", kind.durable("chat"))


@each_event
def test_an_event_says_what_it_means_and_when_it_is_sent(kind: EventType) -> None:
    said = prose(kind.cls)
    assert said.means.endswith(".")
    assert said.sent.endswith(".")


@each_event
def test_an_event_is_frozen(kind: EventType) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        kind.cls.example.area = "18"  # type: ignore[misc]  # that it cannot be set is the point


def every_message(cls: type[BaseModel] = Message) -> set[type[BaseModel]]:
    found = {one for below in cls.__subclasses__() for one in (below, *every_message(below))}
    return {one for one in found if one.__module__.startswith("contracts.")}


def test_every_message_is_frozen_and_tolerant() -> None:
    for message in every_message():
        assert message.model_config.get("frozen"), message
        assert message.model_config.get("extra") == "ignore", message


def open_strings(schema: Schema) -> list[str]:
    """Strings of a schema that could carry anybody's words, unsealed."""
    return [path for path, string in strings(schema, schema) if _could_be_free(string)]


def _could_be_free(string: Schema) -> bool:
    if "enum" in string or "const" in string or string.get("format") in CLOSED_FORMATS or "x-sealed-for" in string:
        return False
    pattern = string.get("pattern")
    return pattern is None or any(re.search(pattern, text) for text in FREE_TEXTS)


@each_event
def test_no_field_of_an_event_could_carry_free_text_or_a_name(kind: EventType) -> None:
    """Rule 4."""
    assert open_strings(of_event(kind)) == []


@pytest.mark.parametrize(
    "field",
    [
        {"type": "string"},
        {"type": "string", "maxLength": 10},
        {"type": "string", "pattern": ".*"},
        {"type": "string", "pattern": "^[0-9+ ]+$"},
        {"type": "string", "format": "email"},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "properties": {"inner": {"type": "string"}}},
    ],
    ids=str,
)
def test_a_field_that_could_carry_free_text_is_found(field: Schema) -> None:
    assert open_strings({"type": "object", "properties": {"planted": field}}) != []


@each_event
def test_a_sealed_field_is_for_one_of_our_services_and_never_for_its_sender(kind: EventType) -> None:
    assert set(kind.sealed.values()) <= set(NAMES) - {kind.owner}


@each_event
def test_the_service_that_can_open_a_sealed_field_reads_the_event(
    kind: EventType, consumers: dict[str, tuple[str, ...]]
) -> None:
    assert set(kind.sealed.values()) <= set(consumers.get(kind.ce_type, ()))


@pytest.mark.parametrize("file", sorted((ROOT / "contracts").glob("*.py")), ids=lambda file: file.name)
def test_contracts_import_pydantic_and_the_standard_library_only(file: Path) -> None:
    """So that a neighbour can take the folder as it is; documents.py alone writes YAML."""
    allowed = PURE | ({"yaml"} if file.name == "documents.py" else set())
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    foreign = {name for name in imported if name.split(".")[0] not in allowed | sys.stdlib_module_names}
    assert foreign == set()


def test_snake_case_follows_the_class() -> None:
    assert snake("ContactOpened") == "contact_opened"
