"""The case as staff read it: every contact of one person and trouble, what has happened, and what is owed by when."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.base import AreaCode, Ask, Code, Id, Instant, MunicipalityCode, View, query
from contracts.cases import CaseInBrief, Ending
from contracts.due import CorrectionReason, DueKind
from contracts.intake import ContactView
from contracts.portal import PromiseKind

MOST_CASES = 50
"""Cases of one page of the list."""


class Step(StrEnum):
    """What a line of a case's timeline tells. What chat and scheduling have told has the names of `cases.Happened`.

    In this order where several have the same moment: what happened before what follows from it.
    """

    OPENED = "opened"
    REFERRED = "referred"
    TRIAGED = "triaged"
    ROUTED = "routed"
    DECLINED = "declined"
    IDENTIFIED = "identified"
    JOINED = "joined"
    PARTED = "parted"
    CONVERSATION_ACCEPTED = "conversation_accepted"
    CONVERSATION_ENDED = "conversation_ended"
    CONVERSATION_ABANDONED = "conversation_abandoned"
    CALL_PROMISED = "call_promised"
    CALL_ATTEMPTED = "call_attempted"
    CALL_KEPT = "call_kept"
    TIMES_OFFERED = "times_offered"
    VISIT_BOOKED = "visit_booked"
    VISIT_COMPLETED = "visit_completed"
    CORRECTED = "corrected"
    DUE_KEPT = "due_kept"
    DUE_LIFTED = "due_lifted"
    DUE_SET = "due_set"
    DUE_WARNED = "due_warned"
    DUE_MISSED = "due_missed"
    REFERRAL_CHANGED = "referral_changed"
    CLOSED = "closed"


class TimelineStep(View):
    """One thing that has happened, as intake knows it."""

    at: Instant
    contact_id: Id
    step: Step
    detail: Code | None = None
    """By the step: origin, outcome, route, reason, kind of what is owed, status, or ending."""
    due_on: date | None = None
    """Of what is owed: the last day, Europe/Helsinki."""
    starts_at: Instant | None = None
    """Of a visit."""


class DueState(StrEnum):
    """How something owed stands today, Europe/Helsinki."""

    OWED = "owed"
    SOON = "soon"
    """The county's warning day is over (rule 16)."""
    LATE = "late"
    KEPT = "kept"
    KEPT_LATE = "kept_late"
    LIFTED = "lifted"
    """Nothing is owed any more, though it was not done."""


class CaseDue(View):
    """Something owed to the person."""

    due_id: Id
    contact_id: Id
    kind: DueKind
    due_on: date
    state: DueState
    corrected: CorrectionReason | None
    """Why a professional changed it; None as the answers led to it."""


class CaseContact(View):
    """A contact of a case."""

    contact: ContactView
    need: PromiseKind | None
    """What it needs first; None while nobody knows."""
    closed: Ending | None
    """Why it is over; None while it is going on."""
    joined: bool
    """It was moved here, which can be undone."""


class OtherCase(View):
    """Another open case that could be the same matter."""

    case: CaseInBrief
    municipality: MunicipalityCode
    same_person: bool
    """Both are identified as one person; else only the client can say so."""


class CaseView(View):
    """A case in full."""

    case_id: Id
    area: AreaCode
    trouble: Code
    begun_at: Instant
    open: bool
    identified: Id | None
    """A contact by which the person is known; None while nobody is."""
    contacts: tuple[CaseContact, ...]
    """The oldest first."""
    due: tuple[CaseDue, ...]
    """The soonest first; what is still owed before what is not."""
    timeline: tuple[TimelineStep, ...]
    """The oldest first."""
    others: tuple[OtherCase, ...]
    """What its newest contact could be joined to, the newest first."""


@query(owner="intake", version=1)
class GetCase(Ask[CaseView]):
    """The case a contact belongs to, for a professional of its area. Every contact that is read is on record.

    Refused: `unknown-contact`, `not-yours`.
    """

    contact_id: Id


class OpenCase(View):
    """A case on the list."""

    case_id: Id
    contact_id: Id
    """Its newest contact that is going on."""
    area: AreaCode
    municipality: MunicipalityCode
    """Of that contact."""
    trouble: Code
    begun_at: Instant
    contacts: int
    identified: bool
    non_disclosure: bool = False
    due: CaseDue | None
    """What is owed soonest; None when nothing is."""


class CasesView(View):
    """Open cases, what is owed soonest first."""

    cases: Annotated[tuple[OpenCase, ...], Field(max_length=MOST_CASES)]
    more: bool
    """There is a next page."""


@query(owner="intake", version=1)
class GetCases(Ask[CasesView]):
    """Open cases of the areas a professional serves. Every case that is shown is on record. Refused: `not-yours`."""

    page: Annotated[int, Field(ge=1, le=10_000)] = 1
