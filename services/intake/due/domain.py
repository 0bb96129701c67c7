"""The rules of due times: what is owed, by which day, and what the clock has to tell. Pure: time is an argument.

Chat promises calls by the same classes (`callback_due` of its rules): it decides whether a message is a promise of its
own and by when. A test holds that both read rules 14-16 alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from chassis import calendar
from chassis.errors import Refused, Unprocessable
from contracts.areas import Area
from contracts.due import CorrectionReason, DueKind
from contracts.portal import AgeBand, Answer, PromiseKind
from services.intake.domain import YOUNGEST

COURSE = "course"
"""The question whether the trouble is new or worse."""
SAME = "same"
"""Its one answer that needs no assessment."""
TREATMENT_DAYS = 14
"""First treatment of who is younger than YOUNG_UNTIL. Source: Health Care Act 1326/2010 s. 51 a (1.1.2025), rule 17."""
TREATMENT_MONTHS = 3
"""First treatment of everybody else. Source: as TREATMENT_DAYS."""
YOUNG_UNTIL = 23


def need(questions: Collection[str], answers: Iterable[Answer], *, red: bool) -> PromiseKind:
    """Whether a contact needs an assessment the same office day, or advice within the county's promise.

    Who was asked whether the trouble is new or worse and did not say "the same" needs an assessment, an answer that is
    missing included; so does whoever has a red flag. What is never asked about (aids, taking up exercise) needs none.
    Source: domain.md section 5 (two classes, chosen by one question), rule 14.

    Args:
        questions: what is asked about the trouble.
        answers: as given.
        red: whether a red flag was answered yes or "don't know".
    """
    course = {one.answer for one in answers if one.question == COURSE}
    if red or (COURSE in questions and course != {SAME}):
        return PromiseKind.ASSESSMENT
    return PromiseKind.ADVICE


def stricter(one: PromiseKind, other: PromiseKind) -> PromiseKind:
    """Of two answers to the same question the one that is owed sooner: nobody waits because they were asked twice."""
    return PromiseKind.ASSESSMENT if PromiseKind.ASSESSMENT in (one, other) else PromiseKind.ADVICE


@dataclass(frozen=True, slots=True)
class Term:
    """What is owed by when."""

    kind: DueKind
    since: datetime
    due_on: date
    """Last day, Europe/Helsinki. It is never put off to the next business day."""
    warn_on: date | None = None
    """When this day is over, staff are warned."""

    @property
    def next_at(self) -> datetime:
        """The first moment after which the clock has something to tell."""
        return calendar.end_of_day(self.warn_on or self.due_on)


def first(kind: PromiseKind, since: datetime, area: Area) -> Term:
    """By when somebody who has come in is met.

    Args:
        kind: ASSESSMENT the same office day, reckoned from the next opening outside office hours; ADVICE within the
            county's business days, the day of coming in not counted.
        since: when the person came in.
        area: office hours, closing days and promise of the county.

    Raises:
        Unprocessable: `no-office-hours` when the area has none within a year.

    Source: rules 14-16.
    """
    if kind is PromiseKind.ADVICE:
        due_on, warn_on = (
            calendar.add_business_days(calendar.local_date(since), days, area.closing_days)
            for days in (area.promise_business_days, area.promise_warn_day)
        )
        return Term(DueKind.ADVICE, since, due_on, warn_on)
    office_day = calendar.first_open_day(area.office_hours, since, area.closing_days)
    if office_day is None:
        raise Unprocessable("no-office-hours", f"area {area.code} has no office hours within a year")
    return Term(DueKind.ASSESSMENT, since, office_day)


def promised(kind: PromiseKind, due_on: date, since: datetime, area: Area) -> Term:
    """A call as chat has promised it, with the day after which staff are warned (rule 16)."""
    return Term(DueKind(kind.value), since, due_on, first(kind, since, area).warn_on)


def treatment(assessed_at: datetime, *, young: bool) -> Term:
    """By when the first treatment is given: 14 calendar days or 3 months, the month's end where it has no such day.

    Source: rule 17.
    """
    assessed_on = calendar.local_date(assessed_at)
    in_days = assessed_on + timedelta(days=TREATMENT_DAYS)
    in_months = calendar.add_months(assessed_on, TREATMENT_MONTHS)
    return Term(DueKind.TREATMENT, assessed_at, in_days if young else in_months)


def is_young(birth_date: date | None, band: AgeBand, on: date) -> bool:
    """Whether somebody is under 23 on the day of the assessment; by the age they told where nobody knows better."""
    return (YOUNGEST[band] if birth_date is None else calendar.age_on(birth_date, on)) < YOUNG_UNTIL


def is_on_time(at: datetime, due_on: date) -> bool:
    """Whether a moment still belongs to the day: the whole of it does, also after office hours (rule 14)."""
    return at <= calendar.end_of_day(due_on)


class Tells(StrEnum):
    """What the clock has to tell of something owed."""

    WARNED = "warned"
    MISSED = "missed"


def tells(due_on: date, warn_on: date | None, *, warned: bool, now: datetime) -> Tells | None:
    """What is to be told at a moment, if anything. Who looks when both days are over tells the miss alone (rule 16)."""
    if now > calendar.end_of_day(due_on):
        return Tells.MISSED
    soon = warn_on is not None and not warned and now > calendar.end_of_day(warn_on)
    return Tells.WARNED if soon else None


def contact_closed() -> Refused:
    """What is said when something is to be changed about a contact that is over."""
    return Refused("contact-closed", "the contact is over; nothing is owed any more")


NEEDS_NO_ASSESSMENT = frozenset(
    {CorrectionReason.SAME_AS_BEFORE, CorrectionReason.BY_PLAN, CorrectionReason.AIDS_OR_ADVICE}
)
"""Reasons that speak for advice; the other speaks for an assessment."""


def must_fit(kind: PromiseKind, reason: CorrectionReason) -> None:
    """A correction and its reason say the same.

    Raises:
        Refused: `reason-does-not-fit`.
    """
    if (kind is PromiseKind.ADVICE) != (reason in NEEDS_NO_ASSESSMENT):
        raise Refused("reason-does-not-fit", f"the reason {reason} does not lead to {kind}")
