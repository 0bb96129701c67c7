"""Scheduling: calendars, free times, holds and visits."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.base import (
    AreaCode,
    Ask,
    Event,
    Id,
    Instant,
    Jwe,
    Language,
    View,
    command,
    event,
    query,
    sealed_for,
)
from contracts.chat import _THERAPIST, FirstName
from contracts.portal import _CONTACT, _JWE, Origin

_VISIT = Id("3f1f6a0e-0f3a-4c52-9d5c-70c2a4c8e901")


class Modality(StrEnum):
    """How a visit takes place. The statistics code is derived from it, never stored instead of it."""

    NEAR = "near"
    PHONE = "phone"
    VIDEO = "video"
    CHAT = "chat"


class VisitState(StrEnum):
    """Life of a visit."""

    BOOKED = "booked"
    COMPLETED = "completed"


@event(
    owner="scheduling",
    version=1,
    about="therapist_id",
    external="the county's booking site: remote times on offer",
)
class SlotsPublished(Event):
    """A therapist's free times were published for electronic booking.

    Sent: once per publication that adds at least one time.
    """

    therapist_id: Id
    modality: Modality
    slots: Annotated[int, Field(ge=1)]
    """How many became free to book."""
    first_starts_at: Instant
    """When the earliest of them starts."""
    last_ends_at: Instant
    """When the latest of them ends."""
    published_at: Instant


SlotsPublished.example = SlotsPublished.shown(
    municipality="000", therapist_id=_THERAPIST, modality="video", slots=6, first_starts_at="2026-11-25T07:00:00Z",
    last_ends_at="2026-11-25T11:30:00Z", published_at="2026-11-24T06:00:00Z",
)  # fmt: skip


@event(
    owner="scheduling",
    version=1,
    about="contact_id",
    external="the unit lead's reports: remote times offered against taken",
)
class TimesOffered(Event):
    """A therapist offered an identified person the free times.

    Sent: when a therapist offers; offering again tells nothing new.
    """

    contact_id: Id
    therapist_id: Id
    modality: Modality
    offered_at: Instant


TimesOffered.example = TimesOffered.shown(
    contact_id=_CONTACT, therapist_id=_THERAPIST, modality="video", offered_at="2026-11-24T08:10:00Z"
)


@event(owner="scheduling", version=1, about="visit_id")
class VisitBooked(Event):
    """A time was booked. A person gets it at most once, a time goes to at most one person.

    Sent: once per visit.
    """

    visit_id: Id
    contact_id: Id
    therapist_id: Id
    origin: Origin
    modality: Modality
    language: Language
    starts_at: Instant
    """When the visit starts."""
    ends_at: Instant
    """When it ends at the latest."""
    recipient: Annotated[Jwe | None, sealed_for("notifications")]
    """E-mail address for the confirmation, for notifications alone; None when the person gave none."""
    booked_by: Id | None = None
    """The therapist who agreed the time with the person; None when the person booked it themselves."""
    booked_at: Instant


VisitBooked.example = VisitBooked.shown(
    visit_id=_VISIT, contact_id=_CONTACT, therapist_id=_THERAPIST, origin="chat", modality="video", language="fi",
    starts_at="2026-11-26T08:00:00Z", ends_at="2026-11-26T08:45:00Z", recipient=_JWE, booked_at="2026-11-24T08:12:00Z",
)  # fmt: skip


@event(owner="scheduling", version=1, about="visit_id")
class VisitCompleted(Event):
    """A visit took place.

    Sent: once per visit, when the therapist says so.
    """

    visit_id: Id
    contact_id: Id
    therapist_id: Id
    origin: Origin
    modality: Modality
    language: Language
    starts_at: Instant
    """As booked."""
    completed_at: Instant


VisitCompleted.example = VisitCompleted.shown(
    visit_id=_VISIT, contact_id=_CONTACT, therapist_id=_THERAPIST, origin="chat", modality="video", language="fi",
    starts_at="2026-11-26T08:00:00Z", completed_at="2026-11-26T08:43:00Z",
)  # fmt: skip


class SlotView(View):
    """A free time."""

    slot_id: Id
    therapist_id: Id
    therapist_name: str
    modality: Modality
    starts_at: Instant
    ends_at: Instant
    direct_access: bool = False
    """For direct access alone (rule 22)."""


class HoldView(View):
    """A time kept for one person for a while."""

    hold_id: Id
    slot: SlotView
    expires_at: Instant


class VisitView(View):
    """A booked or completed visit."""

    visit_id: Id
    contact_id: Id
    area: AreaCode
    therapist_id: Id
    therapist_name: str
    modality: Modality
    state: VisitState
    starts_at: Instant
    ends_at: Instant


class TimesView(View):
    """What a contact may pick from, holds, or has booked."""

    offered: bool
    with_staff: bool = False
    """For staff alone: the county wants a professional to pick the time together with this person (rule 9)."""
    slots: tuple[SlotView, ...]
    hold: HoldView | None
    visit: VisitView | None


@query(owner="scheduling", version=1)
class GetTimes(Ask[TimesView]):
    """Free times for a contact that was offered them or sent to book and has identified, its hold and its visit.

    Never refused: nothing offered is a TimesView too.
    """

    contact_id: Id


class VisitsView(View):
    """A therapist's visits, earliest first."""

    visits: tuple[VisitView, ...]


@query(owner="scheduling", version=1)
class GetVisits(Ask[VisitsView]):
    """The viewer's own visits, booked first. Therapists only: `not-yours`."""


class CalendarView(View):
    """A therapist's own published times that are still ahead."""

    slots: tuple[SlotView, ...]


@query(owner="scheduling", version=1)
class GetCalendar(Ask[CalendarView]):
    """The viewer's own free times. Therapists only: `not-yours`."""


@command(owner="scheduling", version=1)
class PublishSlots(Ask[CalendarView]):
    """Publish free times of the viewer. A time already there is kept once.

    Refused: `slot-in-past`, `slots-overlap`, `not-yours`; for direct access `no-direct-access` (the county has none),
    `direct-access-length` (another length than the county's), `not-licensed` (the viewer, on the day of a time).
    """

    area: AreaCode
    therapist_name: FirstName
    modality: Modality
    starts_at: Annotated[tuple[Instant, ...], Field(min_length=1, max_length=50)]
    minutes: Annotated[int, Field(ge=10, le=120)]
    direct_access: bool = False


@command(owner="scheduling", version=1)
class OfferTimes(Ask[TimesView]):
    """Offer a contact the free remote times; once more while they are on offer or booked, it only shows them.

    Refused: `not-identified`, `no-free-times`, `books-with-staff`, `not-yours`.
    """

    contact_id: Id


@command(owner="scheduling", version=1)
class HoldSlot(Ask[HoldView]):
    """Keep a free time for this contact for some minutes. Staff do so where `TimesView.with_staff` says it.

    Refused: `slot-taken`, `not-offered`, `identify-first` (sent to book), `already-booked`, `unknown-slot`.
    """

    contact_id: Id
    slot_id: Id


@command(owner="scheduling", version=1)
class BookVisit(Ask[VisitView]):
    """Book the held time. Refused: `hold-expired`, `already-booked`."""

    contact_id: Id
    hold_id: Id
    recipient: Annotated[Jwe | None, sealed_for("notifications")] = None
    language: Language


@command(owner="scheduling", version=1)
class CompleteVisit(Ask[VisitView]):
    """The visit took place.

    Refused: `visit-ahead`, `visit-completed`, `unknown-visit`, `not-yours`, `licence-needed` (rule 13).
    """

    visit_id: Id
    held_early: bool = False
    """It took place before its time: without this word, one whose time has not come is refused, against a slip."""
