"""Who may do what on which day: the licences of the staff, as the county has recorded them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, model_validator


class LicenceError(ValueError):
    """A file of licences does not make sense."""


class LicenceKind(StrEnum):
    """What a licence is for."""

    DIRECT_ACCESS = "direct_access"
    """To see a person nobody has examined before (rule 22)."""


class Licence(BaseModel):
    """That somebody may do something, from a day on, until a day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    therapist_id: UUID
    kind: LicenceKind
    since: date
    until: date | None = None
    """The last day; None: until it is taken back."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError("until is not before since")
        return self

    def holds(self, therapist_id: UUID, kind: LicenceKind, day: date) -> bool:
        """Whether it lets somebody do something on a local day."""
        in_time = self.since <= day and (self.until is None or day <= self.until)
        return in_time and (self.therapist_id, self.kind) == (therapist_id, kind)


class Licences:
    """Every licence there is."""

    def __init__(self, licences: Iterable[Licence]) -> None:
        self._licences = tuple(licences)

    def held(self, therapist_id: UUID, kind: LicenceKind, day: date) -> bool:
        """Whether a therapist is licensed for something on a local day."""
        return any(one.holds(therapist_id, kind, day) for one in self._licences)


def load_licences(file: Path | None) -> Licences:
    """Read a file of licences: `[[licences]]` with therapist_id, kind, since and until. Without one nobody has any.

    Raises:
        LicenceError: the file is not there, or does not make sense.
    """
    if file is None:
        return Licences(())
    try:
        told = tomllib.loads(file.read_text("utf-8"))
        return Licences(Licence.model_validate(one) for one in told["licences"])
    except (OSError, KeyError, TypeError, ValueError) as wrong:
        raise LicenceError(f"{file.name}: {wrong}") from wrong
