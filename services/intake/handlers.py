"""What intake does when it hears of a contact."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chassis import Handlers, Refused, Transaction, Unprocessable
from chassis.calendar import is_open, local_date
from contracts.areas import Area, Areas
from contracts.intake import ContactDeclined, ContactRouted, TriageCompleted
from contracts.portal import ContactOpened
from services.intake import domain, store
from services.intake.cases.store import begin as begin_case
from services.intake.demand.domain import iso_week
from services.intake.demand.store import count
from services.intake.domain import Declined, Routed
from services.intake.identity import handlers as identity
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
    decision = domain.decide(area, fact, questionnaire, chat_open=_chat_open(area, tx.now))
    store.add_contact(tx.session, fact, decision, now=tx.now)
    if decision.triage:
        add_run(tx.session, fact, decision.triage, area.triage_mode, now=tx.now)
    if isinstance(decision, Declined):
        tx.publish(ContactDeclined(**_whose(fact), reason=decision.reason, declined_at=tx.now))
    else:
        _tell_routed(fact, tx, decision, area)
    place, day = areas.counted(fact.area, fact.municipality), local_date(tx.now)
    counted = domain.counted(fact, decision, questionnaire, place=place, day=day)
    tx.publish(counted)
    week, site = iso_week(local_date(fact.opened_at)), area.site_of(fact.municipality)
    count(tx.session, fact.contact_id, counted, site=site, week=week)
    begin_case(tx.session, fact, group=counted.trouble, over=domain.over_at_once(decision))
    tx.hint(contact=fact.contact_id)


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


def _chat_open(area: Area, at: datetime) -> bool:
    return area.chat.practice or is_open(area.chat.periods, at, area.chat_closed_on)


on = contacts.and_also(identity.on)
"""Everything intake acts on."""
