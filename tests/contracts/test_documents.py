"""The committed documents are what the classes say, and are only replaced by what no neighbour notices."""

import json
import re
import subprocess
from pathlib import Path, PurePosixPath

import pytest
import yaml

from chassis.settings import ROOT
from contracts import EVENTS, EventType
from contracts.documents import ASYNCAPI, EVENTS_PAGE, ContractBroken, broken, documents, drift, write
from contracts.events_page import events_page
from contracts.schema import FOLDER

ROUTED = "fi.digiterapia.intake.contact_routed.v1"
SOME = {ROUTED: ("chat",)}
ROUTED_FILE = FOLDER / "intake.contact_routed.v1.json"


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write(tmp_path, SOME)
    return tmp_path


def edit(file: Path, **over: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | over))


def test_committed_documents_are_what_the_classes_say(consumers: dict[str, tuple[str, ...]]) -> None:
    assert drift(ROOT, consumers) == []


def test_no_committed_message_changes_in_a_way_a_neighbour_notices() -> None:
    assert broken(ROOT) == []


def test_generated_files_are_kept_in_the_repository() -> None:
    """A rule in .gitignore would make the drift test compare with nothing."""
    paths = [str(path) for path in documents(ROOT, {})]
    ignored = subprocess.run(["git", "check-ignore", *paths], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ignored.stdout == ""


def test_every_event_has_a_schema_and_every_ask_two() -> None:
    made = set(documents(ROOT, {}))
    for kind in EVENTS.values():
        assert FOLDER / f"{kind.key}.json" in made
    assert {PurePosixPath("contracts/asyncapi.yaml"), PurePosixPath("docs/events.md")} < made


def test_what_was_written_has_not_drifted(written: Path) -> None:
    assert drift(written, SOME) == []


def test_writing_again_changes_nothing(written: Path) -> None:
    assert write(written, SOME) == []


def test_a_new_reader_changes_the_documents_but_no_schema(written: Path) -> None:
    assert write(written, {ROUTED: ("chat", "scheduling")}) == [ASYNCAPI, EVENTS_PAGE]


def test_a_missing_file_is_drift(written: Path) -> None:
    (written / ROUTED_FILE).unlink()
    assert drift(written, SOME) == [f"{ROUTED_FILE}: missing, run `make contracts`"]


def test_an_edited_file_is_drift(written: Path) -> None:
    edit(written / ROUTED_FILE, title="Edited")
    assert drift(written, SOME) == [f"{ROUTED_FILE}: differs from what the classes say, run `make contracts`"]


def test_a_schema_nobody_declares_is_drift_and_a_break(written: Path) -> None:
    (written / FOLDER / "chat.gone.v1.json").write_text("{}")
    assert drift(written, SOME) == ["contracts/schemas/chat.gone.v1.json: no class declares it any more"]
    assert broken(written) == ["chat.gone.v1: committed, but no class declares it"]


def test_writing_refuses_a_break_and_touches_nothing(written: Path) -> None:
    file = written / ROUTED_FILE
    schema = json.loads(file.read_text())
    edit(file, properties=schema["properties"] | {"priority": {"type": "integer"}})
    before = file.read_text()
    with pytest.raises(ContractBroken, match=r"intake\.contact_routed\.v1: field priority is gone"):
        write(written, SOME)
    assert file.read_text() == before


def test_writing_accepts_a_new_optional_field(written: Path) -> None:
    file = written / ROUTED_FILE
    schema = json.loads(file.read_text())
    schema["properties"].pop("municipality")
    file.write_text(json.dumps(schema))
    assert write(written, SOME) == [ROUTED_FILE]


def test_the_yaml_says_what_was_meant(written: Path) -> None:
    loaded = yaml.safe_load((written / ASYNCAPI).read_text(encoding="utf-8"))
    assert loaded["operations"]["chat.receives.contact_routed.v1"]["x-durable"] == "chat-contact_routed"


@pytest.fixture(scope="module")
def page(consumers: dict[str, tuple[str, ...]]) -> str:
    return events_page(consumers)


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.key)
def test_the_page_says_what_every_field_means_and_every_number_counts(kind: EventType, page: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.*?) \|$", passage(kind, page), re.MULTILINE)
    assert [name for name, _, _ in rows] == list(kind.cls.model_fields)
    assert [name for name, _, meaning in rows if not meaning.strip()] == []
    assert all("Statistics Finland" in holds for name, holds, _ in rows if name in ("area", "municipality"))


def test_public_events_have_a_section_of_their_own_that_says_what_public_means(page: str) -> None:
    section = page.split("## Public events\n")[1].split("\n## ")[0]
    told = set(re.findall(r"^### (\w+)$", section, re.MULTILINE))
    assert told == {kind.cls.__name__ for kind in EVENTS.values() if kind.public}
    assert "Statistics without persons" in section


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.key)
def test_the_page_tells_of_every_event_who_tells_it_and_who_reads_it(kind: EventType, page: str) -> None:
    said = passage(kind, page)
    assert f"**Told by** {kind.owner}" in said
    assert "**Sent** " in said
    assert "**Since** " in said
    assert "**Read by** " in said or "**Read outside the unit by** " in said


def passage(kind: EventType, page: str) -> str:
    """What the page says of an event."""
    return page.split(f"### {kind.cls.__name__}\n")[1].split("\n## ")[0].split("\n### ")[0]
