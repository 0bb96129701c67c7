"""What the docstring of a message says: its meaning, and the lines marked `Sent:` and `Source:`."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

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
