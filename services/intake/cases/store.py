"""Every statement on cases and on which contact belongs to which.

Who moves a contact locks it first, then the cases in the order of their ids, and decides on what is true then. That a
case is one person's is a condition of the UPDATE that claims it, so it holds whatever runs beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import exists, insert, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from chassis import Viewer
from contracts.cases import Ending, Happened, JoinedBy, JoinGround, PartReason
from contracts.public import TroubleGroup
from services.intake.cases.models import Case, Happening, Joining, Membership
from services.intake.identity.models import Person
from services.intake.models import Contact

_FRESH = {"populate_existing": True}
"""Believe the database, not what this session read before."""

NEVER_TAKEN = (Ending.DECLINED, Ending.ELSEWHERE)
"""Why a contact was over the moment it began: there is nothing of it to go on with."""


SWEPT = 200
"""Contacts that one transaction of the clock looks at."""

MOST_EARLIER = 20
"""Earlier cases looked at; the newest come first."""


class Place(NamedTuple):
    """Where a contact stands."""

    contact: Contact
    member: Membership
    case: Case


def begin(session: Session, contact_id: UUID, *, group: TroubleGroup, over: Ending | None) -> None:
    """A contact that has been decided about begins a case of its own.

    Args:
        session: in which the contact was stored.
        contact_id: what began it.
        group: of its trouble.
        over: why there is nothing for the unit to do about it; None while it goes on.
    """
    contact = session.get_one(Contact, contact_id)
    case_id = _new_case(session, contact, group)
    at = contact.decided_at
    member = Membership(contact_id=contact_id, case_id=case_id, closed=over)
    member.closed_at, member.quiet_since = (at, None) if over else (None, at)
    session.add(member)
    session.flush()


def _new_case(session: Session, contact: Contact, group: str) -> UUID:
    case = Case(
        case_id=uuid4(),
        area=contact.area,
        trouble=contact.trouble,
        trouble_group=group,
        person_id=contact.person_id,
        begun_at=contact.opened_at,
    )
    session.add(case)
    session.flush()
    return case.case_id


def place(session: Session, contact_id: UUID, viewer: Viewer, *, lock: bool = False) -> Place | None:
    """Where a contact stands; None when it is not the viewer's. With `lock` nobody moves or identifies it meanwhile."""
    if lock:
        session.exec(select(Contact.contact_id).where(Contact.contact_id == contact_id).with_for_update())
    row = session.exec(_places().where(Contact.contact_id == contact_id), execution_options=_FRESH).first()
    return Place(*row) if row and viewer.may_see(row[0].contact_id, row[0].area) else None


def held(session: Session, contact_id: UUID, viewer: Viewer) -> Place | None:
    """Where a contact stands, which nobody changes until the commit: for whoever changes whose it is, or where.

    Its person is held before it, so that two who change contacts of one person never wait for each other.
    """
    hold_person(session, contact_id)
    return place(session, contact_id, viewer, lock=True)


def hold_person(session: Session, contact_id: UUID) -> UUID | None:
    """Hold the person a contact is of, by identity or by its case; None while nobody is known.

    Whoever locks the contact as well does this first.
    """
    of_case = select(Case.person_id).join(Membership).where(Membership.contact_id == contact_id)
    own = session.exec(select(Contact.person_id).where(Contact.contact_id == contact_id)).first()
    person_id = own or session.exec(of_case).first()
    if person_id is not None:
        session.exec(select(Person.person_id).where(Person.person_id == person_id).with_for_update()).first()
    return person_id


def _places() -> Select[Contact, Membership, Case]:
    return (
        select(Contact, Membership, Case)
        .join(Membership, col(Membership.contact_id) == col(Contact.contact_id))
        .join(Case, col(Case.case_id) == col(Membership.case_id))
    )  # fmt: skip


def case(session: Session, case_id: UUID, viewer: Viewer) -> Case | None:
    """A case that has a contact the viewer may see."""
    statement = _places().where(Membership.case_id == case_id).limit(1)
    row = session.exec(statement, execution_options=_FRESH).first()
    return row[2] if row and viewer.may_see(row[0].contact_id, row[0].area) else None


def earlier(
    session: Session, of: Place, *, in_session: Collection[UUID] = (), since: datetime
) -> Sequence[tuple[Case, bool]]:
    """Cases that a contact could go on with, the newest first, and whether each is still open.

    Of the same county, begun before the contact, going on or over since `since`: the same person's, and those with a
    contact of the same browser session that are nobody else's. None in which somebody acts for a client: the browser is
    theirs, the matter is not. That two are about one trouble is for the rules to say.
    """
    member = col(Membership.case_id) == col(Case.case_id)
    member_of = col(Membership.contact_id) == col(Contact.contact_id)
    person = of.contact.person_id if of.contact.identified_at else None  # as a professional has sent them, say
    going_on = col(Membership.closed).is_(None)
    lately = (col(Membership.closed_at) >= since) & col(Membership.closed).not_in(NEVER_TAKEN)
    mine: Any = exists().where(member, col(Membership.contact_id).in_(list(in_session)))
    if person is not None:
        theirs = col(Case.person_id) == person
        mine = theirs | (mine & col(Case.person_id).is_(None))
    statement = (
        select(Case, exists().where(member, going_on))
        .where(
            Case.area == of.contact.area,
            Case.case_id != of.case.case_id,
            Case.begun_at < of.contact.opened_at,
            mine,
            exists().where(member, going_on | lately),
            ~exists().where(member, member_of, col(Contact.on_behalf).is_not(None)),
        )
        .order_by(col(Case.begun_at).desc())
        .limit(MOST_EARLIER)
    )
    return session.exec(statement).all()


def last_joining(session: Session, contact_id: UUID) -> Joining | None:
    """The joining of a contact that holds, the latest one."""
    holding = (Joining.contact_id == contact_id, col(Joining.parted).is_(None))
    return session.exec(select(Joining).where(*holding).order_by(col(Joining.number).desc())).first()


def lock_cases(session: Session, *case_ids: UUID) -> None:
    """Nobody else moves contacts in or out of these cases; in one order for everybody, so that two never deadlock."""
    statement = select(Case.case_id).where(col(Case.case_id).in_(case_ids)).order_by(col(Case.case_id))
    session.exec(statement.with_for_update()).all()


def claim(session: Session, case_id: UUID, person_id: UUID | None) -> bool:
    """Make a case a person's; False when it is another person's. Nobody (None) fits every case."""
    if person_id is None:
        return True
    free = col(Case.person_id).is_(None) | (col(Case.person_id) == person_id)
    statement = update(Case).where(col(Case.case_id) == case_id, free).values(person_id=person_id)
    return session.connection().execute(statement.returning(col(Case.case_id))).first() is not None


def is_shared(session: Session, of: Place, person_id: UUID) -> bool:
    """Whether another contact of a case is of somebody else than this person."""
    others = (Membership.case_id == of.case.case_id, Membership.contact_id != of.contact.contact_id)
    statement = (
        select(Contact.contact_id)
        .join(Membership, col(Membership.contact_id) == col(Contact.contact_id))
        .where(*others, col(Contact.person_id) != person_id)
        .limit(1)
    )
    return session.exec(statement).first() is not None


def give(session: Session, case_id: UUID, person_id: UUID) -> None:
    """A case is another person's: nobody else has a contact in it."""
    session.connection().execute(update(Case).where(col(Case.case_id) == case_id).values(person_id=person_id))


def join(
    session: Session, of: Place, case_id: UUID, *, by: JoinedBy, by_id: UUID, ground: JoinGround, at: datetime
) -> None:
    """Move a contact into another case and remember where it was. The case was claimed for its person before."""
    joining = {
        "contact_id": of.contact.contact_id, "from_case_id": of.case.case_id, "case_id": case_id,
        "by": by.value, "by_id": by_id, "ground": ground.value, "joined_at": at,
    }  # fmt: skip
    session.connection().execute(insert(Joining), joining)
    _move(session, of, case_id)


def part(session: Session, of: Place, joining: Joining, reason: PartReason, *, at: datetime) -> UUID:
    """Undo a joining: the contact is in the case it came from, or in a new one when that is another person's by now."""
    back = joining.from_case_id
    if not claim(session, back, of.contact.person_id):
        back = _new_case(session, of.contact, of.case.trouble_group)
    undone = update(Joining).where(col(Joining.number) == joining.number)
    session.connection().execute(undone.values(parted=reason.value, parted_at=at))
    _move(session, of, back)
    return back


def part_for_good(session: Session, of: Place, *, at: datetime) -> UUID:
    """The contact is another person's than its case: it begins a new one, and no joining of it holds any more."""
    alone = _new_case(session, of.contact, of.case.trouble_group)
    holding = (col(Joining.contact_id) == of.contact.contact_id, col(Joining.parted).is_(None))
    undone = update(Joining).where(*holding).values(parted=PartReason.OTHER_PERSON.value, parted_at=at)
    session.connection().execute(undone)
    _move(session, of, alone)
    return alone


def close(session: Session, contact_id: UUID, why: Ending, *, at: datetime) -> bool:
    """A contact is over; False when it was before."""
    going_on = (col(Membership.contact_id) == contact_id, col(Membership.closed).is_(None))
    statement = update(Membership).where(*going_on).values(closed=why.value, closed_at=at, quiet_since=None)
    return session.connection().execute(statement.returning(col(Membership.contact_id))).first() is not None


def go_on(session: Session, contact_id: UUID, *, quiet_since: datetime | None) -> None:
    """A contact is not over, whatever was said before."""
    mine = col(Membership.contact_id) == contact_id
    values = {"closed": None, "closed_at": None, "quiet_since": quiet_since}
    session.connection().execute(update(Membership).where(mine).values(values))


def quiet(session: Session, before: datetime) -> Sequence[UUID]:
    """Contacts about which nothing has been going on since before a moment, longest first; a batch of them."""
    statement = select(Membership.contact_id).where(col(Membership.quiet_since) < before)
    return session.exec(statement.order_by(col(Membership.quiet_since)).limit(SWEPT)).all()


def note(session: Session, happening: Happening) -> None:
    """Keep what was told of a contact."""
    session.connection().execute(insert(Happening), happening.model_dump(exclude={"number"}))


def happenings(session: Session, *contact_ids: UUID) -> Sequence[Happening]:
    """What was told of contacts, in the order it happened."""
    mine = col(Happening.contact_id).in_(contact_ids)
    return session.exec(select(Happening).where(mine).order_by(col(Happening.at), col(Happening.number))).all()


def ended(session: Session, contact_id: UUID, about_id: UUID) -> datetime | None:
    """When a promised call of a contact reached the person, as far as it was heard."""
    mine = (Happening.contact_id == contact_id, Happening.about_id == about_id)
    return session.exec(select(Happening.at).where(*mine, Happening.what == Happened.CALL_KEPT)).first()


def settle(session: Session, contact_id: UUID) -> None:
    """Somebody has said which case a contact belongs to."""
    session.connection().execute(
        update(Membership).where(col(Membership.contact_id) == contact_id).values(settled=True)
    )


def _move(session: Session, of: Place, case_id: UUID) -> None:
    moved = update(Membership).where(col(Membership.contact_id) == of.contact.contact_id)
    session.connection().execute(moved.values(case_id=case_id, settled=True))
    left = col(Case.case_id) == of.case.case_id
    person = (
        select(Contact.person_id)
        .join(Membership, col(Membership.contact_id) == col(Contact.contact_id))
        .where(Membership.case_id == of.case.case_id, col(Contact.person_id).is_not(None))
        .limit(1)
    )
    session.connection().execute(update(Case).where(left).values(person_id=person.scalar_subquery()))
