"""Every statement on contacts. A contact that is not the viewer's does not exist for the viewer."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from chassis import Viewer
from contracts.intake import ContactState
from contracts.portal import ContactOpened
from services.intake.domain import Declined, Routed
from services.intake.models import Contact


def contact(session: Session, contact_id: UUID, viewer: Viewer) -> Contact | None:
    found = session.get(Contact, contact_id)
    return found if found and viewer.may_see(found.contact_id, found.area) else None


def add_contact(session: Session, fact: ContactOpened, decision: Routed | Declined, *, now: datetime) -> None:
    told = {"contact_id", "area", "municipality", "origin", "language", "trouble", "age_band", "opened_at"}
    contact = Contact(**fact.model_dump(include=told), **_outcome(decision), decided_at=now)
    session.add(contact)
    session.flush()


def _outcome(decision: Routed | Declined) -> dict[str, Any]:
    if isinstance(decision, Declined):
        return {"state": ContactState.DECLINED, "route": None, "reasons": [], "declined": decision.reason}
    reasons = list(decision.reasons)
    return {"state": ContactState.ROUTED, "route": decision.route, "reasons": reasons, "declined": None}
