"""What other services' facts change here."""

from __future__ import annotations

from chassis import Handlers, Transaction, TryLater
from contracts.areas import Areas
from contracts.closings import Door
from contracts.intake import ContactDeclined, ContactRouted, DirectAccessGranted
from contracts.non_disclosure import NonDisclosureChanged
from contracts.portal import IdentityVerified
from services.scheduling import store

on = Handlers()


@on(ContactRouted)
def remember_contact(fact: ContactRouted, tx: Transaction) -> None:
    """Every routed contact may be offered a time later, whichever door it came by."""
    store.remember_route(tx, fact, tx.fact.version if tx.fact else 1)


@on(ContactDeclined)
def take_offer_back(fact: ContactDeclined, tx: Transaction) -> None:
    """Whom the unit does not take is offered no time, and picks none of those on offer. A booked visit stays."""
    store.remember_declined(tx, fact.contact_id, fact.declined_at)
    store.take_offer_back(tx, fact.contact_id)
    tx.hint(contact=fact.contact_id)


@on(IdentityVerified)
def open_booking(fact: IdentityVerified, tx: Transaction) -> None:
    """Only an identified contact gets times (rule 8)."""
    if not store.remember_identity(tx, fact.contact_id, fact.verified_at):
        raise TryLater("contact-not-yet-routed", "identified before its routing arrived here; it comes again")
    tx.hint(contact=fact.contact_id)


@on(NonDisclosureChanged)
def conceal(fact: NonDisclosureChanged, tx: Transaction, areas: Areas) -> None:
    """Where somebody under non-disclosure lives is forgotten; who is not to book by the page keeps no time (rule 9)."""
    version = tx.fact.version if tx.fact else 1
    known = store.remember_non_disclosure(tx, fact.contact_id, in_force=fact.in_force, version=version)
    if known is None and not store.is_declined(tx, fact.contact_id):
        raise TryLater("contact-not-yet-routed", "marked before its routing arrived here; it comes again")
    if known and not areas.area(fact.area).limits_of(Door.BOOKING).non_disclosure:
        store.take_offer_back(tx, fact.contact_id)
    tx.hint(contact=fact.contact_id)


@on(DirectAccessGranted)
def remember_direct_access(fact: DirectAccessGranted, tx: Transaction) -> None:
    """Times of direct access are among those the contact picks from (rule 22)."""
    store.remember_direct_access(tx, fact.contact_id, fact.granted_at)
    tx.hint(contact=fact.contact_id)
