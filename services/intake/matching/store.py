"""Every statement on matching. Who decides locks the contact first (`cases.store.place`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, update
from sqlmodel import Session, col, select

from chassis import Viewer
from chassis.db import upsert
from services.intake.identity.models import Person
from services.intake.matching.models import PersonMatch
from services.intake.models import Contact

MOST_WAITING = 100
MOST_DECIDED = 50


class Listed(NamedTuple):
    """A contact on the worklist, the person who identified, and the decision that holds."""

    contact: Contact
    told: Person
    match: PersonMatch | None


def waiting(session: Session, viewer: Viewer, contact_id: UUID | None = None) -> Sequence[Listed]:
    """Who identified without a code in the viewer's areas, and nobody has decided about; longest first."""
    statement = (
        select(Contact, Person)
        .join(Person, col(Person.person_id) == col(Contact.person_id))
        .where(
            _listed(viewer, contact_id),
            col(Contact.identified_at).is_not(None),
            col(Person.personal_identity_code).is_(None),
            ~exists().where(col(PersonMatch.contact_id) == col(Contact.contact_id), _holds()),
        )
        .order_by(col(Contact.identified_at))
        .limit(MOST_WAITING)
    )
    return [Listed(contact, told, None) for contact, told in session.exec(statement)]


def decided(session: Session, viewer: Viewer, contact_id: UUID | None = None) -> Sequence[Listed]:
    """Decisions that hold in the viewer's areas, latest first."""
    statement = (
        select(Contact, Person, PersonMatch)
        .join(PersonMatch, col(PersonMatch.contact_id) == col(Contact.contact_id))
        .join(Person, col(Person.person_id) == col(PersonMatch.told_person_id))
        .where(_listed(viewer, contact_id), _holds())
        .order_by(col(PersonMatch.decided_at).desc())
        .limit(MOST_DECIDED)
    )
    return [Listed(*row) for row in session.exec(statement)]


def holding(session: Session, contact_id: UUID) -> PersonMatch | None:
    """The decision about a contact that holds."""
    return session.exec(select(PersonMatch).where(PersonMatch.contact_id == contact_id, _holds())).first()


def is_client_of(session: Session, person_id: UUID, area: str) -> bool:
    """Whether a person has a contact in a county: another county's clients are nobody here."""
    mine = select(Contact.contact_id).where(Contact.person_id == person_id, Contact.area == area)
    return session.exec(mine.limit(1)).first() is not None


def decide(session: Session, decision: PersonMatch) -> bool:
    """Keep a decision; False when one holds already."""
    values = decision.model_dump(exclude={"number"})
    statement = upsert(session, PersonMatch).values(values).on_conflict_do_nothing()
    return session.connection().execute(statement.returning(col(PersonMatch.number))).first() is not None


def reopen(session: Session, match: PersonMatch, *, reason: str, by: UUID, at: datetime) -> None:
    """A decision holds no longer."""
    mine = update(PersonMatch).where(col(PersonMatch.number) == match.number)
    session.connection().execute(mine.values(reopened=reason, reopened_by=by, reopened_at=at))


def belongs_to(session: Session, contact_id: UUID, person_id: UUID) -> None:
    """The contact is this person's."""
    mine = update(Contact).where(col(Contact.contact_id) == contact_id)
    session.connection().execute(mine.values(person_id=person_id))


def _listed(viewer: Viewer, contact_id: UUID | None) -> ColumnElement[bool]:
    mine = col(Contact.area).in_(sorted(viewer.areas))
    return mine if contact_id is None else and_(mine, col(Contact.contact_id) == contact_id)


def _holds() -> ColumnElement[bool]:
    return col(PersonMatch.reopened_at).is_(None)
