"""What a maker's answers mean here: `mappings/<day it takes effect>.toml`, read and checked at the start."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.portal.assessments.domain import Assessment


class MappingError(ValueError):
    """A file of mappings does not make sense."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(min_length=1)
    """Who has said that the answers mean this."""
    assessments: tuple[Assessment, ...] = ()

    @model_validator(mode="after")
    def _says_everything_once(self) -> _File:
        versions = [(one.code, version) for one in self.assessments for version in one.versions]
        if len(set(versions)) < len(versions):
            raise ValueError("an assessment has a version twice")
        for one in self.assessments:
            codes = [asked.code for asked in one.questions]
            if len(set(codes)) < len(codes) or one.left_out & set(codes):
                raise ValueError(f"{one.code} says of a question twice what it means")
        return self


class Mappings:
    """Every mapping by the day it takes effect."""

    def __init__(self, by_day: Mapping[date, tuple[Assessment, ...]]) -> None:
        self._by_day = by_day

    def in_force(self, day: date) -> tuple[Assessment, ...]:
        """What holds on a local day; nothing before the first one."""
        begun = [one for one in self._by_day if one <= day]
        return self._by_day[max(begun)] if begun else ()


def load_mappings(folder: Path) -> Mappings:
    """Read every file of a folder; no file: no result is taken.

    Raises:
        MappingError: a file does not make sense; says which.
    """
    return Mappings({_day(file): _read(file) for file in sorted(folder.glob("*.toml"))})


def _day(file: Path) -> date:
    try:
        return date.fromisoformat(file.stem)
    except ValueError:
        raise MappingError(f"{file.name}: named after the day it takes effect (2026-11-01.toml)") from None


def _read(file: Path) -> tuple[Assessment, ...]:
    try:
        return _File.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))).assessments
    except ValueError as wrong:  # pydantic's and tomllib's errors are both ValueErrors
        raise MappingError(f"{file.name}: {wrong}") from wrong
