"""What intake answers about non-disclosure: marking and lifting, and what is told to who asks for it on record."""

from __future__ import annotations

from uuid import UUID

from chassis import Answers, Refused, Transaction
from chassis.phones import phone
from contracts.areas import Areas
from contracts.intake import ContactState
from contracts.non_disclosure import (
    ContactDetailsView,
    GetContactDetails,
    NonDisclosureView,
    SetNonDisclosure,
)
from services.intake.domain import unknown_contact
from services.intake.identity.store import points
from services.intake.identity.vault import Vault
from services.intake.models import Contact
from services.intake.non_disclosure import handlers, store
from services.intake.referrals.store import of_contact, written
from services.intake.store import contact

answers = Answers()


@answers(SetNonDisclosure)
def set_non_disclosure(ask: SetNonDisclosure, tx: Transaction, areas: Areas) -> NonDisclosureView:
    found = _of_staff(tx, ask.contact_id)
    if found.state != ContactState.ROUTED:
        raise Refused("contact-declined", "the contact was declined; nobody of the unit meets its person")
    if not ask.in_force:
        tx.viewer.must_be_licensed()  # whoever says that somebody is safe now answers for it
    theirs = [one.contact_id for one in store.of_the_same_person(tx.session, found)]
    changed = store.change(tx.session, theirs, in_force=ask.in_force)
    handlers.tell(tx, changed, areas, in_force=ask.in_force)
    for contact_id in changed:
        tx.audit("change", whom=contact_id, what=f"non-disclosure {'set' if ask.in_force else 'lifted'}")
    return NonDisclosureView(contact_id=ask.contact_id, in_force=ask.in_force)


@answers(GetContactDetails)
def contact_details(ask: GetContactDetails, tx: Transaction, vault: Vault) -> ContactDetailsView:
    found = _of_staff(tx, ask.contact_id)
    tx.audit("read", whom=ask.contact_id, what="contact details")
    number, email = points(tx.session, vault, ask.contact_id, tx.viewer)
    referral = of_contact(tx.session, found.contact_id)
    sent = written(referral, vault) if referral else None
    return ContactDetailsView(
        contact_id=ask.contact_id,
        phone=number,
        takes_sms=bool(number) and phone(number).takes_sms,
        email=email,
        referral_phone=sent.phone if sent else "",
        referral_unit=sent.unit if sent else "",
    )


def _of_staff(tx: Transaction, contact_id: UUID) -> Contact:
    tx.viewer.must_be_staff()
    found = contact(tx.session, contact_id, tx.viewer)
    if found is None:
        raise unknown_contact()
    return found
