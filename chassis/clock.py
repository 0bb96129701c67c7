"""The only source of time. Tests and simulations put another clock in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_source: Callable[[], datetime] | None = None


def now() -> datetime:
    """The present moment, UTC."""
    return _source() if _source else datetime.now(UTC)


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
    global _source
    before, _source = _source, source
    try:
        yield
    finally:
        _source = before
