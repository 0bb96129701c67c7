"""The criteria of direct access. Pure: values in, decision out."""

from __future__ import annotations

from datetime import date

from chassis.calendar import age_on
from contracts.areas import DirectAccess
from contracts.intake import TriageOutcome


def granted(county: DirectAccess | None, outcome: str, birth_date: date, day: date) -> bool:
    """Whether a person may see a physiotherapist directly.

    The rule table looks at how long the trouble has lasted and at red flags; a county at the age, by the birth date of
    strong identification: nobody gets a time without.

    Args:
        county: its criteria; None when it has no direct access.
        outcome: of the rule table.
        birth_date: of the person.
        day: local, on which it is decided.

    Source: Varsinais-Suomi 2024 (16-75 years, under 3 months, no red flag), rule 22.
    """
    if county is None or outcome != TriageOutcome.DIRECT_ACCESS_PT:
        return False
    return county.youngest <= age_on(birth_date, day) <= county.oldest
