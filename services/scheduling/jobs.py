"""What scheduling does by the clock."""

from __future__ import annotations

from datetime import timedelta

from chassis import Jobs, Transact, Transaction
from services.scheduling import store

jobs = Jobs()


@jobs(every=timedelta(seconds=3))
async def sweep_holds(transact: Transact) -> None:
    """Let expired holds go and say so on the pages of those who had them.

    No decision waits for it: each looks at the hold's own time.
    """
    await transact(release_expired)


def release_expired(tx: Transaction) -> None:
    """One sweep."""
    for contact_id in store.drop_expired_holds(tx):
        tx.hint(contact=contact_id)
