"""What neighbours have is kept per release, and the gate compares with that."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from chassis.settings import ROOT
from contracts import EVENTS
from contracts.documents import ContractBroken, broken, drift, release, write
from contracts.events_page import events_page
from contracts.released import FOLDER, first, releases
from contracts.schema import FOLDER as SCHEMAS

ROUTED = "intake.contact_routed.v1"
DAY = date(2026, 11, 26)
Schema = dict[str, Any]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("released")
    release(folder, {}, "0.1.0", on=DAY)
    return folder


@pytest.fixture
def repository(released: Path, tmp_path: Path) -> Path:
    """A repository with one release, and committed schemas that are gone: only what neighbours have is left."""
    return copytree(released, tmp_path / "repository")


def edit(root: Path, change: Callable[[Schema], object], *, version: str = "0.1.0", key: str = ROUTED) -> None:
    """Let a release have said something else of an event than its class says now."""
    file = root / FOLDER / f"{version}.json"
    told = json.loads(file.read_text())
    change(told["events"][key])
    file.write_text(json.dumps(told))


def without_priority_now(schema: Schema) -> None:
    schema["properties"]["priority"] = {"type": "integer"}


def trouble_was_complaint(schema: Schema) -> None:
    schema["properties"]["complaint"] = schema["properties"].pop("trouble")
    schema["required"] = ["complaint" if name == "trouble" else name for name in schema["required"]]


def route_had_one_more(schema: Schema) -> None:
    schema["$defs"]["Route"]["enum"].append("visit")


def trouble_was_optional(schema: Schema) -> None:
    schema["required"].remove("trouble")


def trouble_was_not_there_and_not_needed(schema: Schema) -> None:
    del schema["properties"]["municipality"]  # optional in the class


BREAKS = [
    (without_priority_now, "field priority is gone: readers still expect it"),
    (trouble_was_complaint, "field complaint is called trouble now: readers still expect complaint"),
    (route_had_one_more, "field route: the value 'visit' is gone"),
    (trouble_was_optional, "field trouble has become required: publishers may still leave it out"),
]


def test_what_has_been_released_has_broken_nobody() -> None:
    assert releases(ROOT)
    assert broken(ROOT) == []


@pytest.mark.parametrize(("change", "line"), BREAKS, ids=lambda case: getattr(case, "__name__", ""))
def test_a_break_of_what_neighbours_have_is_one_line_and_names_the_release(
    repository: Path, change: Callable[[Schema], object], line: str
) -> None:
    edit(repository, change)
    assert broken(repository) == [f"{ROUTED}: {line} (released in 0.1.0)"]


def test_one_optional_field_more_than_was_released_is_no_break(repository: Path) -> None:
    edit(repository, trouble_was_not_there_and_not_needed)
    assert broken(repository) == []


def test_the_gate_compares_with_every_release_and_not_with_the_last_commit_alone(repository: Path) -> None:
    """A field of the first release that was lost in the second, and in the committed schema, is still missed."""
    edit(repository, without_priority_now)
    with pytest.raises(ContractBroken, match="field priority is gone"):
        write(repository, {})
    with pytest.raises(ContractBroken, match="field priority is gone"):
        release(repository, {}, "0.2.0", on=DAY)


def test_one_break_is_named_once_though_two_releases_and_the_committed_schema_have_it(repository: Path) -> None:
    release(repository, {}, "0.2.0", on=DAY)
    for version in ("0.1.0", "0.2.0"):
        edit(repository, without_priority_now, version=version)
    file = repository / SCHEMAS / f"{ROUTED}.json"
    schema = json.loads(file.read_text())
    without_priority_now(schema)
    file.write_text(json.dumps(schema))
    assert broken(repository) == [f"{ROUTED}: field priority is gone: readers still expect it (released in 0.1.0)"]


def was_told(root: Path, *, until: str | None) -> None:
    """Let the release have had one more event, deprecated or not."""
    file = root / FOLDER / "0.1.0.json"
    told = json.loads(file.read_text())
    marked = {"deprecated": True, "x-told-until": until} if until else {}
    told["events"]["chat.gone.v1"] = {"type": "object", "properties": {}} | marked
    file.write_text(json.dumps(told))


def test_deleting_a_released_event_that_no_release_marked_deprecated_is_named(repository: Path) -> None:
    was_told(repository, until=None)
    assert broken(repository) == [
        "chat.gone.v1: no class declares it: its readers get nothing more, and no release has marked it deprecated"
    ]


def test_a_deprecated_event_may_go_but_not_be_released_so_before_its_day(repository: Path) -> None:
    was_told(repository, until="2027-06-30")
    assert broken(repository) == []
    with pytest.raises(ContractBroken, match=r"chat\.gone\.v1: .* promised it until 2027-06-30"):
        release(repository, {}, "0.2.0", on=date(2027, 6, 30))
    assert release(repository, {}, "0.2.0", on=date(2027, 7, 1))


def test_a_release_is_never_overwritten(repository: Path) -> None:
    before = (repository / FOLDER / "0.1.0.json").read_bytes()
    with pytest.raises(FileExistsError, match=r"0\.1\.0 has been released"):
        release(repository, {}, "0.1.0", on=date(2027, 1, 1))
    assert (repository / FOLDER / "0.1.0.json").read_bytes() == before


@pytest.mark.parametrize(
    ("version", "why"), [("0.0.9", "not above the newest"), ("1", "no version"), ("1.0.0rc1", "no version")]
)
def test_a_release_that_would_not_be_the_newest_is_refused(repository: Path, version: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        release(repository, {}, version, on=DAY)
    assert [each.version for each in releases(repository)] == ["0.1.0"]


def test_releases_are_in_the_order_of_their_numbers(repository: Path) -> None:
    for version in ("0.9.0", "0.10.0", "0.10.1"):
        release(repository, {}, version, on=DAY)
    assert [each.version for each in releases(repository)] == ["0.1.0", "0.9.0", "0.10.0", "0.10.1"]


def test_a_release_writes_the_documents_that_say_since_when(repository: Path) -> None:
    page = (repository / "docs" / "events.md").read_text(encoding="utf-8")
    assert page.count("- **Since** 0.1.0 (2026-11-26)") == len(EVENTS)
    assert drift(repository, {}) == []


def test_an_event_and_a_field_are_there_since_the_first_release_that_has_them(repository: Path) -> None:
    release(repository, {}, "0.2.0", on=date(2027, 1, 15))
    edit(repository, trouble_was_not_there_and_not_needed)
    kept = releases(repository)
    assert [each and each.version for each in (first(kept, ROUTED), first(kept, ROUTED, "municipality"))] == [
        "0.1.0",
        "0.2.0",
    ]
    assert first(kept, "chat.never.v1") is None
    assert ", optional, since 0.2.0 |" in events_page({}, kept)
