"""Every statement on triage runs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from chassis import Viewer
from contracts.intake import TraceStep, TriageMode, TriageOutcome
from contracts.portal import ContactOpened
from services.intake.store import contact
from services.intake.triage.domain import Triage
from services.intake.triage.models import TriageRun


def last_run(session: Session, contact_id: UUID, viewer: Viewer) -> TriageRun | None:
    if contact(session, contact_id, viewer) is None:
        return None
    return session.exec(_runs(contact_id)).first()


def found_of(session: Session, contact_id: UUID) -> Triage:
    """What the rules made of the answers of a contact that a red flag has sent elsewhere."""
    run = session.exec(_runs(contact_id)).one()
    steps = tuple(TraceStep.model_validate(step) for step in run.trace or ())
    return Triage(TriageOutcome(run.outcome), tuple(run.flags), not_ours=False, trace=steps)


def _runs(contact_id: UUID) -> SelectOfScalar[TriageRun]:
    runs = select(TriageRun).where(TriageRun.contact_id == contact_id)
    return runs.order_by(col(TriageRun.number).desc()).limit(1)


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
