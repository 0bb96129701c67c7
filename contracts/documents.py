"""The documents of the language, written and checked: schemas, asyncapi.yaml, docs/events.md.

`contracts` may not know the services, so who listens to what is given as an argument.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from contracts.asyncapi import Consumers, asyncapi
from contracts.compatibility import breaking
from contracts.events_page import events_page
from contracts.schema import FOLDER, schemas

ASYNCAPI = PurePosixPath("contracts/asyncapi.yaml")
EVENTS_PAGE = PurePosixPath("docs/events.md")


class ContractBroken(ValueError):
    """The classes would break what is committed under the same version; `lines` says what, one break each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class _Plain(yaml.SafeDumper):
    """No anchors: every part of the document can be read where it stands."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text)


def documents(consumers: Consumers) -> dict[PurePosixPath, str]:
    """Every generated file by its path in the repository.

    Args:
        consumers: services that listen, by `ce-type`.
    """
    made = {path: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for path, schema in schemas().items()}
    described = yaml.dump(asyncapi(consumers), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)
    made[ASYNCAPI] = f"# Made from the classes in contracts/ by `make contracts`; do not edit by hand.\n{described}"
    made[EVENTS_PAGE] = events_page(consumers)
    return made


def write(root: Path, consumers: Consumers) -> list[PurePosixPath]:
    """Write the files that differ; returns which. Deletes nothing. Safe to repeat.

    Args:
        root: the repository.
        consumers: services that listen, by `ce-type`.

    Raises:
        ContractBroken: a committed schema would change in a way a neighbour notices. Nothing is written.
    """
    if lines := broken(root):
        raise ContractBroken(lines)
    changed = []
    for path, text in documents(consumers).items():
        file = root / path
        if _read(file) != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def drift(root: Path, consumers: Consumers) -> list[str]:
    """Where the committed files and the classes disagree, one line per file; empty when they agree."""
    made = documents(consumers)
    lines = [f"{path}: no class declares it any more" for path in _committed(root) if path not in made]
    for path, text in made.items():
        found = _read(root / path)
        if found is None:
            lines.append(f"{path}: missing, run `make contracts`")
        elif found != text:
            lines.append(f"{path}: differs from what the classes say, run `make contracts`")
    return lines


def broken(root: Path) -> list[str]:
    """What neighbours of the committed schemas would notice if the classes went live as they are now."""
    now = schemas()
    lines = []
    for path in _committed(root):
        if path not in now:
            lines.append(f"{path.stem}: committed, but no class declares it: its readers get nothing more")
            continue
        old = json.loads((root / path).read_text(encoding="utf-8"))
        lines += [f"{path.stem}: {line}" for line in breaking(old, now[path])]
    return lines


def _committed(root: Path) -> Iterator[PurePosixPath]:
    for file in sorted((root / FOLDER).rglob("*.json")):
        yield PurePosixPath(file.relative_to(root).as_posix())


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None
