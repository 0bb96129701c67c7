"""Every statement on fall prevention. A contact that is not the viewer's does not exist for the viewer."""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlmodel import col, select

from chassis import Role, Transaction
from chassis.calendar import local_date
from contracts.falls import FallOutcome, FilledBy, ScreenFallRisk
from services.intake.falls.domain import Weighed, review_on
from services.intake.falls.models import FallScreen
from services.intake.falls.ruleset import FallRules
from services.intake.models import Contact

MOST_READ = 50
"""Bound on what is read of one person: 25 years of reviews twice a year."""


def add_screen(
    tx: Transaction, ask: ScreenFallRisk, weighed: Weighed, rules: FallRules, *, area: str, municipality: str
) -> FallScreen:
    """Keep a filled form and how it was weighed."""
    by_staff = tx.viewer.role is Role.STAFF
    screen = FallScreen(
        screen_id=uuid4(),
        contact_id=ask.contact_id,
        area=area,
        municipality=municipality,
        form=ask.form,
        filled_by=FilledBy.STAFF if by_staff else FilledBy.RESIDENT,
        source=ask.source,
        answers=[one.model_dump() for one in ask.answers],
        score=weighed.score,
        threshold=weighed.threshold,
        held={str(code): holds for code, holds in weighed.held.items()},
        outcome=weighed.outcome,
        rule=weighed.rule,
        rules=rules.version,
        screened_by=tx.viewer.id if by_staff else None,
        screened_at=tx.now,
        review_on=review_on(local_date(tx.now), months=rules.review_after_months),
    )
    tx.session.add(screen)
    tx.session.flush()
    return screen


def screens(tx: Transaction, contact_id: UUID, contact: Contact | None) -> list[FallScreen]:
    """Filled forms, newest first: of a contact; for staff also of the person's other contacts they may see."""
    theirs = select(FallScreen).where(col(FallScreen.contact_id).in_(_same_person(tx, contact_id, contact)))
    newest = theirs.order_by(col(FallScreen.screened_at).desc(), col(FallScreen.screen_id))
    return list(tx.session.exec(newest.limit(MOST_READ)))


def last_outcome(tx: Transaction, contact_id: UUID) -> FallOutcome | None:
    """What the last form of a contact led to."""
    last = next(iter(screens(tx, contact_id, None)), None)
    return FallOutcome(last.outcome) if last else None


def _same_person(tx: Transaction, contact_id: UUID, contact: Contact | None) -> list[UUID]:
    if contact is None or contact.person_id is None or tx.viewer.role is Role.CLIENT:
        return [contact_id]
    same = tx.session.exec(select(Contact).where(Contact.person_id == contact.person_id))
    return [one.contact_id for one in same if tx.viewer.may_see(one.contact_id, one.area)]
