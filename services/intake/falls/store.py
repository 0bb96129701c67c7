"""Every statement on fall prevention. A contact that is not the viewer's does not exist for the viewer."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from chassis import Role, Transaction
from chassis.calendar import local_date
from contracts.falls import ChooseFallRoute, FallOutcome, FallWaiting, FilledBy, ScreenFallRisk
from services.intake.falls.domain import Measured, Weighed, review_on
from services.intake.falls.models import FallMeasures, FallScreen, FallWay
from services.intake.falls.ruleset import FallRules
from services.intake.models import Contact

MOST_READ = 50
"""Bound on what is read of one person: 25 years of reviews twice a year."""

MOST_LISTED = 100
"""Bound on each list of the desk; the longest waiting come first."""


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


def screens(tx: Transaction, contact_ids: Collection[UUID]) -> list[FallScreen]:
    """Filled forms of some contacts, newest first."""
    theirs = select(FallScreen).where(col(FallScreen.contact_id).in_(contact_ids))
    newest = theirs.order_by(col(FallScreen.screened_at).desc(), col(FallScreen.screen_id))
    return list(tx.session.exec(newest.limit(MOST_READ)))


def last_outcome(tx: Transaction, contact_id: UUID) -> FallOutcome | None:
    """What the last form of a contact led to."""
    last = next(iter(screens(tx, [contact_id])), None)
    return FallOutcome(last.outcome) if last else None


def same_person(tx: Transaction, contact_id: UUID, contact: Contact | None) -> list[UUID]:
    """A contact; for staff also the identified person's other contacts they may see."""
    if contact is None or contact.person_id is None or tx.viewer.role is Role.CLIENT:
        return [contact_id]
    same = tx.session.exec(select(Contact).where(Contact.person_id == contact.person_id))
    return [one.contact_id for one in same if tx.viewer.may_see(one.contact_id, one.area)]


def add_measures(tx: Transaction, contact: Contact, measured: Measured, rules: FallRules) -> FallMeasures:
    """Keep what was measured."""
    row = FallMeasures(
        measures_id=uuid4(),
        contact_id=contact.contact_id,
        tug_hundredths=None if measured.tug_seconds is None else int(measured.tug_seconds * 100),
        berg_points=measured.berg_points,
        berg_band=measured.berg_band,
        sppb_points=measured.sppb_points,
        fsq_items=[one.model_dump() for one in measured.fsq_items],
        fsq_scores=dict(measured.fsq_scores),
        signs=list(measured.signs),
        raised_risk=measured.raised_risk,
        rules=rules.version,
        recorded_by=tx.viewer.id,
        recorded_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()
    return row


def measures(tx: Transaction, contact_ids: Collection[UUID]) -> list[FallMeasures]:
    """What was measured of some contacts, newest first; staff's alone."""
    if tx.viewer.role is Role.CLIENT:
        return []
    theirs = select(FallMeasures).where(col(FallMeasures.contact_id).in_(contact_ids))
    newest = theirs.order_by(col(FallMeasures.recorded_at).desc(), col(FallMeasures.measures_id))
    return list(tx.session.exec(newest.limit(MOST_READ)))


def add_route(tx: Transaction, ask: ChooseFallRoute) -> FallWay:
    """Keep a way onward."""
    row = FallWay(route_id=uuid4(), **ask.model_dump(), chosen_by=tx.viewer.id, chosen_at=tx.now)
    tx.session.add(row)
    tx.session.flush()
    return row


def routes(tx: Transaction, contact_ids: Collection[UUID]) -> list[FallWay]:
    """Ways onward of some contacts, newest first."""
    theirs = select(FallWay).where(col(FallWay.contact_id).in_(contact_ids))
    return list(tx.session.exec(theirs.order_by(col(FallWay.chosen_at).desc(), col(FallWay.route_id)).limit(MOST_READ)))


def is_anything_recorded(tx: Transaction, contact_ids: Collection[UUID]) -> bool:
    """Whether there is a form or a measure of some contacts."""
    return bool(screens(tx, contact_ids) or measures(tx, contact_ids))


_SENT = (FallOutcome.PHYSIOTHERAPIST, FallOutcome.EXTENSIVE_ASSESSMENT)


def to_meet(tx: Transaction) -> tuple[FallWaiting, ...]:
    """Whose last form sent them to somebody, and no way onward was chosen since."""
    last, chosen, theirs = _last_screens(tx), aliased(FallWay), aliased(Contact)
    settled = sa.exists().where(
        col(chosen.contact_id) == col(theirs.contact_id),
        _who(theirs) == last.c.who,
        col(chosen.chosen_at) >= last.c.screened_at,
    )
    return _waiting(tx, sa.select(last).where(last.c.outcome.in_(_SENT), ~settled).order_by(last.c.screened_at))


def to_review(tx: Transaction, today: date) -> tuple[FallWaiting, ...]:
    """Who is due to be screened again."""
    last = _last_screens(tx)
    return _waiting(tx, sa.select(last).where(last.c.review_on <= today).order_by(last.c.review_on))


def _last_screens(tx: Transaction) -> sa.Subquery:
    """The last form of each person whose contact the viewer may see; who has not identified is a person a contact."""
    newest = sa.func.row_number().over(
        partition_by=_who(Contact), order_by=(col(FallScreen.screened_at).desc(), col(FallScreen.screen_id))
    )
    shown = (Contact.contact_id, Contact.area, Contact.municipality, Contact.non_disclosure)
    told = (FallScreen.outcome, FallScreen.screened_at, FallScreen.review_on)
    numbered = (
        sa.select(*map(col, (*shown, *told)), _who(Contact).label("who"), newest.label("place"))
        .join(FallScreen, col(FallScreen.contact_id) == col(Contact.contact_id))
        .where(col(Contact.area).in_(tx.viewer.areas))
        .subquery()
    )
    return sa.select(numbered).where(numbered.c.place == 1).subquery()


def _who(contact: type[Contact]) -> sa.ColumnElement[UUID]:
    return sa.func.coalesce(col(contact.person_id), col(contact.contact_id))


def _waiting(tx: Transaction, rows: sa.Select[Any]) -> tuple[FallWaiting, ...]:
    found = tx.session.connection().execute(rows.limit(MOST_LISTED))
    return tuple(FallWaiting.model_validate(dict(row)) for row in found.mappings())
