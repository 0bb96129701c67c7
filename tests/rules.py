"""docs/rules.md: every rule of the clinic, where it comes from, and the tests that hold it.

A test holds a rule when its docstring, or that of its module, names the number: "rule 16", "rules 12 and 13".
`python -m tests.rules` writes the page.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RULES, PAGE = ROOT / "docs" / "rules.toml", ROOT / "docs" / "rules.md"
NAMED = re.compile(r"\b[Rr]ules? ((?:\d+(?:, | and |-)?)+)")
HEAD = """\
# Rules

Made from `docs/rules.toml` and the tests by `make contracts`; do not edit by hand.
Docstrings name a rule by its number.

| | rule | source | held by |
|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the clinic."""

    number: int
    text: str
    source: str
    built: bool = True


def rules() -> list[Rule]:
    """Every rule, in order."""
    return [Rule(**each) for each in tomllib.loads(RULES.read_text("utf-8"))["rule"]]


def numbers(docstring: str | None) -> set[int]:
    """The rules a docstring names."""
    found: set[int] = set()
    for match in NAMED.finditer(docstring or ""):
        for first, last in re.findall(r"(\d+)(?:-(\d+))?", match[1]):
            found |= set(range(int(first), int(last or first) + 1))
    return found


@cache
def held() -> dict[int, list[tuple[str, str]]]:
    """(file, test) by the number of the rule they hold."""
    found: dict[int, list[tuple[str, str]]] = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        everywhere = numbers(ast.get_docstring(tree))
        for name, named in _tests(tree):
            for number in named or everywhere:
                found.setdefault(number, []).append((file.relative_to(ROOT).as_posix(), name))
    return found


def _tests(tree: ast.Module) -> Iterator[tuple[str, set[int]]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name, numbers(ast.get_docstring(node))


def page() -> str:
    """The page."""
    found = held()
    return HEAD + "".join(_row(rule, found.get(rule.number, [])) for rule in rules())


def _row(rule: Rule, tests: list[tuple[str, str]]) -> str:
    links = "<br>".join(f"[{name.removeprefix('test_').replace('_', ' ')}](../{file})" for file, name in tests)
    return f"| {rule.number} | {rule.text} | {rule.source} | {links if rule.built else 'not built yet'} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")
