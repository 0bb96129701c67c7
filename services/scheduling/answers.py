"""Commands and queries of the scheduling service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from chassis import Answers, Refused, Role, Transaction
from chassis.calendar import local_date
from contracts.areas import Areas
from contracts.closings import Door
from contracts.intake import Route
from contracts.public import VisitCounted
from contracts.scheduling import (
    BookVisit,
    CalendarView,
    CompleteVisit,
    GetCalendar,
    GetTimes,
    GetVisits,
    HoldSlot,
    HoldView,
    Modality,
    OfferTimes,
    PublishSlots,
    SlotsPublished,
    SlotView,
    TimesOffered,
    TimesView,
    VisitBooked,
    VisitCompleted,
    VisitState,
    VisitsView,
    VisitView,
)
from services.scheduling import domain, store
from services.scheduling.licences import LicenceKind, Licences
from services.scheduling.models import Contact, Slot

answers = Answers()


@answers(PublishSlots)
def publish_slots(ask: PublishSlots, tx: Transaction, areas: Areas, licences: Licences) -> CalendarView:
    """Add free times to the viewer's own calendar.

    No two times of a therapist overlap, also when two windows publish at once: the calendar's row is held from the
    first statement to the commit (store.lock_calendar), so the second one checks against what the first one added. The
    unique constraint on therapist and start stands behind it.
    """
    tx.viewer.must_be_staff(ask.area)
    store.lock_calendar(tx, ask.therapist_name)
    length = timedelta(minutes=ask.minutes)
    asked = domain.asked_times(ask.area, ask.modality, ask.starts_at, length, direct_access=ask.direct_access)
    if ask.direct_access:
        licensed = partial(licences.held, tx.viewer.id, LicenceKind.DIRECT_ACCESS)
        domain.must_be_direct_access(asked, areas.area(ask.area).direct_access, licensed)
    present = store.times_between(tx, asked[0].starts_at, asked[-1].ends_at)
    fresh = domain.new_times(asked, present, now=tx.now)
    if fresh:
        store.add_times(tx, fresh)
        tx.publish(_published(fresh, tx))
    return CalendarView(slots=store.own_times(tx))


@answers(GetCalendar)
def show_calendar(_ask: GetCalendar, tx: Transaction) -> CalendarView:
    tx.viewer.must_be_staff()
    return CalendarView(slots=store.own_times(tx))


@answers(OfferTimes)
def offer_times(ask: OfferTimes, tx: Transaction, areas: Areas, licences: Licences) -> TimesView:
    """Offer the free times; what is on offer already, or booked, is shown again and told no more."""
    tx.viewer.must_be_staff()
    contact = store.contact(tx, ask.contact_id, lock=True)
    if contact is None:
        raise Refused("not-yours", "the contact is not one of the viewer's areas")
    if store.is_declined(tx, contact.contact_id):
        raise Refused("contact-declined", "the contact was declined; it gets no time")
    if contact.identified_at is None:
        raise Refused("not-identified", "a time needs strong identification first (rule 8)")
    if not _by_page(contact, areas):
        raise Refused("books-with-staff", "the county has a professional agree on the time with this person (rule 9)")
    if contact.offered_modality is not None:
        return _times(tx, contact, licences, areas)
    free = _free(tx, contact, licences)
    if not free:
        raise Refused("no-free-times", "nobody in the area has a free remote time; publish some")
    contact.offered_modality, contact.offered_by = free[0].modality.value, tx.viewer.id
    tx.publish(_offered(contact, free[0].modality, tx))
    tx.hint(contact=contact.contact_id)
    return _times(tx, contact, licences, areas)


@answers(GetTimes)
def show_times(ask: GetTimes, tx: Transaction, areas: Areas, licences: Licences) -> TimesView:
    contact = store.contact(tx, ask.contact_id)
    if contact is None:
        return TimesView(offered=False, slots=(), hold=None, visit=None)
    return _times(tx, contact, licences, areas)


@answers(HoldSlot)
def hold_slot(ask: HoldSlot, tx: Transaction, areas: Areas, licences: Licences) -> HoldView:
    contact = store.contact(tx, ask.contact_id, lock=True)
    if contact is None:
        raise domain.not_offered()
    if tx.viewer.role is Role.STAFF:
        _must_pick_together(tx, contact, areas)
    domain.must_choose(_choice(tx, contact, areas))
    if store.is_booked(tx, contact.contact_id):
        raise Refused("already-booked", "the contact has a visit ahead")
    slot = store.slots_held(tx, ask.slot_id, contact.contact_id)
    if slot is None or slot.starts_at <= tx.now or not _is_for(slot, contact, tx, licences):
        raise Refused("unknown-slot", "not a time for this contact that is still ahead")
    minutes = areas.area(contact.area).hold_minutes
    until = domain.kept_until(tx.now, slot.starts_at, minutes=minutes)
    taken = store.take_hold(tx, slot.slot_id, contact.contact_id, until)
    held = store.hold(tx, contact.contact_id) if taken else None
    if held is None:
        raise Refused("slot-taken", "somebody else holds or has booked the time")
    tx.hint(contact=contact.contact_id)
    return held


@answers(BookVisit)
def book_visit(ask: BookVisit, tx: Transaction, areas: Areas) -> VisitView:
    contact = store.contact(tx, ask.contact_id, lock=True)
    if contact and tx.viewer.role is Role.STAFF:
        _must_pick_together(tx, contact, areas)
    elif contact and not _by_page(contact, areas):
        raise Refused("hold-expired", "the time is a professional's to book with this person (rule 9)")
    if contact and store.is_booked(tx, contact.contact_id):
        raise Refused("already-booked", "the contact has a visit ahead")
    slot = store.use_hold(tx, ask.hold_id, contact.contact_id) if contact else None
    if contact is None or slot is None:
        raise Refused("hold-expired", "the contact does not hold the time any more; pick one again")
    visit = store.add_visit(tx, slot.slot_id, contact.contact_id, ask.language)
    if visit is None:
        raise Refused("already-booked", "the time or the contact has got a visit meanwhile")
    tx.publish(_booked(visit, contact, ask, tx))
    tx.audit("change", whom=contact.contact_id, what="visit booked")
    tx.hint(contact=contact.contact_id, area=contact.area)
    return visit


@answers(CompleteVisit)
def complete_visit(ask: CompleteVisit, tx: Transaction, areas: Areas) -> VisitView:
    tx.viewer.must_be_staff()
    visit = store.visit(tx, ask.visit_id)
    if visit is None:
        raise Refused("unknown-visit", "no such visit in the viewer's areas")
    if visit.therapist_id != tx.viewer.id:
        raise Refused("not-yours", "the visit is another therapist's")
    tx.viewer.must_be_licensed()  # the visit is the assessment (rule 13)
    domain.must_have_begun(visit.starts_at, tx.now, held_early=ask.held_early)
    contact = store.contact(tx, visit.contact_id, lock=True)
    row = store.complete_visit(tx, visit.visit_id)
    if contact is None or row is None:
        raise Refused("visit-completed", "the visit has been completed already")
    contact.offered_modality = contact.offered_by = None
    completed = visit.model_copy(update={"state": VisitState.COMPLETED})
    tx.publish(_completed(completed, contact, row.language, tx))
    tx.publish(_counted(completed, contact, tx, areas))
    tx.audit("change", whom=contact.contact_id, what="visit completed")
    tx.hint(contact=contact.contact_id, area=contact.area)
    return completed


@answers(GetVisits)
def show_visits(_ask: GetVisits, tx: Transaction) -> VisitsView:
    tx.viewer.must_be_staff()
    visits = store.own_visits(tx)
    for contact_id in {visit.contact_id for visit in visits}:
        tx.audit("read", whom=contact_id, what="visit list")
    return VisitsView(visits=visits)


def _by_page(contact: Contact, areas: Areas) -> bool:
    """Whether a contact's person picks their time themselves."""
    return not contact.non_disclosure or areas.area(contact.area).limits_of(Door.BOOKING).non_disclosure


def _must_pick_together(tx: Transaction, contact: Contact, areas: Areas) -> None:
    """Let staff pick a time only where the county wants it, and only who may meet the person (rules 9 and 13)."""
    if _by_page(contact, areas):
        raise domain.not_offered()
    tx.viewer.must_be_licensed()


def _choice(tx: Transaction, contact: Contact, areas: Areas) -> domain.Choice:
    """Whether a contact may pick a time, or staff one with them."""
    by_page, by_staff = _by_page(contact, areas), tx.viewer.role is Role.STAFF
    return domain.choice(
        with_staff=None if by_page else by_staff,
        offered=contact.offered_modality is not None,
        sent_to_book=contact.route == Route.BOOKING,
        taken=not store.is_declined(tx, contact.contact_id),
        identified=contact.identified_at is not None,
        met=store.has_met(tx, contact.contact_id),
    )


def _times(tx: Transaction, contact: Contact, licences: Licences, areas: Areas) -> TimesView:
    """What a contact may pick from, holds, or has booked. A completed visit gives way to a new offer."""
    offered = _choice(tx, contact, areas) is domain.Choice.FREE
    visit = store.latest_visit(tx, contact.contact_id)
    if visit and visit.state is VisitState.COMPLETED and offered:
        visit = None
    kept_for_them = tx.viewer.role is Role.STAFF or _by_page(contact, areas)
    hold = store.hold(tx, contact.contact_id) if kept_for_them else None
    if (visit or hold) and tx.viewer.role is Role.STAFF:
        tx.audit("read", whom=contact.contact_id, what="times held and booked")
    free = _free(tx, contact, licences) if offered and visit is None else ()
    slots = domain.readable_choice(free, first=contact.offered_by)
    with_staff = offered and not _by_page(contact, areas)
    return TimesView(offered=offered and not with_staff, with_staff=with_staff, slots=slots, hold=hold, visit=visit)


def _is_for(slot: Slot, contact: Contact, tx: Transaction, licences: Licences) -> bool:
    """Whether a time is one the contact may pick: remote ones are; those of direct access for whom it was granted."""
    if slot.area != contact.area:
        return False
    if not slot.direct_access:
        return slot.modality in domain.REMOTE
    licensed = licences.held(slot.therapist_id, LicenceKind.DIRECT_ACCESS, local_date(slot.starts_at))
    return licensed and store.may_directly(tx, contact.contact_id)


def _free(tx: Transaction, contact: Contact, licences: Licences) -> tuple[SlotView, ...]:
    """What the contact may pick from, earliest first; a licence that ends before a time takes the time with it."""
    free = store.free_times(tx, contact.area)
    if not store.may_directly(tx, contact.contact_id):
        return free
    direct = (
        slot
        for slot in store.free_times(tx, contact.area, direct_access=True)
        if licences.held(slot.therapist_id, LicenceKind.DIRECT_ACCESS, local_date(slot.starts_at))
    )
    return tuple(sorted((*free, *direct), key=lambda slot: slot.starts_at))


def _published(fresh: Sequence[domain.Time], tx: Transaction) -> SlotsPublished:
    return SlotsPublished(
        area=fresh[0].area,
        therapist_id=tx.viewer.id,
        modality=fresh[0].modality,
        slots=len(fresh),
        first_starts_at=fresh[0].starts_at,
        last_ends_at=fresh[-1].ends_at,
        published_at=tx.now,
    )


def _offered(contact: Contact, modality: Modality, tx: Transaction) -> TimesOffered:
    return TimesOffered(
        area=contact.area,
        municipality=contact.municipality,
        contact_id=contact.contact_id,
        therapist_id=tx.viewer.id,
        modality=modality,
        offered_at=tx.now,
    )


def _booked(visit: VisitView, contact: Contact, ask: BookVisit, tx: Transaction) -> VisitBooked:
    return VisitBooked(
        **visit.model_dump(),
        municipality=contact.municipality,
        origin=contact.origin,
        language=ask.language,
        recipient=ask.recipient,
        booked_by=tx.viewer.id if tx.viewer.role is Role.STAFF else None,
        booked_at=tx.now,
    )


def _completed(visit: VisitView, contact: Contact, language: str, tx: Transaction) -> VisitCompleted:
    return VisitCompleted(
        **visit.model_dump(),
        municipality=contact.municipality,
        origin=contact.origin,
        language=language,
        completed_at=tx.now,
    )


def _counted(visit: VisitView, contact: Contact, tx: Transaction, areas: Areas) -> VisitCounted:
    return VisitCounted(
        area=contact.area,
        municipality=areas.counted(contact.area, contact.municipality),
        day=local_date(tx.now),
        origin=contact.origin,
        modality=visit.modality,
    )
