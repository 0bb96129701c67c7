"""Every statement on the identity vault."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from chassis import Viewer
from chassis.db import upsert
from contracts.portal import IdentityVerified
from services.intake.identity.domain import Identity
from services.intake.identity.models import Person
from services.intake.identity.vault import Vault
from services.intake.models import Contact
from services.intake.store import contact


def remember(session: Session, vault: Vault, who: Identity, *, now: datetime) -> UUID:
    """Keep a person, or renew the one already known by this code under the present key. Returns the person's id.

    Somebody without a code is never recognised: a new person each time, for a human to match (rule 7).
    """
    lookups = vault.lookups(who.personal_identity_code) if who.personal_identity_code else []
    known = _recognised(session, lookups)
    if known is None:
        fresh = uuid4()
        values = {"person_id": fresh, "first_seen_at": now, **_locked(vault, who, fresh, lookups, now)}
        insert = upsert(session, Person).values(values).on_conflict_do_nothing(index_elements=["lookup"])
        session.connection().execute(insert)
        known = _recognised(session, lookups) or fresh  # another process may have been quicker
        if known == fresh:
            return fresh
    renewed = update(Person).where(col(Person.person_id) == known).values(_locked(vault, who, known, lookups, now))
    session.connection().execute(renewed)
    return known


def recognised(session: Session, vault: Vault, code: str) -> UUID | None:
    """The person known by a personal identity code; None when nobody is."""
    return _recognised(session, vault.lookups(code))


def identify(session: Session, person_id: UUID, fact: IdentityVerified) -> bool:
    """Bind a contact to its person; the first moment of identification stays. False when it is another person's."""
    bound_to = col(Contact.person_id)
    statement = (
        update(Contact)
        .where(col(Contact.contact_id) == fact.contact_id, bound_to.is_(None) | (bound_to == person_id))
        .values(
            person_id=person_id,
            assurance=fact.assurance.value,
            identified_at=func.coalesce(col(Contact.identified_at), fact.verified_at),
        )
        .returning(col(Contact.contact_id))
    )
    return session.connection().execute(statement).first() is not None


def person(session: Session, vault: Vault, contact_id: UUID, viewer: Viewer) -> Identity | None:
    """Who a contact was identified as; None when nobody, or when it is not the viewer's."""
    found = contact(session, contact_id, viewer)
    row = session.get(Person, found.person_id) if found and found.person_id else None
    if row is None:
        return None

    def opened(column: str, value: str) -> str:
        return vault.open(value, place=_place(row.person_id, column))

    code = row.personal_identity_code
    return Identity(
        personal_identity_code=opened("personal_identity_code", code) if code else None,
        family_name=opened("family_name", row.family_name),
        given_names=opened("given_names", row.given_names),
        birth_date=date.fromisoformat(opened("birth_date", row.birth_date)),
    )


def birth_date(session: Session, vault: Vault, contact_id: UUID, viewer: Viewer) -> date | None:
    """When the person behind a contact was born, and nothing else of them; None as in `person`."""
    found = contact(session, contact_id, viewer)
    row = session.get(Person, found.person_id) if found and found.person_id else None
    if row is None:
        return None
    return date.fromisoformat(vault.open(row.birth_date, place=_place(row.person_id, "birth_date")))


def _recognised(session: Session, lookups: list[str]) -> UUID | None:
    return session.exec(select(Person.person_id).where(col(Person.lookup).in_(lookups))).first() if lookups else None


def _locked(vault: Vault, who: Identity, person_id: UUID, lookups: list[str], now: datetime) -> dict[str, Any]:
    def lock(column: str, value: str) -> str:
        return vault.lock(value, place=_place(person_id, column))

    code = who.personal_identity_code
    return {
        "lookup": lookups[0] if lookups else None,
        "personal_identity_code": lock("personal_identity_code", code) if code else None,
        "family_name": lock("family_name", who.family_name),
        "given_names": lock("given_names", who.given_names),
        "birth_date": lock("birth_date", who.birth_date.isoformat()),
        "seen_at": now,
    }


def _place(person_id: UUID, column: str) -> str:
    return f"person/{person_id}/{column}"
