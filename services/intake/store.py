"""Every statement on contacts. A contact that is not the viewer's does not exist for the viewer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col

from chassis import Viewer
from contracts.intake import ContactState, DeclineReason, Route, RouteReason
from contracts.portal import ContactOpened
from services.intake.domain import Declined, Routed
from services.intake.models import Contact


def contact(session: Session, contact_id: UUID, viewer: Viewer, *, lock: bool = False) -> Contact | None:
    """A contact of the viewer's. With `lock` it stands still until the commit: for whoever tells or keeps its place.

    Whoever locks a person too does so before their contacts, and cases after these: so two never wait for each other.
    """
    found = session.get(Contact, contact_id, with_for_update=True if lock else None, populate_existing=lock)
    return found if found and viewer.may_see(found.contact_id, found.area) else None


def add_contact(
    session: Session, fact: ContactOpened, decision: Routed | Declined, *, summary: str | None, now: datetime
) -> None:
    told = {
        *("contact_id", "area", "municipality", "origin", "language", "trouble", "age_band", "opened_at"),
        *("on_behalf", "interpreter"),
    }
    contact = Contact(**fact.model_dump(include=told), **_outcome(decision), summary=summary, decided_at=now)
    session.add(contact)
    session.flush()


def answered(session: Session, contact_id: UUID, decision: Routed | Declined, *, now: datetime) -> bool:
    """Decide anew about a contact that waits for answers; False when it waits for none, or no more."""
    waiting = (col(Contact.state) == ContactState.ROUTED, col(Contact.route) == Route.QUESTIONS)
    statement = update(Contact).where(col(Contact.contact_id) == contact_id, *waiting)
    decided = statement.values(**_outcome(decision), decided_at=now).returning(col(Contact.contact_id))
    return session.connection().execute(decided).first() is not None


def decline(session: Session, contact_id: UUID, reason: DeclineReason) -> bool:
    """Decline a contact that was routed before; False when it has been declined or identified meanwhile."""
    still = (col(Contact.state) == ContactState.ROUTED, col(Contact.person_id).is_(None))
    statement = update(Contact).where(col(Contact.contact_id) == contact_id, *still).values(declined(reason))
    return session.connection().execute(statement.returning(col(Contact.contact_id))).first() is not None


def go_on(session: Session, decided_on: Contact, decision: Routed, *, now: datetime) -> bool:
    """Send a contact another way; False when somebody else has done so meanwhile."""
    statement = (
        update(Contact)
        .where(col(Contact.contact_id) == decided_on.contact_id, col(Contact.route) == decided_on.route)
        .values(**_outcome(decision), decided_at=now)
        .returning(col(Contact.contact_id))
    )
    return session.connection().execute(statement).first() is not None


def send(session: Session, decided_on: Contact, route: Route, reasons: Sequence[RouteReason], *, now: datetime) -> bool:
    """Send a contact another way, whatever its answers; False when somebody else has done so meanwhile."""
    still = (col(Contact.contact_id) == decided_on.contact_id, col(Contact.route) == decided_on.route)
    another = {"route": route, "reasons": list(reasons), "decided_at": now}
    sent = update(Contact).where(*still).values(another).returning(col(Contact.contact_id))
    return session.exec(sent).first() is not None


def _outcome(decision: Routed | Declined) -> dict[str, Any]:
    if isinstance(decision, Declined):
        return declined(decision.reason)
    way = {"route": decision.route, "reasons": list(decision.reasons), "alert": decision.alert}
    return {"state": ContactState.ROUTED, "declined": None} | way


def declined(reason: DeclineReason) -> dict[str, Any]:
    """What a contact is that the unit does not take."""
    return {"state": ContactState.DECLINED, "route": None, "reasons": [], "alert": None, "declined": reason}
