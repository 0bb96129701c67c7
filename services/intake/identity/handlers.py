"""What intake does when somebody is identified."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from chassis import Handlers, Refused, Settings, Transaction, TryLater, Unprocessable
from chassis.calendar import age_on, local_date
from chassis.phones import phone
from contracts.areas import Area, Areas
from contracts.cases import Ending
from contracts.closings import Door
from contracts.intake import ContactDeclined, DeclineReason, RouteReason
from contracts.portal import ContactPointGiven, IdentityVerified
from services.intake.cases import handlers as cases
from services.intake.closings import handlers as closings
from services.intake.direct_access import handlers as direct_access
from services.intake.domain import is_too_young
from services.intake.identity import domain, store
from services.intake.identity.domain import Identity
from services.intake.identity.vault import Vault
from services.intake.models import Contact
from services.intake.non_disclosure import handlers as non_disclosure
from services.intake.store import contact as contact_of
from services.intake.store import decline

on = Handlers()


@on(IdentityVerified)
def keep_identity(fact: IdentityVerified, tx: Transaction, vault: Vault, settings: Settings, areas: Areas) -> None:
    """The person behind a contact goes into the vault, unless too young on the day of identification."""
    contact = contact_of(tx.session, fact.contact_id, tx.viewer)
    if contact is None:
        raise TryLater("unknown-contact", "the person was identified before the contact is known here")
    domain.must_be_the_client(contact.on_behalf)
    domain.must_be_ours(contact.state)
    day = local_date(fact.verified_at)
    who = domain.identity(tx.unseal(fact.person), today=day, test_codes=settings.practice)
    tx.audit("change", whom=fact.contact_id, what="identity")
    tx.hint(contact=fact.contact_id)
    area = areas.area(contact.area)
    if contact.person_id is None and is_too_young(area, who.birth_date, day):
        marked = non_disclosure.learnt(tx, fact.contact_id, told=who.non_disclosure)
        _decline(contact, tx)
        non_disclosure.tell(tx, marked, areas)
        return
    person_id = _keep(fact, tx, vault, who, known=contact.person_id)
    cases.identified(tx, fact.contact_id, person_id, areas, non_disclosure=who.non_disclosure)
    _let_book(tx, contact, area, who.birth_date, day)


@on(ContactPointGiven)
def keep_contact_point(fact: ContactPointGiven, tx: Transaction, vault: Vault) -> None:
    """Where an identified person wants to be reached; the latest word of each kind stays."""
    contact = contact_of(tx.session, fact.contact_id, tx.viewer)
    if contact is None:
        raise TryLater("unknown-contact", "a contact point was given before the contact is known here")
    person_id = domain.must_be_identified(contact.person_id, contact.identified_at)
    point = domain.contact_point(tx.unseal(fact.point))
    try:
        told = {"phone": point.phone and phone(point.phone).number, "email": point.email}
    except Refused as refused:  # nobody waits for the answer: the message makes no sense
        raise Unprocessable(refused.code, refused.text) from None
    for kind, value in told.items():
        if value and store.reach(tx.session, vault, person_id, kind, value, given_at=fact.given_at):
            tx.audit("change", whom=fact.contact_id, what=kind)
    tx.hint(contact=fact.contact_id)


def _keep(fact: IdentityVerified, tx: Transaction, vault: Vault, who: Identity, *, known: UUID | None) -> UUID:
    """Contacts of the same person share one row, whose id is given back."""
    person_id = store.remember(tx.session, vault, who, now=tx.now)
    domain.must_be_free(known, person_id)
    if not store.identify(tx.session, person_id, fact):
        raise domain.already_identified()  # another process was quicker
    return person_id


def _let_book(tx: Transaction, contact: Contact, area: Area, birth_date: date, day: date) -> None:
    """Who turns out too young to book, by the county's limit, leaves a message; others may get direct access."""
    if age_on(birth_date, day) < (area.limits_of(Door.BOOKING).minimum_age or 0):
        closings.by_message(tx, contact, area, RouteReason.OUTSIDE_LIMITS)
    else:
        direct_access.decide(tx, contact, area, birth_date, day)


def _decline(contact: Contact, tx: Transaction) -> None:
    """Who is too young is shown where to go, and not kept (rule 2)."""
    if not decline(tx.session, contact.contact_id, DeclineReason.TOO_YOUNG):
        raise TryLater("decided-meanwhile", "the contact was declined or identified at the same moment")
    cases.over(tx, contact.contact_id, Ending.DECLINED)
    tx.publish(
        ContactDeclined(
            area=contact.area,
            municipality=contact.municipality,
            contact_id=contact.contact_id,
            reason=DeclineReason.TOO_YOUNG,
            declined_at=tx.now,
        )
    )
