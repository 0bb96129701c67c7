"""What intake answers about reasons and demand."""

from __future__ import annotations

from uuid import UUID

from chassis import Answers, Refused, Role, Transaction
from contracts.areas import Areas
from contracts.demand import DemandView, GetDemand, GetReason, ReasonRecorded, ReasonView, RecordReason
from services.intake.demand import domain, store
from services.intake.demand.domain import Asked
from services.intake.demand.models import Demand
from services.intake.domain import unknown_contact
from services.intake.store import contact

answers = Answers()


@answers(RecordReason)
def record(ask: RecordReason, tx: Transaction) -> ReasonView:
    found = _of_staff(tx, ask.contact_id)
    if found.recorded_at and (found.reason, found.code) == (ask.reason, ask.code):
        return _view(found)
    found.reason, found.code, found.recorded_at = ask.reason, ask.code, tx.now
    tx.audit("change", whom=ask.contact_id, what="reason")
    tx.publish(
        ReasonRecorded(
            area=found.area,
            municipality=_municipality(tx, ask.contact_id),
            contact_id=ask.contact_id,
            reason=ask.reason,
            code=ask.code,
            site=found.site,
            recorded_at=tx.now,
        )
    )
    tx.hint(contact=ask.contact_id)
    return _view(found)


@answers(GetReason)
def reason(ask: GetReason, tx: Transaction) -> ReasonView:
    found = _of_staff(tx, ask.contact_id)
    tx.audit("read", whom=ask.contact_id, what="reason")
    return _view(found)


def _of_staff(tx: Transaction, contact_id: UUID) -> Demand:
    found = store.counted(tx.session, contact_id, tx.viewer) if tx.viewer.role is Role.STAFF else None
    if found is None:
        raise unknown_contact()
    return found


def _municipality(tx: Transaction, contact_id: UUID) -> str:
    known = contact(tx.session, contact_id, tx.viewer, lock=True)
    return known.municipality if known else "000"


def _view(found: Demand) -> ReasonView:
    return ReasonView.model_validate(found.model_dump(include={"contact_id", "reason", "code", "recorded_at"}))


@answers(GetDemand)
def demand(ask: GetDemand, tx: Transaction, areas: Areas) -> DemandView:
    """In full for staff of the county; for other staff without small cells."""
    tx.viewer.must_be_staff()
    if ask.area not in areas:
        raise Refused("unknown-area", "no county of this code is served here")
    domain.must_be_few_weeks(ask.first_week, ask.last_week)
    asked = Asked(ask.area, ask.first_week, ask.last_week, tuple(areas.area(ask.area).every_site))
    cube = store.cube(tx.session, ask)
    if ask.area not in tx.viewer.areas:
        return domain.outside_the_unit(asked, cube)
    return domain.within_the_unit(asked, cube, store.spared(tx.session, ask))
