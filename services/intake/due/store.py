"""Every statement on due times. Who changes one has locked its row, so that each is told once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from chassis.db import upsert
from contracts.due import CorrectionReason, DueKind
from contracts.portal import PromiseKind
from services.intake.due.domain import Term, stricter
from services.intake.due.models import DueTime, Need
from services.intake.models import Contact

_FRESH = {"populate_existing": True}
"""Believe the database, not what this session read before."""

SWEPT = 200
"""Due times that one transaction of the clock tells of."""


class Owed(NamedTuple):
    """A due time and the contact it belongs to."""

    due: DueTime
    contact: Contact


def add_need(session: Session, contact_id: UUID, kind: PromiseKind) -> None:
    """Remember what a contact needs first; the first one stays."""
    row = {"contact_id": contact_id, "kind": kind.value}
    session.connection().execute(upsert(session, Need).values(row).on_conflict_do_nothing())


def need(session: Session, contact_id: UUID) -> PromiseKind:
    """What a contact needs first; advice where nobody has asked."""
    found = session.get(Need, contact_id)
    return PromiseKind(found.kind) if found else PromiseKind.ADVICE


def need_at_least(session: Session, contact_id: UUID, told: PromiseKind) -> PromiseKind:
    """What a contact needs first, now that the person has been asked again: the stricter of both answers."""
    add_need(session, contact_id, told)
    kind = stricter(need(session, contact_id), told)
    softer = (col(Need.contact_id) == contact_id, col(Need.kind) != kind.value)
    session.connection().execute(update(Need).where(*softer).values(kind=kind.value))
    session.expire_all()
    return kind


def correct_need(
    session: Session, contact_id: UUID, kind: PromiseKind, reason: CorrectionReason, *, by: UUID, at: datetime
) -> None:
    """A professional knows better."""
    said = {"kind": kind.value, "corrected": reason.value, "corrected_by": by, "corrected_at": at}
    statement = upsert(session, Need).values({"contact_id": contact_id, **said})
    session.connection().execute(statement.on_conflict_do_update(index_elements=["contact_id"], set_=said))
    session.expire_all()


def owe(
    session: Session,
    contact_id: UUID,
    due_id: UUID,
    term: Term,
    *,
    at: datetime,
    of_call: bool = False,
    corrected: CorrectionReason | None = None,
) -> bool:
    """Store what is owed, or that what was lifted binds again; False when it is owed or was kept already."""
    said: dict[str, Any] = {
        "kind": term.kind.value, "since": term.since, "due_on": term.due_on, "warn_on": term.warn_on, "set_at": at,
        "corrected": corrected.value if corrected else None, "next_at": term.next_at,
    }  # fmt: skip
    insert = upsert(session, DueTime).values({"due_id": due_id, "contact_id": contact_id, "of_call": of_call, **said})
    again = insert.on_conflict_do_update(
        index_elements=["due_id"],
        set_=said | {"lifted_at": None, "warned_at": None, "missed_at": None},
        where=col(DueTime.lifted_at).is_not(None),
    )
    return session.connection().execute(again.returning(col(DueTime.due_id))).first() is not None


def owe_anew(session: Session, due: DueTime, term: Term, corrected: CorrectionReason, *, at: datetime) -> None:
    """Something that is locked is owed by another day than before; it can be warned of and missed anew."""
    change(
        session, due, kind=term.kind.value, due_on=term.due_on, warn_on=term.warn_on, set_at=at,
        corrected=corrected.value, next_at=term.next_at, warned_at=None, missed_at=None,
    )  # fmt: skip


def owed(session: Session, contact_id: UUID, *which: Any) -> Sequence[DueTime]:
    """What is still owed about a contact, locked."""
    still = (DueTime.contact_id == contact_id, col(DueTime.kept_at).is_(None), col(DueTime.lifted_at).is_(None))
    statement = select(DueTime).where(*still, *which).order_by(col(DueTime.due_id)).with_for_update()
    return session.exec(statement, execution_options=_FRESH).all()


def owed_of(session: Session, contact_id: UUID, kinds: Collection[DueKind], *, of_call: bool) -> Sequence[DueTime]:
    """What is still owed about a contact, of some kinds, by a promised call or not."""
    wanted = col(DueTime.kind).in_([kind.value for kind in kinds])
    return owed(session, contact_id, wanted, DueTime.of_call == of_call)


def owed_by_call(session: Session, contact_id: UUID, callback_id: UUID) -> Sequence[DueTime]:
    """What a promised call still owes."""
    return owed(session, contact_id, DueTime.due_id == callback_id)


def met_at(session: Session, contact_id: UUID) -> datetime | None:
    """When a contact was first met as its first due time asks for."""
    kept = (
        DueTime.contact_id == contact_id, DueTime.kind != DueKind.TREATMENT.value, col(DueTime.kept_at).is_not(None),
    )  # fmt: skip
    return session.exec(select(DueTime.kept_at).where(*kept).order_by(col(DueTime.kept_at))).first()


def to_tell(session: Session, now: datetime) -> Sequence[Owed]:
    """Due times of which the clock has something to tell, locked with their contacts, in one statement.

    Those another process is at are left to it: the next round takes them.
    """
    statement = (
        select(DueTime, Contact)
        .join(Contact, col(Contact.contact_id) == col(DueTime.contact_id))
        .where(col(DueTime.next_at) < now)
        .order_by(col(DueTime.next_at))
        .limit(SWEPT)
        .with_for_update(of=(DueTime, Contact), skip_locked=True)
    )
    return [Owed(*row) for row in session.exec(statement, execution_options=_FRESH)]


def change(session: Session, due: DueTime, **values: Any) -> None:
    """Change a due time that is locked."""
    statement = update(DueTime).where(col(DueTime.due_id) == due.due_id).values(**values)
    session.connection().execute(statement)
