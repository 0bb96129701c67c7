"""Decisions in docs/adr/ have one form, and the list of them is complete."""

import re
from datetime import date
from pathlib import Path

import pytest

from tests.architecture.rules import ROOT

FOLDER = ROOT / "docs" / "adr"
DECISIONS = sorted(FOLDER.glob("[0-9]*.md"))
SECTIONS = [
    "Context",
    "Drivers",
    "Options",
    "Decision",
    "Consequences",
    "Patient safety and privacy",
]
STATUS = re.compile(r"Proposed|Accepted|Deprecated|Superseded by \[\d{4}\]\(\d{4}-[a-z0-9-]+\.md\)")
ONE_PAGE = 80

each_decision = pytest.mark.parametrize("file", DECISIONS, ids=lambda file: file.stem)


def metadata(file: Path) -> dict[str, str]:
    rows = re.findall(r"^\| (\w+) \| (.+) \|$", file.read_text("utf-8").split("## Context")[0], re.MULTILINE)
    return dict(rows[1:])


def test_decisions_are_numbered_without_gaps() -> None:
    assert [file.name[:5] for file in DECISIONS] == [f"{number:04}-" for number in range(1, len(DECISIONS) + 1)]


@each_decision
def test_a_decision_has_number_and_title(file: Path) -> None:
    assert re.match(rf"# {file.name[:4]} \S.+\n", file.read_text("utf-8"))


@each_decision
def test_a_decision_has_date_status_and_tags(file: Path) -> None:
    found = metadata(file)
    assert list(found) == ["Date", "Status", "Tags"]
    date.fromisoformat(found["Date"])
    assert STATUS.fullmatch(found["Status"])


@each_decision
def test_a_decision_has_all_its_parts_in_order(file: Path) -> None:
    parts = re.split(r"^## (.+)\n", file.read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert parts[::2] == SECTIONS
    assert all(text.strip() for text in parts[1::2])


@each_decision
def test_a_decision_is_one_page(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= ONE_PAGE


@each_decision
def test_the_list_names_the_decision_and_its_status(file: Path) -> None:
    title = file.read_text("utf-8").splitlines()[0].removeprefix(f"# {file.name[:4]} ")
    found = metadata(file)
    row = f"| [{file.name[:4]}]({file.name}) | {title} | {found['Status']} | {found['Tags']} |"
    assert row in (FOLDER / "README.md").read_text("utf-8").splitlines()
