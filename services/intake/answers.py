"""What intake answers about a contact."""

from __future__ import annotations

from chassis import Answers, Role, Transaction
from contracts.intake import ContactView, GetContact
from services.intake import store
from services.intake.cases import answers as cases
from services.intake.closings import answers as closings
from services.intake.demand import answers as demand
from services.intake.domain import unknown_contact
from services.intake.due import answers as due
from services.intake.falls import answers as falls
from services.intake.identity import answers as identity
from services.intake.matching import answers as matching
from services.intake.non_disclosure import answers as non_disclosure
from services.intake.overview import answers as overview
from services.intake.referrals import answers as referrals
from services.intake.triage import answers as triage
from services.intake.triage.answers import view_of
from services.intake.triage.questionnaire import Questionnaires
from services.intake.triage.store import last_run

contacts = Answers()
FOR_STAFF_ALONE = {"summary": None, "non_disclosure": False}
"""What others see in its place. That somebody is under non-disclosure no page of theirs tells: another may look on."""


@contacts(GetContact)
def contact(ask: GetContact, tx: Transaction, questionnaires: Questionnaires) -> ContactView:
    found = store.contact(tx.session, ask.contact_id, tx.viewer)
    if found is None:
        raise unknown_contact()
    if tx.viewer.role is Role.STAFF:
        tx.audit("read", whom=ask.contact_id, what="contact")
    run = last_run(tx.session, ask.contact_id, tx.viewer)
    view = view_of(found, run, questionnaires, traced=tx.viewer.role is Role.STAFF)
    return view if tx.viewer.role is Role.STAFF else view.model_copy(update=FOR_STAFF_ALONE)


answers = contacts.and_also(
    triage.answers,
    identity.answers,
    matching.answers,
    demand.answers,
    falls.answers,
    cases.answers,
    closings.answers,
    referrals.answers,
    due.answers,
    non_disclosure.answers,
    overview.answers,
)
"""Everything intake answers."""
