"""What becomes of a case when something is learnt of its contacts: plain functions that handlers call."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import Transaction
from contracts.areas import Area, Areas
from contracts.callbacks import CallbackPromised
from contracts.cases import ContactClosed, ContactParted, ContactReopened, Ending, Happened, PartReason
from contracts.intake import ContactState, Route
from contracts.portal import ContactOpened, WarningPassed
from contracts.referrals import ReferralStatus
from services.intake.cases import domain, store
from services.intake.cases.domain import Standing
from services.intake.cases.models import Happening
from services.intake.cases.store import Place
from services.intake.domain import Declined, Routed, over_at_once
from services.intake.domain import group as group_of
from services.intake.due import domain as due_domain
from services.intake.due import handlers as due
from services.intake.due import store as due_store
from services.intake.identity.vault import Vault
from services.intake.non_disclosure import handlers as concealing
from services.intake.referrals import handlers as referrals
from services.intake.triage.questionnaire import Questionnaire


def begin(
    tx: Transaction,
    fact: ContactOpened,
    decision: Routed | Declined,
    questionnaire: Questionnaire | None,
    area: Area,
) -> None:
    """A contact that was decided about begins a case; who waits for the chat is owed to be met."""
    group, over = group_of(questionnaire, fact.trouble), over_at_once(decision)
    store.begin(tx.session, fact.contact_id, group=group, over=over)
    _owe(tx, fact, decision, questionnaire, area)


def answered(
    tx: Transaction,
    fact: ContactOpened,
    decision: Routed | Declined,
    questionnaire: Questionnaire | None,
    area: Area,
) -> None:
    """A contact that was still to answer has done so: it is over at once, or it is owed what its answers ask for."""
    if why := over_at_once(decision):
        over(tx, fact.contact_id, why)
    elif found := store.place(tx.session, fact.contact_id, tx.viewer, lock=True):
        _go_on(tx, found, quiet_since=tx.now)
    _owe(tx, fact, decision, questionnaire, area)


def _owe(
    tx: Transaction,
    fact: ContactOpened,
    decision: Routed | Declined,
    questionnaire: Questionnaire | None,
    area: Area,
) -> None:
    """What a contact needs, and by when; nothing while it is still to answer."""
    if isinstance(decision, Declined) or decision.route is Route.QUESTIONS:
        return
    subject = questionnaire.trouble(fact.trouble) if questionnaire else None
    asked = subject.questions if subject else ()
    kind = due_domain.need(asked, fact.answers, red=decision.triage.red)
    due_store.add_need(tx.session, fact.contact_id, kind)
    _owe_meeting(tx, fact.contact_id, decision, due_domain.first(kind, fact.opened_at, area))


def went_on(tx: Transaction, fact: WarningPassed, decision: Routed, area: Area) -> None:
    """A contact that was over at once goes on after all, and is owed what it would have been owed."""
    store.go_on(tx.session, fact.contact_id, quiet_since=None)
    kind = due_store.need(tx.session, fact.contact_id)
    _owe_meeting(tx, fact.contact_id, decision, due_domain.first(kind, fact.passed_at, area))


def _owe_meeting(tx: Transaction, contact_id: UUID, decision: Routed, term: due_domain.Term) -> None:
    """Who waits for the chat is owed to be met; others are promised something later."""
    found = store.place(tx.session, contact_id, tx.viewer)
    if found and decision.route is Route.CHAT:
        due.owe(tx, found.contact, due.first_id(contact_id), term)


def identified(tx: Transaction, contact_id: UUID, person_id: UUID, areas: Areas, *, non_disclosure: bool) -> None:
    """The case of a contact that was identified is its person's; out of another person's case it goes by itself.

    Nothing is told of it before it is known whether the person is under non-disclosure, as the provider says or as
    another contact of theirs has it. The contact must be locked: its person was stored in this transaction.
    """
    marked = concealing.learnt(tx, contact_id, told=non_disclosure)
    _claim(tx, contact_id, person_id)
    concealing.tell(tx, (*marked, *concealing.learnt(tx, contact_id)), areas)


def _claim(tx: Transaction, contact_id: UUID, person_id: UUID) -> None:
    found = store.place(tx.session, contact_id, tx.viewer)
    if found is None or store.claim(tx.session, found.case.case_id, person_id):
        return
    store.lock_cases(tx.session, found.case.case_id)
    alone = store.part_for_good(tx.session, found, at=tx.now)
    tx.publish(parted(found, alone, PartReason.OTHER_PERSON, tx))


def became(tx: Transaction, contact_id: UUID, person_id: UUID, areas: Areas) -> None:
    """A contact is another person's than before, as a professional has decided; and so is the case it is alone in.

    Out of a case with contacts of somebody else it goes by itself. The contact must be locked.
    """
    marked = concealing.learnt(tx, contact_id)
    _give(tx, contact_id, person_id)
    concealing.tell(tx, (*marked, *concealing.learnt(tx, contact_id)), areas)


def _give(tx: Transaction, contact_id: UUID, person_id: UUID) -> None:
    found = store.place(tx.session, contact_id, tx.viewer)
    if found is None:
        return
    store.lock_cases(tx.session, found.case.case_id)
    if store.is_shared(tx.session, found, person_id):
        alone = store.part_for_good(tx.session, found, at=tx.now)
        tx.publish(parted(found, alone, PartReason.OTHER_PERSON, tx))
    else:
        store.give(tx.session, found.case.case_id, person_id)


def over(tx: Transaction, contact_id: UUID, why: Ending) -> None:
    """There is nothing more for the unit to do about a contact that was taken in; the fact that says so is told."""
    found = store.place(tx.session, contact_id, tx.viewer)
    if found and store.close(tx.session, contact_id, why, at=tx.now):
        due.lift(tx, found.contact)


def parted(found: Place, case_id: UUID, reason: PartReason, tx: Transaction) -> ContactParted:
    """The fact that a contact left a case for the one it is in now."""
    return ContactParted(
        area=found.contact.area,
        municipality=found.contact.municipality,
        contact_id=found.contact.contact_id,
        from_case_id=found.case.case_id,
        case_id=case_id,
        reason=reason,
        parted_at=tx.now,
    )


def happened(
    tx: Transaction,
    contact_id: UUID,
    what: Happened,
    about_id: UUID,
    *,
    at: datetime,
    vault: Vault,
    starts_at: datetime | None = None,
) -> None:
    """Something has happened to a contact: what is owed is kept by it, and it goes on or is over."""
    found = store.place(tx.session, contact_id, tx.viewer, lock=True)
    if found is None:
        return
    told = Happening(contact_id=contact_id, what=what.value, about_id=about_id, at=at, starts_at=starts_at)
    store.note(tx.session, told)
    if what is Happened.CONVERSATION_ACCEPTED:
        due.met(tx, found.contact, at)
    elif what is Happened.CALL_KEPT:
        due.called(tx, found.contact, about_id, at)
    elif what is Happened.VISIT_COMPLETED:
        due.visited(tx, found.contact, at)
    _settle(tx, found, at, vault)
    tx.hint(contact=contact_id, area=found.contact.area)


def promised(tx: Transaction, fact: CallbackPromised, areas: Areas, vault: Vault) -> None:
    """A call was promised: it is owed as promised, or sooner when the answers have told of a new or worse symptom."""
    found = store.place(tx.session, fact.contact_id, tx.viewer, lock=True)
    if found is None or found.contact.state == ContactState.DECLINED:
        return  # chat lifts a call that nobody is to make
    area = areas.area(found.contact.area)
    kind = due_store.need_at_least(tx.session, fact.contact_id, fact.kind)
    if kind is fact.kind:
        term = due_domain.promised(kind, fact.due_on, fact.promised_at, area)
    else:
        term = due_domain.first(kind, fact.promised_at, area)
    due.owe(tx, found.contact, fact.callback_id, term, of_call=True)
    happened(tx, fact.contact_id, Happened.CALL_PROMISED, fact.callback_id, at=fact.promised_at, vault=vault)
    kept = store.ended(tx.session, fact.contact_id, fact.callback_id)
    if kept is not None:  # heard before the promise
        due.called(tx, found.contact, fact.callback_id, kept)


def _settle(tx: Transaction, found: Place, at: datetime, vault: Vault) -> None:
    contact_id = found.contact.contact_id
    rows = store.happenings(tx.session, contact_id)
    standing = domain.standing((Happened(row.what), row.about_id) for row in rows)
    if found.member.closed == Ending.DECLINED:
        return
    if standing is Standing.OVER:
        close(tx, found, Ending.DONE)
        return
    _go_on(tx, found, quiet_since=None if standing is Standing.GOING_ON else at)
    if not any(row.what == Happened.VISIT_COMPLETED for row in rows):
        due.treat(tx, found.contact, vault)


def _go_on(tx: Transaction, found: Place, *, quiet_since: datetime | None) -> None:
    """A contact is not over; told where it was."""
    store.go_on(tx.session, found.contact.contact_id, quiet_since=quiet_since)
    if found.member.closed is not None:
        tx.publish(ContactReopened(**_whose(found), reopened_at=tx.now))


def close(tx: Transaction, found: Place, why: Ending) -> None:
    """A contact is over, and what was owed with it; told once, also to whoever sent the person."""
    if store.close(tx.session, found.contact.contact_id, why, at=tx.now):
        referrals.has_become(tx, found.contact.contact_id, ReferralStatus.CLOSED)
        due.lift(tx, found.contact)
        tx.publish(ContactClosed(**_whose(found), ending=why, closed_at=tx.now))


def close_quiet(tx: Transaction, before: datetime) -> int:
    """Contacts about which nothing has been going on for long are over; how many were looked at."""
    contact_ids = store.quiet(tx.session, before)
    for contact_id in contact_ids:
        found = store.place(tx.session, contact_id, tx.viewer, lock=True)
        since = found.member.quiet_since if found else None
        if found and since is not None and since < before:  # nobody was quicker
            close(tx, found, Ending.QUIET)
            tx.hint(contact=contact_id, area=found.contact.area)
    return len(contact_ids)


def _whose(found: Place) -> dict[str, Any]:
    contact = found.contact
    return {
        "area": contact.area,
        "municipality": contact.municipality,
        "contact_id": contact.contact_id,
        "case_id": found.case.case_id,
    }
