"""What is written for people agrees with what is there."""

import re
import subprocess
import tomllib

import pytest

from chassis.settings import Settings
from tests.architecture.rules import ROOT, RULES, sources

STYLE = (ROOT / "docs" / "style.md").read_text("utf-8")
TARGETS = {
    "run", "test", "test-fast", "lint", "types", "fmt", "contracts", "smoke", "simulate", "bench", "clean",
}  # fmt: skip
PAGES = sorted(
    path
    for folder in (ROOT, ROOT / "docs", ROOT / "docs" / "adr", ROOT / "contracts", ROOT / "contracts" / "kit")
    for path in folder.glob("*.md")
)


def checks_in(text: str) -> list[tuple[str, str]]:
    return re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text)


@pytest.mark.parametrize(("file", "name"), checks_in(STYLE), ids=str)
def test_a_check_named_in_the_style_guide_is_there(file: str, name: str) -> None:
    code = {str(source.path): source.text for source in sources("tests")}
    assert file in code
    assert f"def {name}" in code[file] if name else True


@pytest.mark.parametrize("rule", RULES)
def test_every_house_rule_is_in_the_style_guide(rule: str) -> None:
    assert f"`{rule}`" in STYLE


def test_every_lint_family_of_the_style_guide_is_selected() -> None:
    selected = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]["select"])
    checks = [line.rsplit("|", 2)[1] for line in STYLE.splitlines() if line.startswith("| ")]
    named = {word for check in checks for word in re.findall(r"\b[A-Z][A-Z0-9]*\b", check)}
    assert named
    assert named <= selected


@pytest.mark.parametrize("setting", Settings.model_fields)
def test_every_shared_setting_is_explained_to_operators(setting: str) -> None:
    assert f"`DIGI_{setting.upper()}`" in (ROOT / "docs" / "operations.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_make_lists_every_target() -> None:
    listed = subprocess.run(["make", "--silent"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make ([a-z-]+) +\S", listed, re.MULTILINE)) == TARGETS | {"help"}


def test_every_target_is_phony() -> None:
    """A file of the same name would silence it."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == TARGETS | {"help"}


def test_ci_runs_lint_types_and_every_test() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert script.rstrip().endswith("make lint types test")
    assert "set -euo pipefail" in script
    assert "export CI=true" in script


def test_the_licence_is_the_one_the_project_declares() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["license"]
    assert (ROOT / "LICENSE").read_text("utf-8").startswith(f"SPDX-License-Identifier: {declared}\n")


def test_the_changelog_has_a_place_for_what_comes() -> None:
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")
