"""What becomes of cases by the clock."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from chassis import Jobs, Transact, clock
from services.intake.cases.handlers import close_quiet
from services.intake.cases.store import SWEPT
from services.intake.settings import IntakeSettings

jobs = Jobs()


@jobs(every=timedelta(minutes=10))
async def close_quiet_contacts(transact: Transact, own: IntakeSettings) -> None:
    """Let contacts go about which nothing has been going on for long."""
    before = clock.now() - timedelta(days=own.quiet_days)
    while await transact(partial(close_quiet, before=before)) == SWEPT:
        pass
