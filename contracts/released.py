"""What neighbours have: every event's schema as it was released, one file per release, never changed afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from contracts.schema import Schema

FOLDER = PurePosixPath("contracts/released")
VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
"""Three whole numbers: 0.1.0."""


@dataclass(frozen=True, slots=True)
class Release:
    """The language as it was on the day somebody could first rely on it."""

    version: str
    on: date
    events: Mapping[str, Schema]
    """Schema of every event, by key."""


def releases(root: Path) -> tuple[Release, ...]:
    """Every release kept in a repository, oldest first."""
    kept = sorted((root / FOLDER).glob("*.json"), key=lambda file: _number(file.stem))
    return tuple(_read(file) for file in kept)


def keep(root: Path, made: Release) -> PurePosixPath:
    """Write a release down; returns where.

    Raises:
        ValueError: `version` is none, or not above the newest.
        FileExistsError: it has been released.
    """
    path = FOLDER / f"{made.version}.json"
    if (root / path).exists():
        raise FileExistsError(f"{made.version} has been released: what neighbours have is never changed")
    newest = max((_number(each.version) for each in releases(root)), default=())
    if _number(made.version) <= newest:
        raise ValueError(f"{made.version} is not above the newest release, {'.'.join(map(str, newest))}")
    told = {"version": made.version, "on": made.on.isoformat(), "events": dict(made.events)}
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    (root / path).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def first(kept: Iterable[Release], key: str, field: str = "") -> Release | None:
    """The release since which an event, or a field of it, is there; None: it has not been released yet."""
    for release in kept:
        if key in release.events and (not field or field in release.events[key]["properties"]):
            return release
    return None


def gone(kept: Iterable[Release], keys: Iterable[str], *, today: date | None = None) -> Iterator[str]:
    """Released events that no class declares any more though their readers have not been told, one line each.

    Args:
        kept: oldest first.
        keys: of the events that are declared.
        today: also name those whose last day has not passed.
    """
    newest = {key: schema for release in kept for key, schema in release.events.items()}
    for key in sorted(newest.keys() - set(keys)):
        until = newest[key].get("x-told-until")
        if until is None:
            yield f"{key}: no class declares it: its readers get nothing more, and no release has marked it deprecated"
        elif today and today.isoformat() <= until:
            yield f"{key}: no class declares it: its readers were promised it until {until}"


def _read(file: Path) -> Release:
    told = json.loads(file.read_text(encoding="utf-8"))
    return Release(told["version"], date.fromisoformat(told["on"]), told["events"])


def _number(version: str) -> tuple[int, ...]:
    if not VERSION.fullmatch(version):
        raise ValueError(f"{version!r} is no version: 0.2.0")
    return tuple(map(int, version.split(".")))
