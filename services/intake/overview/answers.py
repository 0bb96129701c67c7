"""What intake answers about a case as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from chassis import Answers, Transaction
from contracts.cases import CaseInBrief
from contracts.overview import (
    MOST_CASES,
    CaseContact,
    CaseDue,
    CasesView,
    CaseView,
    GetCase,
    GetCases,
    OpenCase,
    OtherCase,
    Step,
    TimelineStep,
)
from services.intake.cases.models import Case, Joining, Membership
from services.intake.cases.store import place
from services.intake.domain import unknown_contact
from services.intake.due.models import DueTime
from services.intake.models import Contact
from services.intake.overview import domain, store
from services.intake.overview.store import Whole
from services.intake.triage.answers import view_of
from services.intake.triage.questionnaire import Questionnaires

answers = Answers()
_ORDER = tuple(Step)


@answers(GetCase)
def case(ask: GetCase, tx: Transaction, questionnaires: Questionnaires) -> CaseView:
    tx.viewer.must_be_staff()
    found = place(tx.session, ask.contact_id, tx.viewer)
    if found is None:
        raise unknown_contact()
    whole = store.whole(tx.session, found.case.case_id)
    for contact, _ in whole.members:
        tx.audit("read", whom=contact.contact_id, what="case")
    return _view(tx, found.case, whole, questionnaires)


def _view(tx: Transaction, of: Case, whole: Whole, questionnaires: Questionnaires) -> CaseView:
    due = [_due(one, tx.now) for one in whole.dues]
    return CaseView(
        case_id=of.case_id,
        area=of.area,
        trouble=of.trouble,
        begun_at=of.begun_at,
        open=any(member.closed is None for _, member in whole.members),
        identified=next((one.contact_id for one, _ in reversed(whole.members) if one.identified_at), None),
        contacts=tuple(_contact(*one, whole, questionnaires) for one in whole.members),
        due=tuple(sorted(due, key=lambda one: (one.state in domain.OVER, one.due_on))),
        timeline=tuple(sorted(_timeline(whole), key=lambda one: (one.at, _ORDER.index(one.step)))),
        others=tuple(_other(one, of) for one in store.others(tx.session, of)),
    )


def _contact(contact: Contact, member: Membership, whole: Whole, questionnaires: Questionnaires) -> CaseContact:
    runs = [run for run in whole.runs if run.contact_id == contact.contact_id]
    need = whole.needs.get(contact.contact_id)
    return CaseContact.model_validate(
        {
            "contact": view_of(contact, runs[-1] if runs else None, questionnaires, traced=True),
            "need": need.kind if need else None,
            "closed": member.closed,
            "joined": any(one.contact_id == contact.contact_id and one.parted is None for one in whole.joinings),
        }
    )


def _due(due: DueTime, now: datetime) -> CaseDue:
    return CaseDue.model_validate({**due.model_dump(), "state": domain.state_of(due, now)})


def _other(other: store.Other, of: Case) -> OtherCase:
    case = other.case
    return OtherCase(
        case=CaseInBrief(case_id=case.case_id, trouble=case.trouble, begun_at=case.begun_at, open=True),
        municipality=other.municipality,
        same_person=case.person_id is not None and case.person_id == of.person_id,
    )


def _timeline(whole: Whole) -> Iterator[TimelineStep]:
    """Everything that has a moment, in no order."""
    for contact, member in whole.members:
        yield from _of_contact(contact, member)
    for run in whole.runs:
        yield _step(run.contact_id, Step.TRIAGED, run.ran_at, run.outcome)
    for one in whole.happenings:
        happened = _step(one.contact_id, Step(one.what), one.at)
        yield happened.model_copy(update={"starts_at": one.starts_at})
    for joining in whole.joinings:
        yield from _of_joining(joining)
    for need in whole.needs.values():
        if need.corrected_at:
            yield _step(need.contact_id, Step.CORRECTED, need.corrected_at, need.corrected)
    for due in whole.dues:
        yield from _of_due(due)
    for referral in whole.referrals:
        yield _step(referral.contact_id, Step.REFERRED, referral.sent_at, referral.kind)
        if referral.changed_at > referral.sent_at:
            yield _step(referral.contact_id, Step.REFERRAL_CHANGED, referral.changed_at, referral.status)


def _of_contact(contact: Contact, member: Membership) -> Iterator[TimelineStep]:
    yield _step(contact.contact_id, Step.OPENED, contact.opened_at, contact.origin)
    if contact.declined:
        yield _step(contact.contact_id, Step.DECLINED, contact.decided_at, contact.declined)
    else:
        yield _step(contact.contact_id, Step.ROUTED, contact.decided_at, contact.route)
    if contact.identified_at:
        yield _step(contact.contact_id, Step.IDENTIFIED, contact.identified_at)
    if member.closed_at:
        yield _step(contact.contact_id, Step.CLOSED, member.closed_at, member.closed)


def _of_joining(joining: Joining) -> Iterator[TimelineStep]:
    yield _step(joining.contact_id, Step.JOINED, joining.joined_at, joining.ground)
    if joining.parted_at:
        yield _step(joining.contact_id, Step.PARTED, joining.parted_at, joining.parted)


def _of_due(due: DueTime) -> Iterator[TimelineStep]:
    told = (
        (Step.DUE_SET, due.set_at),
        (Step.DUE_WARNED, due.warned_at),
        (Step.DUE_MISSED, due.missed_at),
        (Step.DUE_KEPT, due.kept_at),
        (Step.DUE_LIFTED, due.lifted_at),
    )
    for step, at in told:
        if at:
            yield _step(due.contact_id, step, at, due.kind).model_copy(update={"due_on": due.due_on})


def _step(contact_id: UUID, step: Step, at: datetime, detail: str | None = None) -> TimelineStep:
    return TimelineStep(at=at, contact_id=contact_id, step=step, detail=detail)


@answers(GetCases)
def cases(ask: GetCases, tx: Transaction) -> CasesView:
    tx.viewer.must_be_staff()
    skip = (ask.page - 1) * MOST_CASES
    found = store.open_cases(tx.session, tx.viewer.areas, skip=skip, count=MOST_CASES + 1)
    shown = [case for case, _ in found[:MOST_CASES]]
    members = store.going_on(tx.session, [case.case_id for case in shown])
    soonest: dict[UUID, DueTime] = {}
    for due in store.owed(tx.session, [contact.contact_id for _, contact in members]):
        soonest.setdefault(due.contact_id, due)
    for _, contact in members:
        tx.audit("read", whom=contact.contact_id, what="case list")
    return CasesView(cases=tuple(_row(one, members, soonest, tx.now) for one in shown), more=len(found) > MOST_CASES)


def _row(case: Case, members: store.Members, soonest: dict[UUID, DueTime], now: datetime) -> OpenCase:
    contacts = [contact for member, contact in members if member.case_id == case.case_id]
    due = [soonest[one.contact_id] for one in contacts if one.contact_id in soonest]
    first = min(due, key=lambda one: one.due_on, default=None)
    return OpenCase(
        case_id=case.case_id,
        contact_id=contacts[0].contact_id,
        area=case.area,
        municipality=contacts[0].municipality,
        trouble=case.trouble,
        begun_at=case.begun_at,
        contacts=len(contacts),
        identified=case.person_id is not None,
        non_disclosure=contacts[0].non_disclosure,
        due=_due(first, now) if first else None,
    )
