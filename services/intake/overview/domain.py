"""How something owed stands on a day, and in which order it is read. Pure: time is an argument."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

from contracts.overview import DueState
from services.intake.due.domain import Tells, is_on_time, tells

OVER = frozenset({DueState.KEPT, DueState.KEPT_LATE, DueState.LIFTED})
"""States in which nothing is owed any more."""


class Owed(Protocol):
    """A due time."""

    due_on: date
    warn_on: date | None
    kept_at: datetime | None
    lifted_at: datetime | None


def state_of(due: Owed, now: datetime) -> DueState:
    """How something owed stands: by the days themselves, however late the clock tells of them.

    Source: rules 14, 16 and 17.
    """
    if due.kept_at is not None:
        return DueState.KEPT if is_on_time(due.kept_at, due.due_on) else DueState.KEPT_LATE
    if due.lifted_at is not None:
        return DueState.LIFTED
    told = tells(due.due_on, due.warn_on, warned=False, now=now)
    return {None: DueState.OWED, Tells.WARNED: DueState.SOON, Tells.MISSED: DueState.LATE}[told]
