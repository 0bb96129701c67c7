"""What the identity vault answers."""

from __future__ import annotations

from chassis import Answers, Refused, Role, Transaction
from contracts.intake import GetPerson, PersonView
from services.intake.domain import unknown_contact
from services.intake.identity import store
from services.intake.identity.domain import Points
from services.intake.identity.vault import Vault
from services.intake.store import contact

answers = Answers()


@answers(GetPerson)
def person(ask: GetPerson, tx: Transaction, vault: Vault) -> PersonView:
    """For staff of the contact's area alone: to everybody else there is no such contact."""
    found = contact(tx.session, ask.contact_id, tx.viewer)
    if tx.viewer.role is not Role.STAFF or found is None:
        raise unknown_contact()
    who = store.person(tx.session, vault, ask.contact_id, tx.viewer)
    if who is None:
        raise Refused("not-identified", "nobody has identified for this contact")
    tx.audit("read", whom=ask.contact_id, what="identity")
    points = Points() if found.non_disclosure else store.points(tx.session, vault, ask.contact_id, tx.viewer)
    return PersonView(
        contact_id=ask.contact_id,
        display_name=who.display_name,
        birth_year=who.birth_date.year,
        personal_identity_code=who.personal_identity_code or "",
        phone=points.phone,
        takes_sms=points.takes_sms,
        email=points.email,
        non_disclosure=found.non_disclosure,
    )
