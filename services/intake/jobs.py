"""What intake does by the clock."""

from __future__ import annotations

from services.intake.closings import jobs as closings

jobs = closings.jobs
"""Everything intake does by the clock."""
