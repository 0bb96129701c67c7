"""What intake does when it hears of a contact."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chassis import Handlers, Refused, Transaction, Unprocessable
from chassis.calendar import is_open, local_date
from contracts.areas import Area, Areas
from contracts.closings import Door
from contracts.intake import ContactDeclined, ContactRouted, RouteReason, TriageCompleted
from contracts.portal import ContactOpened
from contracts.public import ContactCounted
from contracts.referrals import ReferralStatus
from contracts.scheduling import VisitBooked, VisitCompleted
from services.intake import domain, store
from services.intake.cases.store import begin as begin_case
from services.intake.closings import handlers as closings
from services.intake.closings.domain import Doors, shut
from services.intake.demand.domain import iso_week
from services.intake.demand.store import count
from services.intake.domain import Declined, Routed, Shut
from services.intake.identity import handlers as identity
from services.intake.referrals import handlers as referrals
from services.intake.triage.questionnaire import Questionnaires
from services.intake.triage.store import add_run

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
    decision = domain.decide(area, fact, questionnaire, shut=_shut(area, doors, tx.now))
    store.add_contact(tx.session, fact, decision, now=tx.now)
    if decision.triage:
        add_run(tx.session, fact, decision.triage, area.triage_mode, now=tx.now)
    if isinstance(decision, Declined):
        tx.publish(ContactDeclined(**_whose(fact), reason=decision.reason, declined_at=tx.now))
    else:
        _tell_routed(fact, tx, decision, area)
        closings.count(tx, area, doors, route=decision.route, origin=fact.origin)
    place, day = areas.counted(fact.area, fact.municipality), local_date(tx.now)
    _count(fact, tx, domain.counted(fact, decision, questionnaire, place=place, day=day), area)
    group, over = domain.group(questionnaire, fact.trouble), domain.over_at_once(decision)
    begin_case(tx.session, fact.contact_id, group=group, over=over)
    tx.hint(contact=fact.contact_id)


def _count(fact: ContactOpened, tx: Transaction, counted: ContactCounted, area: Area) -> None:
    """In public, and in the demand for the unit."""
    tx.publish(counted)
    week, site = iso_week(local_date(fact.opened_at)), area.site_of(fact.municipality)
    count(tx.session, fact.contact_id, counted, site=site, week=week)


def _tell_routed(fact: ContactOpened, tx: Transaction, decision: Routed, area: Area) -> None:
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
    tx.publish(
        ContactRouted(
            **_whose(fact),
            origin=fact.origin,
            language=fact.language,
            trouble=fact.trouble,
            route=decision.route,
            reasons=decision.reasons,
            decided_at=tx.now,
        )
    )


def _whose(fact: ContactOpened) -> dict[str, Any]:
    return fact.model_dump(include={"area", "municipality", "contact_id"})


def _shut(area: Area, doors: Doors, at: datetime) -> Shut:
    """What nobody can go by: doors that are closed or full, and the chat out of its hours."""
    chat_open = area.chat.practice or is_open(area.chat.periods, at, area.chat_closed_on)
    out_of_hours = {} if chat_open else {Door.CHAT: RouteReason.CHAT_CLOSED}
    return {**out_of_hours, **shut(doors, at)}


@contacts(VisitBooked)
def note_booked(fact: VisitBooked, tx: Transaction) -> None:
    """The person has a time: whoever sent them hears of it."""
    referrals.has_become(tx, fact, fact.contact_id, ReferralStatus.BOOKED)


@contacts(VisitCompleted)
def note_completed(fact: VisitCompleted, tx: Transaction) -> None:
    """The person was met: whoever sent them hears of it."""
    referrals.has_become(tx, fact, fact.contact_id, ReferralStatus.COMPLETED)


on = contacts.and_also(identity.on)
"""Everything intake acts on."""
