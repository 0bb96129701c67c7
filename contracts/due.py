"""Due times: what the unit owes a person by when. Intake keeps them, whoever meets the person."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from contracts.base import Ask, Event, Id, Instant, View, command, event
from contracts.portal import _CONTACT, PromiseKind

_DUE = Id("0d0fbb1c-52e5-4f59-8c8f-62a0a3a2b0f1")


class DueKind(StrEnum):
    """What is owed. Source: Health Care Act 1326/2010 sections 51 and 51 a; Soite's promise; rules 14-17."""

    ASSESSMENT = "assessment"
    """A new or worse symptom: met and assessed the same office day."""
    ADVICE = "advice"
    """Anything else: met within 1-5 business days."""
    TREATMENT = "treatment"
    """First treatment after an assessment: 14 days under the age of 23, else 3 months."""


class CorrectionReason(StrEnum):
    """Why a professional says that another time is due than the answers led to."""

    NEW_OR_WORSE = "new_or_worse"
    """The symptom is new or worse after all."""
    SAME_AS_BEFORE = "same_as_before"
    """The symptom is neither new nor worse."""
    BY_PLAN = "by_plan"
    """Rehabilitation by a plan, which says when: no care guarantee."""
    AIDS_OR_ADVICE = "aids_or_advice"
    """Aids, exercises or advice: nothing to assess."""


@event(owner="intake", version=1, about="due_id")
class DueTimeSet(Event):
    """The unit owes a person something by a day.

    Sent: when somebody waits for the chat, a call is promised, or an assessment was made; again when a professional
    corrects what is due. The one with the highest aggregate version counts.
    Source: rules 14-17.
    """

    due_id: Id
    """Of a promised call its `callback_id`."""
    contact_id: Id
    kind: DueKind
    due_on: date
    """Last day, Europe/Helsinki."""
    since: Instant
    """From when it is reckoned."""
    corrected: CorrectionReason | None = None
    """Why a professional changed it; None as the answers led to it."""
    set_at: Instant


DueTimeSet.example = DueTimeSet.shown(
    due_id=_DUE, contact_id=_CONTACT, kind="advice", due_on="2026-12-01", since="2026-11-24T18:20:00Z",
    set_at="2026-11-24T18:20:02Z",
)  # fmt: skip


@event(
    owner="intake", version=1, about="due_id", external="the unit lead's alarms: what will be late unless somebody acts"
)
class DueTimeWarned(Event):
    """What is owed will soon be late.

    Sent: once per due time, when the warning day of the county is over and the person has not been met.
    Source: rule 16.
    """

    due_id: Id
    contact_id: Id
    kind: DueKind
    due_on: date
    """Last day, Europe/Helsinki."""
    warned_at: Instant


DueTimeWarned.example = DueTimeWarned.shown(
    due_id=_DUE, contact_id=_CONTACT, kind="advice", due_on="2026-12-01", warned_at="2026-11-27T22:00:10Z"
)


@event(
    owner="intake", version=1, about="due_id", external="the county's reports on access to treatment: what was in time"
)
class DueTimeKept(Event):
    """What was owed has been done, in time or late.

    Sent: once per due time, when a professional has met the person as it asks for.
    """

    due_id: Id
    contact_id: Id
    kind: DueKind
    due_on: date
    """Last day, Europe/Helsinki."""
    on_time: bool
    """Done on that day or before."""
    kept_at: Instant


DueTimeKept.example = DueTimeKept.shown(
    due_id=_DUE, contact_id=_CONTACT, kind="advice", due_on="2026-12-01", on_time=True, kept_at="2026-11-25T12:40:00Z"
)


@event(owner="intake", version=1, about="due_id", external="the county's reports on access to treatment: what was late")
class DueTimeMissed(Event):
    """The last day is over and the person has not been met. It is still owed.

    Sent: once per due time; DueTimeKept may follow, late.
    """

    due_id: Id
    contact_id: Id
    kind: DueKind
    due_on: date
    """Last day, Europe/Helsinki."""
    missed_at: Instant


DueTimeMissed.example = DueTimeMissed.shown(
    due_id=_DUE, contact_id=_CONTACT, kind="advice", due_on="2026-12-01", missed_at="2026-12-01T22:00:05Z"
)


@event(
    owner="intake",
    version=1,
    about="due_id",
    external="the county's reports on access to treatment: what fell away before it was done",
)
class DueTimeLifted(Event):
    """Nothing is owed any more: the contact is over, or a professional has found that nothing binds.

    Sent: once per due time, instead of DueTimeKept. DueTimeSet follows when it binds again.
    """

    due_id: Id
    contact_id: Id
    kind: DueKind
    lifted_at: Instant


DueTimeLifted.example = DueTimeLifted.shown(
    due_id=_DUE, contact_id=_CONTACT, kind="treatment", lifted_at="2026-11-24T08:22:08Z"
)


class CorrectedView(View):
    """What a contact is after a correction."""

    contact_id: Id
    kind: PromiseKind


@command(owner="intake", version=1)
class CorrectDue(Ask[CorrectedView]):
    """A professional says whether a contact needs an assessment, and why.

    Refused: `contact-closed`, `reason-does-not-fit`, `unknown-contact`, `not-yours`.
    """

    contact_id: Id
    kind: PromiseKind
    reason: CorrectionReason
