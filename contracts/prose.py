"""What the docstrings of a message say: its meaning, the lines marked `Sent:` and `Source:`, and what each field is."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

_MARK = re.compile(r"(?:^|(?<=\s))(Sent|Source):\s+")
"""A mark begins a line or stands after a sentence."""


@dataclass(frozen=True, slots=True)
class Prose:
    """A docstring taken apart; an empty string where it says nothing."""

    means: str
    sent: str
    source: str


def prose(cls: type) -> Prose:
    """Take the docstring of a message apart. A mark's text reaches to the next mark or empty line."""
    means: list[str] = []
    marked = {"Sent": "", "Source": ""}
    for paragraph in (inspect.getdoc(cls) or "").split("\n\n"):
        first, *rest = _MARK.split(paragraph)
        means.append(_one_line(first))
        for mark, text in zip(rest[::2], rest[1::2], strict=True):
            marked[mark] = _one_line(text)
    return Prose(" ".join(filter(None, means)), marked["Sent"], marked["Source"])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def of_fields(cls: type) -> dict[str, str]:
    """What stands under each field of a class and of those above it.

    Pydantic could read it too, but at every start of every process.
    """
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        found |= _under_fields(each.__module__).get(each.__name__, {})
    return found


def below(root: type) -> dict[str, type]:
    """Every class under `root` by its name."""
    found: dict[str, type] = {}
    directly: list[type] = root.__subclasses__()
    for each in directly:
        found |= {each.__name__: each, **below(each)}
    return found


@cache
def _under_fields(module: str) -> dict[str, dict[str, str]]:
    if not module.startswith(("contracts", "services")):  # pydantic's own
        return {}
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: dict(_documented(node)) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def _documented(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, under in pairwise(node.body):
        match field, under:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=said), ast.Expr(
                value=ast.Constant(value=str(text))
            ):
                if not ast.unparse(said).startswith("ClassVar"):  # of the class, no field
                    yield name, inspect.cleandoc(text)
