"""The only source of time. Tests and simulations put another clock in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_sources: list[Callable[[], datetime]] = []
"""Clocks in its place, the last one tells."""


def now() -> datetime:
    """The present moment, UTC."""
    told = _sources[-1:]  # at once: another thread may be putting its clock away
    return told[0]() if told else datetime.now(UTC)


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def __call__(self) -> datetime:
        """The instant it stands at."""
        return self._at

    def set(self, at: datetime) -> None:
        """Move to `at`, forward or back."""
        self._at = at

    def advance(self, by: timedelta) -> None:
        """Move on by `by`."""
        self._at += by


@contextmanager
def using(source: Callable[[], datetime]) -> Iterator[None]:
    """Let `source` tell the time for the whole process while the block runs."""
    _sources.append(source)
    try:
        yield
    finally:
        _sources.remove(source)  # its own: threads need not leave in the order they came
