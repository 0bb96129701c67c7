"""What intake answers about non-disclosure: marking and lifting, and what is told to who asks for it on record."""

from __future__ import annotations

from uuid import UUID

from chassis import Answers, Transaction
from contracts.areas import Areas
from contracts.non_disclosure import (
    ContactDetailsView,
    GetContactDetails,
    NonDisclosureView,
    SetNonDisclosure,
)
from services.intake.cases.store import held, lock_cases
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
    tx.viewer.must_be_staff()
    if not ask.in_force:
        tx.viewer.must_be_licensed()  # whoever says that somebody is safe now answers for it
    found = held(tx.session, ask.contact_id, tx.viewer)
    if found is None:
        raise unknown_contact()
    lock_cases(tx.session, found.case.case_id)
    theirs = store.of_the_same_person(tx.session, found.contact)
    mine = [one.contact_id for one in theirs if ask.in_force or one.area in tx.viewer.areas]
    handlers.tell(tx, store.change(tx.session, mine, in_force=ask.in_force), areas, in_force=ask.in_force)
    return NonDisclosureView(contact_id=ask.contact_id, in_force=ask.in_force)


@answers(GetContactDetails)
def contact_details(ask: GetContactDetails, tx: Transaction, vault: Vault) -> ContactDetailsView:
    found = _of_staff(tx, ask.contact_id)
    tx.audit("read", whom=ask.contact_id, what="contact details")
    own = points(tx.session, vault, ask.contact_id, tx.viewer)
    referral = of_contact(tx.session, found.contact_id)
    sent = written(referral, vault) if referral else None
    return ContactDetailsView(
        contact_id=ask.contact_id,
        phone=own.phone,
        takes_sms=own.takes_sms,
        email=own.email,
        referral_phone=sent.phone if sent else "",
        referral_unit=sent.unit if sent else "",
    )


def _of_staff(tx: Transaction, contact_id: UUID) -> Contact:
    tx.viewer.must_be_staff()
    found = contact(tx.session, contact_id, tx.viewer)
    if found is None:
        raise unknown_contact()
    return found
