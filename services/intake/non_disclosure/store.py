"""Every statement on who is under non-disclosure.

It is kept with the contacts: a person is under it when one of their contacts is. Marking forgets where they live, in
every table that says so (`IntakeTable.PLACES`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from contracts.intake import ContactState
from contracts.non_disclosure import CONCEALED
from services.intake.cases.models import Case, Membership
from services.intake.identity.models import Person
from services.intake.models import Contact, IntakeTable


def of_the_same_person(session: Session, contact: Contact) -> Sequence[Contact]:
    """The contacts the unit has taken in that are one person's with this one: by identity, or by a case of theirs.

    The person is held until the commit, so that of a contact identified and another one marked at the same moment the
    second sees the first.
    """
    mine = (col(Membership.contact_id) == contact.contact_id, col(Membership.case_id) == col(Case.case_id))
    person_id = contact.person_id or session.exec(select(Case.person_id).where(*mine)).first()
    if person_id is None:
        cases = select(Membership.case_id).where(mine[0])
        theirs = col(Contact.contact_id) == contact.contact_id
    else:
        session.exec(select(Person.person_id).where(Person.person_id == person_id).with_for_update()).first()
        cases = select(Case.case_id).where(Case.person_id == person_id)
        theirs = col(Contact.person_id) == person_id
    members = select(Membership.contact_id).where(col(Membership.case_id).in_(cases))
    of_one = or_(theirs, col(Contact.contact_id).in_(members))
    found = select(Contact).where(of_one, Contact.state == ContactState.ROUTED).order_by(col(Contact.contact_id))
    return session.exec(found, execution_options={"populate_existing": True}).all()


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
