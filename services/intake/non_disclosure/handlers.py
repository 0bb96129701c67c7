"""What becomes of contacts when it is learnt that their person is under non-disclosure: plain functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from chassis import Transaction
from contracts.areas import Areas
from contracts.cases import Happened
from contracts.intake import ContactRouted, Route
from contracts.non_disclosure import CONCEALED, NonDisclosureChanged
from services.intake import store as contacts
from services.intake.cases.store import happenings
from services.intake.cases.store import place as place_of
from services.intake.closings import handlers as closings
from services.intake.models import Contact
from services.intake.non_disclosure import store
from services.intake.non_disclosure.domain import not_by_booking


def learnt(tx: Transaction, contact_id: UUID, *, told: bool = False) -> Sequence[UUID]:
    """What holds for one contact of a person holds for all of them; a machine marks, a professional alone lifts.

    To be called before anything else is told of the contact, and `tell` with what it gives back after that.

    Args:
        tx: in which the contact became this person's, or of this case.
        contact_id: the contact.
        told: the identity provider or the referral says that the person is under non-disclosure.

    Returns:
        The contacts that are marked from now on, and were not before.
    """
    contact = tx.session.get_one(Contact, contact_id, populate_existing=True)
    theirs = store.of_the_same_person(tx.session, contact)
    if not (told or any(one.non_disclosure for one in theirs)):
        return ()
    return store.change(tx.session, [one.contact_id for one in theirs], in_force=True)


def tell(tx: Transaction, changed: Iterable[UUID], areas: Areas, *, in_force: bool = True) -> None:
    """Tell of each contact that was marked, or is no more; who is not to book a time by the page leaves a message."""
    for contact_id in changed:
        contact = tx.session.get_one(Contact, contact_id)
        tx.publish(
            NonDisclosureChanged(
                area=contact.area,
                municipality=CONCEALED,
                contact_id=contact_id,
                in_force=in_force,
                changed_at=tx.now,
            )
        )
        tx.hint(contact=contact_id, area=contact.area)
        if in_force and not areas.area(contact.area).non_disclosure_books_online:
            _send_to_message(tx, contact, areas)


def _send_to_message(tx: Transaction, contact: Contact, areas: Areas) -> None:
    """Who was to pick a time leaves a message instead, unless they have one already or the matter is over."""
    found = place_of(tx.session, contact.contact_id, tx.viewer)
    booked = any(one.what == Happened.VISIT_BOOKED for one in happenings(tx.session, contact.contact_id))
    if contact.route != Route.BOOKING or booked or found is None or found.member.closed is not None:
        return
    area = areas.area(contact.area)
    reasons = not_by_booking(contact.reasons)
    contacts.send(tx.session, contact.contact_id, Route.CALLBACK, reasons, now=tx.now)
    closings.count(tx, area, closings.doors_for_a_contact(tx, area), route=Route.CALLBACK, origin=None)
    tx.publish(ContactRouted.model_validate(contact.model_dump()))
