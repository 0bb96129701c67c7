"""Every statement that reads a case as a whole: a fixed number of them, however long its history."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, exists, func
from sqlmodel import Session, SQLModel, col, select

from services.intake.cases.models import Case, Happening, Joining, Membership
from services.intake.due.models import DueTime, Need
from services.intake.models import Contact
from services.intake.referrals.models import Referral
from services.intake.triage.models import TriageRun

MOST_OTHERS = 10
"""Other cases that are offered for joining; the newest come first."""


class Whole(NamedTuple):
    """Everything intake keeps about the contacts of a case."""

    members: Sequence[tuple[Contact, Membership]]
    runs: Sequence[TriageRun]
    happenings: Sequence[Happening]
    joinings: Sequence[Joining]
    needs: Mapping[UUID, Need]
    dues: Sequence[DueTime]
    referrals: Sequence[Referral]


@cache  # putting a statement together takes longer than running it
def _members() -> Any:
    joined = col(Membership.contact_id) == col(Contact.contact_id)
    statement = select(Contact, Membership).join(Membership, joined)
    of_case = statement.where(col(Membership.case_id) == bindparam("case_id"))
    return of_case.order_by(col(Contact.opened_at), col(Contact.contact_id))


@cache
def _of(kind: type[Any], *order: Any) -> Any:
    return select(kind).where(col(kind.contact_id).in_(bindparam("ids", expanding=True))).order_by(*order)


def whole(session: Session, case_id: UUID) -> Whole:
    """A case with all that belongs to it, each kind by one statement."""
    members = session.exec(_members(), params={"case_id": case_id}).all()
    ids = [contact.contact_id for contact, _ in members]

    def of(kind: type[Any], *order: Any) -> Sequence[Any]:
        statement = _of(kind, *order)  # type: ignore[arg-type]  # mypy: type[Any] is no Hashable; a class is one
        found: Sequence[Any] = session.exec(statement, params={"ids": ids}).all()
        return found

    return Whole(
        members=members,
        runs=of(TriageRun, col(TriageRun.number)),
        happenings=of(Happening, col(Happening.number)),
        joinings=of(Joining, col(Joining.number)),
        needs={one.contact_id: one for one in of(Need)},
        dues=of(DueTime, col(DueTime.due_on), col(DueTime.due_id)),
        referrals=of(Referral),
    )


class Other(NamedTuple):
    """Another open case, and the municipality it came from."""

    case: Case
    municipality: str


def others(session: Session, case: Case) -> list[Other]:
    """Open cases of the same county and kind of trouble that are the same person's, or nobody's yet."""
    about: dict[str, Any] = {"area": case.area, "trouble_group": case.trouble_group, "case_id": case.case_id}
    if case.person_id is not None:
        about["person_id"] = case.person_id
    return [Other(*row) for row in session.exec(_others(known=case.person_id is not None), params=about)]


@cache
def _others(*, known: bool) -> Any:
    person = col(Case.person_id)
    theirs = (person.is_(None) | (person == bindparam("person_id"))) if known else person.is_(None)
    member = col(Membership.case_id) == col(Case.case_id)
    municipality = (
        select(func.min(Contact.municipality))
        .join(Membership, col(Membership.contact_id) == col(Contact.contact_id))
        .where(member)
        .scalar_subquery()
    )
    return (
        select(Case, municipality)
        .where(
            col(Case.area) == bindparam("area"),
            col(Case.trouble_group) == bindparam("trouble_group"),
            col(Case.case_id) != bindparam("case_id"),
            theirs,
            exists().where(member, col(Membership.closed).is_(None)),
        )
        .order_by(col(Case.begun_at).desc())
        .limit(MOST_OTHERS)
    )


def open_cases(
    session: Session, areas: Collection[str], *, skip: int, count: int
) -> Sequence[tuple[Case, date | None]]:
    """Open cases of some areas with the day by which something is owed soonest; what is owed soonest first."""
    owed = (
        select(DueTime.contact_id, func.min(DueTime.due_on).label("due_on"))
        .where(col(DueTime.kept_at).is_(None), col(DueTime.lifted_at).is_(None))
        .group_by(col(DueTime.contact_id))
        .subquery()
    )
    soonest = func.min(owed.c.due_on)
    statement = (
        select(Case, soonest)
        .join(Membership, col(Membership.case_id) == col(Case.case_id))
        .outerjoin(owed, owed.c.contact_id == col(Membership.contact_id))
        .where(col(Case.area).in_(areas), col(Membership.closed).is_(None))
        .group_by(*_columns(Case))
        .order_by(soonest.is_(None), soonest, col(Case.begun_at), col(Case.case_id))
        .offset(skip)
        .limit(count)
    )
    return session.exec(statement).all()


def _columns(table: type[SQLModel]) -> list[Any]:
    return list(table.__table__.columns)  # type: ignore[attr-defined]  # SQLModel sets it


Members = Sequence[tuple[Membership, Contact]]
"""Contacts and the case each belongs to."""


def going_on(session: Session, case_ids: Collection[UUID]) -> Members:
    """The contacts of some cases that are not over, the newest first."""
    statement = (
        select(Membership, Contact)
        .join(Contact, col(Contact.contact_id) == col(Membership.contact_id))
        .where(col(Membership.case_id).in_(case_ids), col(Membership.closed).is_(None))
        .order_by(col(Contact.opened_at).desc())
    )
    return session.exec(statement).all()


def owed(session: Session, contact_ids: Collection[UUID]) -> Sequence[DueTime]:
    """What is still owed about some contacts, the soonest first."""
    still = (col(DueTime.kept_at).is_(None), col(DueTime.lifted_at).is_(None))
    statement = select(DueTime).where(col(DueTime.contact_id).in_(contact_ids), *still)
    return session.exec(statement.order_by(col(DueTime.due_on), col(DueTime.due_id))).all()
