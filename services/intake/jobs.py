"""What intake does by the clock."""

from __future__ import annotations

from services.intake.cases import jobs as cases
from services.intake.closings import jobs as closings
from services.intake.due import jobs as due

jobs = closings.jobs.and_also(due.jobs, cases.jobs)
"""Everything intake does by the clock."""
