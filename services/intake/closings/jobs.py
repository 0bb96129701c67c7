"""What closings do by the clock."""

from __future__ import annotations

from datetime import timedelta

from chassis import Jobs, Transact, Transaction
from contracts.areas import Areas
from services.intake.closings import handlers, store

jobs = Jobs()


@jobs(every=timedelta(seconds=2))
async def reopen_due(transact: Transact, areas: Areas) -> None:
    """Tell of doors whose closing has come to its end. Nobody waits for it: a closing ends at its own moment."""

    def tell(tx: Transaction) -> None:
        for code in store.due(tx.session, now=tx.now):
            if code in areas:
                handlers.close_filled_up(tx, areas[code], handlers.hold(tx, areas[code]))

    await transact(tell)
