"""Every statement on counted contacts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, update
from sqlmodel import Session, col, select

from chassis import Viewer
from chassis.db import upsert
from contracts.demand import GetDemand
from contracts.public import ContactCounted, TroubleGroup
from services.intake.demand.domain import MET_HERE, Counted, Spared
from services.intake.demand.models import Demand
from services.intake.store import contact


def count(session: Session, contact_id: UUID, counted: ContactCounted, *, site: str, week: str) -> None:
    """Count a contact that has been decided about. Decided anew it counts once, and what a professional said stays."""
    row = {
        "contact_id": contact_id,
        "area": counted.area,
        "site": site,
        "week": week,
        "origin": counted.origin,
        "reason": counted.trouble,
        "destination": counted.destination,
    }
    insert = upsert(session, Demand).values(row)
    kept = case((col(Demand.recorded_at).is_(None), insert.excluded.reason), else_=col(Demand.reason))
    anew = {"destination": insert.excluded.destination, "reason": kept}
    session.connection().execute(insert.on_conflict_do_update(index_elements=["contact_id"], set_=anew))


def say_why(session: Session, contact_id: UUID, *, code: str | None, now: datetime) -> None:
    """Note that the reason a contact was counted with is a professional's."""
    said = update(Demand).where(col(Demand.contact_id) == contact_id).values(code=code, recorded_at=now)
    session.connection().execute(said)


def counted(session: Session, contact_id: UUID, viewer: Viewer) -> Demand | None:
    """A contact as it is counted; None when it is not the viewer's."""
    return session.get(Demand, contact_id) if contact(session, contact_id, viewer) else None


def cube(session: Session, asked: GetDemand) -> list[Counted]:
    """Contacts of a county by reason, site and week; weeks sort as text."""
    statement = (
        select(Demand.reason, Demand.site, Demand.week, func.count())
        .where(*_asked_for(asked))
        .group_by(Demand.reason, Demand.site, Demand.week)
    )
    rows = session.exec(statement)
    return [Counted(TroubleGroup(reason), site, week, contacts) for reason, site, week, contacts in rows]


def spared(session: Session, asked: GetDemand) -> Spared:
    """Contacts with a code, and those of them that the unit met itself."""
    met = func.count().filter(col(Demand.destination).in_(sorted(MET_HERE)))
    statement = select(func.count(), met).where(*_asked_for(asked), col(Demand.code).is_not(None))
    return Spared(*session.exec(statement).one())


def _asked_for(asked: GetDemand) -> Sequence[bool]:
    door = [Demand.origin == asked.origin] if asked.origin else []
    return [Demand.area == asked.area, Demand.week >= asked.first_week, Demand.week <= asked.last_week, *door]
