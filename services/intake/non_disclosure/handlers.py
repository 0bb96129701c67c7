"""What becomes of contacts when it is learnt that their person is under non-disclosure: plain functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from chassis import Transaction
from contracts.areas import Areas
from contracts.closings import Door
from contracts.intake import RouteReason
from contracts.non_disclosure import CONCEALED, NonDisclosureChanged
from services.intake.closings import handlers as closings
from services.intake.models import Contact
from services.intake.non_disclosure import store


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
        area = areas.area(contact.area)
        tx.publish(
            NonDisclosureChanged(
                area=contact.area,
                municipality=CONCEALED,
                contact_id=contact_id,
                in_force=in_force,
                changed_at=tx.now,
            )
        )
        tx.audit("change", whom=contact_id, what=f"non-disclosure {'set' if in_force else 'lifted'}")
        tx.hint(contact=contact_id, area=contact.area)
        if in_force and not area.limits_of(Door.BOOKING).non_disclosure:
            closings.by_message(tx, contact, area, RouteReason.DOOR_CLOSED)  # which does not say why to who reads it
