"""The documents of the language, written and checked: schemas, asyncapi.yaml, docs/events.md, golden files.

`contracts` may not know the services, so who listens to what is given as an argument.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from contracts import golden, released
from contracts.asyncapi import Consumers, asyncapi
from contracts.base import EVENTS
from contracts.compatibility import breaking
from contracts.events_page import events_page
from contracts.released import Release
from contracts.schema import FOLDER, Schema, of_event, schemas

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


def documents(root: Path, consumers: Consumers) -> dict[PurePosixPath, str]:
    """Every generated file by its path in the repository.

    Args:
        root: the repository: its releases say since when something is there.
        consumers: services that listen, by `ce-type`.
    """
    kept = released.releases(root)
    made = {path: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for path, schema in schemas().items()}
    described = yaml.dump(asyncapi(consumers, kept), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)
    made[ASYNCAPI] = f"# Made from the classes in contracts/ by `make contracts`; do not edit by hand.\n{described}"
    made[EVENTS_PAGE] = events_page(consumers, kept)
    return made | golden.files()


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
    for path, text in documents(root, consumers).items():
        file = root / path
        if _read(file) != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def drift(root: Path, consumers: Consumers) -> list[str]:
    """Where the committed files and the classes disagree, one line per file; empty when they agree."""
    made = documents(root, consumers)
    lines = [f"{path}: no class declares it any more" for path in _committed(root) if path not in made]
    for path, text in made.items():
        found = _read(root / path)
        if found is None:
            lines.append(f"{path}: missing, run `make contracts`")
        elif found != text:
            lines.append(f"{path}: differs from what the classes say, run `make contracts`")
    return lines


def broken(root: Path) -> list[str]:
    """What neighbours would notice if the classes went live as they are now, one line per break.

    The classes are compared with every release, which is what neighbours have, and with the committed schemas.
    """
    now = {path.stem: schema for path, schema in schemas().items()}
    kept = released.releases(root)
    found = dict.fromkeys(released.gone(kept, now), "")
    for release in kept:
        for line in _breaks(release.events, now):
            found.setdefault(line, f" (released in {release.version})")
    committed = {path.stem: json.loads((root / path).read_text(encoding="utf-8")) for path in _committed(root)}
    for line in _breaks(committed, now):
        found.setdefault(line, "")
    undeclared = [f"{key}: committed, but no class declares it" for key in committed if key not in now]
    return [line + where for line, where in found.items()] + undeclared


def _breaks(had: Mapping[str, Schema], now: Mapping[str, Schema]) -> Iterator[str]:
    for key, old in had.items():
        if key in now:
            yield from (f"{key}: {line}" for line in breaking(old, now[key]))


def release(root: Path, consumers: Consumers, version: str, *, on: date) -> list[PurePosixPath]:
    """Keep what neighbours have from now on, and write the documents that say since when; returns what was written.

    Args:
        root: the repository.
        consumers: services that listen, by `ce-type`.
        version: three numbers, above the newest release.
        on: the day of the release.

    Raises:
        ContractBroken: a neighbour would notice, or an event is gone before the day until which it was promised.
        ValueError: the version is none, or not above the newest.
        FileExistsError: it has been released; a release is never changed.
    """
    gone = released.gone(released.releases(root), [kind.key for kind in EVENTS.values()], today=on)
    if lines := [*dict.fromkeys([*gone, *broken(root)])]:
        raise ContractBroken(lines)
    made = Release(version, on, {kind.key: of_event(kind) for kind in EVENTS.values()})
    return [released.keep(root, made), *write(root, consumers)]


def _committed(root: Path) -> Iterator[PurePosixPath]:
    for file in sorted((root / FOLDER).rglob("*.json")):
        yield PurePosixPath(file.relative_to(root).as_posix())


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None
