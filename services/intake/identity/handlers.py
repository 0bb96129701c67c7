"""What intake does when somebody is identified."""

from __future__ import annotations

from chassis import Handlers, Settings, Transaction, TryLater
from chassis.calendar import local_date
from contracts.portal import IdentityVerified
from services.intake.identity import domain, store
from services.intake.identity.vault import Vault
from services.intake.store import contact as contact_of

on = Handlers()


@on(IdentityVerified)
def keep_identity(fact: IdentityVerified, tx: Transaction, vault: Vault, settings: Settings) -> None:
    """The person behind a contact goes into the vault; contacts of the same person share one row."""
    contact = contact_of(tx.session, fact.contact_id, tx.viewer)
    if contact is None:
        raise TryLater("unknown-contact", "the person was identified before the contact is known here")
    who = domain.identity(tx.unseal(fact.person), today=local_date(tx.now), test_codes=settings.practice)
    person_id = store.remember(tx.session, vault, who, now=tx.now)
    domain.must_be_free(state=contact.state, known=contact.person_id, person_id=person_id)
    if not store.identify(tx.session, person_id, fact):
        raise domain.already_identified()  # another process was quicker
    tx.audit("change", whom=fact.contact_id, what="identity")
    tx.hint(contact=fact.contact_id)
