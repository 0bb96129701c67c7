"""The kit is short, stands on its own, and its page says what the checker says."""

from __future__ import annotations

import ast
import re

import pytest

from chassis.settings import ROOT
from contracts.check import CODES, NOTES

KIT = ROOT / "contracts" / "kit"
README = (KIT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["subscriber.py", "subscriber.mjs"])
def test_an_example_subscriber_has_under_80_lines(name: str) -> None:
    assert (KIT / name).read_text(encoding="utf-8").count("\n") < 80


def test_the_python_example_needs_nats_and_the_standard_library_alone() -> None:
    tree = ast.parse((KIT / "subscriber.py").read_text(encoding="utf-8"))
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in named} & {"contracts", "chassis", "services", "faststream"} == set()
    assert "nats" in named


def test_the_javascript_example_needs_what_its_package_lists() -> None:
    text = (KIT / "subscriber.mjs").read_text(encoding="utf-8")
    needed = {name for name in re.findall(r'from "([^"]+)"', text) if not name.startswith("node:")}
    assert needed == {"@nats-io/jetstream", "@nats-io/transport-node"}


def test_the_page_explains_every_code_of_the_checker() -> None:
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", README.split("| code | why |")[1], re.MULTILINE))
    assert {code: rows[code] for code in CODES} == CODES
    assert set(rows) == set(CODES) | set(NOTES)
