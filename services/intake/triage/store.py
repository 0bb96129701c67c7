"""Every statement on triage runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, exists, select
from sqlmodel.sql.expression import SelectOfScalar

from chassis import Viewer
from contracts.intake import Route, TraceStep, TriageMode, TriageOutcome
from contracts.portal import Answer, ContactOpened
from services.intake.models import Contact
from services.intake.store import contact
from services.intake.triage.domain import Triage
from services.intake.triage.models import TriageRun
from services.intake.triage.shadow import Past

AT_ONCE = 1_000
"""Rows in memory while many are read."""


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


def past_cases(session: Session, since: datetime | None) -> Iterator[Past]:
    """The last run of every contact, from a moment on, read bit by bit: there may be many, and codes alone are read.

    Who is still to answer something has no outcome yet that could become another one.
    """
    later = aliased(TriageRun)
    asked = (
        select(TriageRun.contact_id, Contact.trouble, TriageRun.outcome, TriageRun.answers)
        .join(Contact, col(Contact.contact_id) == TriageRun.contact_id)
        .where(~exists().where(col(later.contact_id) == TriageRun.contact_id, col(later.number) > TriageRun.number))
    )
    asked = asked.where(col(Contact.route).is_distinct_from(Route.QUESTIONS))
    if since:
        asked = asked.where(TriageRun.ran_at >= since)
    for contact_id, trouble, outcome, answers in session.exec(asked.execution_options(yield_per=AT_ONCE)):
        yield Past(contact_id, trouble, TriageOutcome(outcome), tuple(Answer(**one) for one in answers))


def add_run(session: Session, fact: ContactOpened, found: Triage, mode: TriageMode, *, now: datetime) -> None:
    """Keep a run beside the earlier ones of the contact."""
    runs = select(func.count()).where(TriageRun.contact_id == fact.contact_id)
    run = TriageRun(
        contact_id=fact.contact_id,
        number=session.exec(runs).one() + 1,
        rules=fact.questionnaire,
        mode=mode,
        answers=[answer.model_dump() for answer in fact.answers],
        outcome=found.outcome,
        flags=list(found.flags),
        trace=[step.model_dump(mode="json") for step in found.trace],
        ran_at=now,
    )
    session.add(run)
