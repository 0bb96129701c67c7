"""What is told of due times by the clock."""

from __future__ import annotations

from datetime import timedelta

from chassis import Jobs, Transact
from services.intake.due.handlers import tell_by_the_clock
from services.intake.due.store import SWEPT

jobs = Jobs()


@jobs(every=timedelta(seconds=20))
async def tell_due_times(transact: Transact) -> None:
    """Warn and tell misses, each once: what is told stands in the row, in the transaction that tells it."""
    while await transact(tell_by_the_clock) == SWEPT:
        pass
