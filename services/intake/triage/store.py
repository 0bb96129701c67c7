"""Every statement on triage runs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from chassis import Viewer
from contracts.intake import TriageMode
from contracts.portal import ContactOpened
from services.intake.store import contact
from services.intake.triage.domain import Triage
from services.intake.triage.models import TriageRun


def last_run(session: Session, contact_id: UUID, viewer: Viewer) -> TriageRun | None:
    if contact(session, contact_id, viewer) is None:
        return None
    runs = select(TriageRun).where(TriageRun.contact_id == contact_id).order_by(col(TriageRun.number).desc())
    return session.exec(runs.limit(1)).first()


def add_run(session: Session, fact: ContactOpened, found: Triage, mode: TriageMode, *, now: datetime) -> None:
    run = TriageRun(
        contact_id=fact.contact_id,
        number=1,
        rules=fact.questionnaire,
        mode=mode,
        answers=[answer.model_dump() for answer in fact.answers],
        outcome=found.outcome,
        flags=list(found.flags),
        trace=[step.model_dump(mode="json") for step in found.trace],
        ran_at=now,
    )
    session.add(run)
