"""What intake does when it hears of a contact."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from chassis import Handlers, Refused, Transaction, TryLater, Unprocessable
from chassis.calendar import is_open, local_date
from contracts.areas import Area, Areas
from contracts.callbacks import CallbackAttempted, CallbackKept, CallbackPromised
from contracts.cases import Happened
from contracts.chat import ConversationAbandoned, ConversationAccepted, ConversationEnded
from contracts.closings import Door
from contracts.intake import ContactDeclined, ContactRouted, Route, RouteReason, TriageCompleted
from contracts.portal import AssessmentSummary, ContactOpened, Origin, QuestionsAnswered, WarningPassed
from contracts.public import ContactCounted
from contracts.referrals import ReferralStatus
from contracts.scheduling import TimesOffered, VisitBooked, VisitCompleted
from services.intake import domain, store
from services.intake.cases import handlers as cases
from services.intake.closings import handlers as closings
from services.intake.closings.domain import Doors, shut
from services.intake.demand.domain import iso_week
from services.intake.demand.store import count
from services.intake.direct_access import handlers as direct_access
from services.intake.domain import Declined, Routed, Shut
from services.intake.identity import handlers as identity
from services.intake.identity.store import birth_date
from services.intake.identity.vault import Vault
from services.intake.models import Contact
from services.intake.referrals import handlers as referrals
from services.intake.triage.questionnaire import Questionnaires
from services.intake.triage.store import add_run, found_of, last_run

contacts = Handlers()


@contacts(ContactOpened)
def decide(fact: ContactOpened, tx: Transaction, areas: Areas, questionnaires: Questionnaires) -> None:
    """A contact is decided about once: declined, or triaged and routed."""
    if fact.area not in areas:
        raise Unprocessable("unknown-area", "no area file describes the area of this contact")
    if store.contact(tx.session, fact.contact_id, tx.viewer):
        raise Refused("already-decided", "the contact was decided about before")
    area, questionnaire = areas.area(fact.area), questionnaires.version(fact.questionnaire)
    doors = closings.doors_for_a_contact(tx, area)
    decision = domain.decide(area, fact, questionnaire, shut=_shut(area, doors, tx.now, fact))
    store.add_contact(tx.session, fact, decision, summary=_summary(fact, tx), now=tx.now)
    _tell(fact, tx, decision, area, doors, came_by=fact.origin)
    place, day = areas.counted(fact.area, fact.municipality), local_date(tx.now)
    _count(fact, tx, domain.counted(fact, decision, questionnaire, place=place, day=day), area)
    cases.begin(tx, fact, decision, questionnaire, area)


def _summary(fact: ContactOpened, tx: Transaction) -> str | None:
    """Where the assessment is found that the person comes from; a reference that is none is left behind."""
    if fact.summary is None:
        return None
    try:
        return AssessmentSummary.model_validate(tx.unseal(fact.summary)).summary
    except ValidationError:
        return None


@contacts(QuestionsAnswered)
def decide_anew(
    fact: QuestionsAnswered, tx: Transaction, areas: Areas, questionnaires: Questionnaires, vault: Vault
) -> None:
    """All answers of who came with some of them are weighed together, once."""
    contact = store.contact(tx.session, fact.contact_id, tx.viewer, lock=True)
    run = last_run(tx.session, fact.contact_id, tx.viewer)
    if contact is None or run is None:
        raise TryLater("unknown-contact", "the person answered before the contact is known here")
    answers = [*run.answers, *fact.model_dump()["answers"]]
    told = {"questionnaire": run.rules, "answers": answers, "summary": None}
    whole, area = ContactOpened.model_validate(contact.model_dump() | told), areas.area(contact.area)
    questionnaire, doors = questionnaires.version(run.rules), closings.doors_for_a_contact(tx, area)
    decision = domain.decide_ours(whole, questionnaire, shut=_shut(area, doors, tx.now, whole))
    if not store.answered(tx.session, fact.contact_id, decision, now=tx.now):
        raise Refused("already-decided", "the contact waits for no answers")
    _tell(whole, tx, decision, area, doors, came_by=None)  # it was counted when it came
    place, day = areas.counted(whole.area, whole.municipality), local_date(tx.now)
    _count(whole, tx, domain.counted(whole, decision, questionnaire, place=place, day=day), area)
    cases.answered(tx, whole, decision, questionnaire, area)
    if born := birth_date(tx.session, vault, fact.contact_id, tx.viewer):  # who had identified before
        tx.session.refresh(contact)
        direct_access.decide(tx, contact, area, born, local_date(tx.now))


def _tell(
    fact: ContactOpened,
    tx: Transaction,
    decision: Routed | Declined,
    area: Area,
    doors: Doors,
    *,
    came_by: Origin | None,
) -> None:
    """Tell what was decided, keep why, and count the doors it takes."""
    if decision.triage:
        add_run(tx.session, fact, decision.triage, area.triage_mode, now=tx.now)
    if isinstance(decision, Declined):
        tx.publish(ContactDeclined(**_whose(fact), reason=decision.reason, declined_at=tx.now))
    else:
        _tell_routed(fact, tx, decision, area)
        closings.count(tx, area, doors, route=decision.route, origin=came_by)
    tx.hint(contact=fact.contact_id)


def _count(fact: ContactOpened, tx: Transaction, counted: ContactCounted | None, area: Area) -> None:
    """In public, and in the demand for the unit."""
    if counted is None:
        return
    tx.publish(counted)
    week, site = iso_week(local_date(fact.opened_at)), area.site_of(fact.municipality)
    count(tx.session, fact.contact_id, counted, site=site, week=week)


def _tell_routed(fact: ContactOpened, tx: Transaction, decision: Routed, area: Area) -> None:
    if decision.route is not Route.QUESTIONS:
        tx.publish(
            TriageCompleted(
                **_whose(fact),
                trouble=fact.trouble,
                outcome=decision.triage.outcome,
                mode=area.triage_mode,
                rules=fact.questionnaire,
                flags=decision.triage.flags,
                completed_at=tx.now,
            )
        )
    tx.publish(_routed(fact, decision, tx.now))


_ROUTED_WITH = {"area", "municipality", "contact_id", "origin", "language", "trouble", "on_behalf", "interpreter"}


def _routed(contact: ContactOpened | Contact, decision: Routed, now: datetime) -> ContactRouted:
    return ContactRouted(
        **contact.model_dump(include=_ROUTED_WITH),
        route=decision.route,
        reasons=decision.reasons,
        alert=decision.alert,
        decided_at=now,
    )


@contacts(WarningPassed)
def go_on(fact: WarningPassed, tx: Transaction, areas: Areas) -> None:
    """Who was told to turn elsewhere and goes on meets a physiotherapist, who is told of it; once."""
    contact = store.contact(tx.session, fact.contact_id, tx.viewer, lock=True)
    if contact is None:
        raise TryLater("unknown-contact", "the person went on before the contact is known here")
    domain.must_be_warned(contact.route, contact.reasons)
    found, area = found_of(tx.session, fact.contact_id), areas.area(contact.area)
    doors = closings.doors_for_a_contact(tx, area)
    decision = domain.went_on(found, fact.outcome, shut=_shut(area, doors, tx.now, contact))
    if not store.go_on(tx.session, contact, decision, now=tx.now):
        raise domain.no_warning()  # another process was quicker
    closings.count(tx, area, doors, route=decision.route, origin=None)  # it was counted where it came in
    cases.went_on(tx, fact, decision, area)
    tx.publish(_routed(contact, decision, tx.now))
    tx.hint(contact=fact.contact_id)


def _whose(fact: ContactOpened) -> dict[str, Any]:
    return fact.model_dump(include={"area", "municipality", "contact_id"})


def _shut(area: Area, doors: Doors, at: datetime, who: ContactOpened | Contact) -> Shut:
    """What a person cannot go by: doors that are closed or full, the chat out of its hours, lines not for them."""
    chat_open = area.chat.practice or is_open(area.chat.periods, at, area.chat_closed_on)
    out_of_hours = {} if chat_open else {Door.CHAT: RouteReason.CHAT_CLOSED}
    limited = domain.outside(area, **who.model_dump(include=_LIMITED_BY))
    return {**out_of_hours, **shut(doors, at), **limited}


_LIMITED_BY = {"municipality", "age_band", "language", "on_behalf", "interpreter"}


@contacts(ConversationAccepted)
def conversation_accepted(fact: ConversationAccepted, tx: Transaction, vault: Vault) -> None:
    """A professional speaks with the person: whoever sent them hears of it."""
    referrals.has_become(tx, fact.contact_id, ReferralStatus.CONTACTED)
    what = Happened.CONVERSATION_ACCEPTED
    cases.happened(tx, fact.contact_id, what, fact.conversation_id, at=fact.accepted_at, vault=vault)


@contacts(ConversationEnded)
def conversation_ended(fact: ConversationEnded, tx: Transaction, vault: Vault) -> None:
    what = Happened.CONVERSATION_ENDED
    cases.happened(tx, fact.contact_id, what, fact.conversation_id, at=fact.ended_at, vault=vault)


@contacts(ConversationAbandoned)
def conversation_abandoned(fact: ConversationAbandoned, tx: Transaction, vault: Vault) -> None:
    what = Happened.CONVERSATION_ABANDONED
    cases.happened(tx, fact.contact_id, what, fact.conversation_id, at=fact.abandoned_at, vault=vault)


@contacts(CallbackPromised)
def call_promised(fact: CallbackPromised, tx: Transaction, areas: Areas, vault: Vault) -> None:
    """A promised call is owed by the day chat has promised, or sooner when the answers ask for it."""
    cases.promised(tx, fact, areas, vault)


@contacts(CallbackAttempted)
def call_attempted(fact: CallbackAttempted, tx: Transaction, vault: Vault) -> None:
    what = Happened.CALL_ATTEMPTED
    cases.happened(tx, fact.contact_id, what, fact.callback_id, at=fact.attempted_at, vault=vault)


@contacts(CallbackKept)
def call_kept(fact: CallbackKept, tx: Transaction, vault: Vault) -> None:
    """A professional has spoken with the person: whoever sent them hears of it."""
    referrals.has_become(tx, fact.contact_id, ReferralStatus.CONTACTED)
    cases.happened(tx, fact.contact_id, Happened.CALL_KEPT, fact.callback_id, at=fact.kept_at, vault=vault)


@contacts(TimesOffered)
def times_offered(fact: TimesOffered, tx: Transaction, vault: Vault) -> None:
    what = Happened.TIMES_OFFERED
    cases.happened(tx, fact.contact_id, what, fact.contact_id, at=fact.offered_at, vault=vault)


@contacts(VisitBooked)
def visit_booked(fact: VisitBooked, tx: Transaction, vault: Vault) -> None:
    """The person has a time: whoever sent them hears of it."""
    referrals.has_become(tx, fact.contact_id, ReferralStatus.BOOKED)
    what, starts_at = Happened.VISIT_BOOKED, fact.starts_at
    cases.happened(tx, fact.contact_id, what, fact.visit_id, at=fact.booked_at, vault=vault, starts_at=starts_at)


@contacts(VisitCompleted)
def visit_completed(fact: VisitCompleted, tx: Transaction, vault: Vault) -> None:
    """The person was met: whoever sent them hears of it."""
    referrals.has_become(tx, fact.contact_id, ReferralStatus.COMPLETED)
    what = Happened.VISIT_COMPLETED
    cases.happened(tx, fact.contact_id, what, fact.visit_id, at=fact.completed_at, vault=vault)


on = contacts.and_also(identity.on)
"""Everything intake acts on."""
