"""Every statement of the feedback service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, update
from sqlmodel import Session, col, select

from chassis import Role, Viewer
from chassis.db import upsert
from services.feedback.models import Answer, Invitation

_COLUMNS = [col(getattr(Answer, name)) for name in Answer.model_fields]


def invite(session: Session, invitation: Invitation) -> bool:
    """Keep an invitation; returns whether it is the first for its cause."""
    statement = upsert(session, Invitation).values(invitation.model_dump()).on_conflict_do_nothing()
    return session.connection().execute(statement.returning(col(Invitation.invitation_id))).first() is not None


def invitations(session: Session, contact_id: UUID, viewer: Viewer) -> Sequence[Invitation]:
    """A contact's invitations, newest first. There for that contact alone: staff need not know who answered."""
    if viewer.role is not Role.CLIENT or viewer.id != contact_id:
        return []
    newest = col(Invitation.invited_at).desc()
    return session.exec(select(Invitation).where(Invitation.contact_id == contact_id).order_by(newest)).all()


def mark_answered(session: Session, invitation_id: UUID) -> bool:
    """Use an invitation up; returns False when it was used already."""
    unused = (col(Invitation.invitation_id) == invitation_id, col(Invitation.answered).is_(False))
    statement = update(Invitation).where(*unused).values(answered=True)
    return session.connection().execute(statement.returning(col(Invitation.invitation_id))).first() is not None


def add_answer(session: Session, answer: Answer) -> None:
    session.connection().execute(insert(Answer), answer.model_dump())


def take_untold(session: Session, given_until: date) -> Sequence[Answer]:
    """Mark the answers of finished days as told and give them back, in an order that says nothing.

    They are written anew, ordered by their random ids: otherwise PostgreSQL's row order and transaction numbers would
    still show which invitation was used up together with which answer. What is deleted is what comes back, in one
    statement: an answer that is stored meanwhile waits for the next run.
    """
    due = (col(Answer.told).is_(False), col(Answer.given_on) <= given_until)
    taken = session.connection().execute(delete(Answer).where(*due).returning(*_COLUMNS)).mappings().all()
    rows = [Answer(**{**row, "told": True}) for row in sorted(taken, key=itemgetter("answer_id"))]
    if rows:
        session.connection().execute(insert(Answer), [row.model_dump() for row in rows])
    return rows


def asked(session: Session, area: str, since: datetime | None) -> int:
    """How many invitations an area has sent out."""
    statement = select(func.count()).select_from(Invitation).where(Invitation.area == area)
    if since:
        statement = statement.where(Invitation.invited_at >= since)
    return session.exec(statement).one()


def counts(session: Session, area: str, since: date | None) -> Sequence[tuple[int, bool | None, int]]:
    """How often each pair of score and usefulness was given in an area."""
    pair = (col(Answer.recommend), col(Answer.useful))
    statement = select(*pair, func.count()).where(*_given(area, since)).group_by(*pair)
    return session.exec(statement).all()


def texts(session: Session, area: str, since: date | None, limit: int) -> Sequence[Answer]:
    """Told answers with a free text, newest day first and within a day in random order.

    A text waits until its day is over: shown at once, its moment would name the writer to the therapist.
    """
    newest = (col(Answer.given_on).desc(), col(Answer.answer_id))
    shown = (*_given(area, since), Answer.text != "", col(Answer.told).is_(True))
    statement = select(Answer).where(*shown).order_by(*newest).limit(limit)
    return session.exec(statement).all()


def _given(area: str, since: date | None) -> list[Any]:
    return [col(Answer.area) == area, *([col(Answer.given_on) >= since] if since else [])]
