"""Every statement on who is under non-disclosure.

It is kept with the contacts: a person is under it when one of their contacts is. Marking forgets where they live, in
every table that says so (`IntakeTable.PLACES`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from contracts.non_disclosure import CONCEALED
from services.intake.cases.models import Case, Membership
from services.intake.cases.store import hold_person
from services.intake.models import Contact, IntakeTable


def of_the_same_person(session: Session, contact: Contact) -> Sequence[Contact]:
    """The contacts that are one person's with this one, by identity or by a case of theirs; declined ones too.

    The person is held until the commit, so that of a contact identified and another one marked at the same moment the
    second sees the first.
    """
    person_id = hold_person(session, contact.contact_id)
    if person_id is None:
        cases = select(Membership.case_id).where(Membership.contact_id == contact.contact_id)
        theirs = col(Contact.contact_id) == contact.contact_id
    else:
        cases = select(Case.case_id).where(Case.person_id == person_id)
        theirs = col(Contact.person_id) == person_id
    members = select(Membership.contact_id).where(col(Membership.case_id).in_(cases))
    of_one = or_(theirs, col(Contact.contact_id).in_(members))
    found = select(Contact).where(of_one).order_by(col(Contact.contact_id))
    return session.exec(found, execution_options={"populate_existing": True}).all()


def is_under(session: Session, person_id: UUID) -> bool:
    """Whether a person is known to be under non-disclosure."""
    marked = (col(Contact.person_id) == person_id, col(Contact.non_disclosure))
    return session.exec(select(Contact.contact_id).where(*marked)).first() is not None


def change(session: Session, contact_ids: Collection[UUID], *, in_force: bool) -> Sequence[UUID]:
    """Mark contacts, or mark them no more; those that were not so before. What is marked is of no place any more."""
    changed = (col(Contact.contact_id).in_(contact_ids), col(Contact.non_disclosure).is_not(in_force))
    statement = update(Contact).where(*changed).values(non_disclosure=in_force).returning(col(Contact.contact_id))
    marked = session.exec(statement).scalars().all()
    if in_force:
        for table in tables_with_places():
            of_them = col(table.contact_id).in_(marked)  # type: ignore[attr-defined]  # a table with places has one
            session.exec(update(table).where(of_them).values(dict.fromkeys(table.PLACES, CONCEALED)))
    return marked


def tables_with_places() -> list[type[IntakeTable]]:
    """Every table that tells where a contact's person lives."""
    return sorted((one for one in IntakeTable.__subclasses__() if one.PLACES), key=lambda one: str(one.__tablename__))
