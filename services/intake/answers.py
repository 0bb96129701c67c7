"""What intake answers about a contact."""

from __future__ import annotations

from collections.abc import Sequence

from chassis import Answers, Role, Transaction
from contracts.intake import ContactView, GetContact, Trace
from services.intake import store
from services.intake.cases import answers as cases
from services.intake.closings import answers as closings
from services.intake.demand import answers as demand
from services.intake.domain import unknown_contact
from services.intake.due import answers as due
from services.intake.falls import answers as falls
from services.intake.identity import answers as identity
from services.intake.matching import answers as matching
from services.intake.models import Contact
from services.intake.referrals import answers as referrals
from services.intake.triage import answers as triage
from services.intake.triage.answers import trace_of, unanswered_of
from services.intake.triage.models import TriageRun
from services.intake.triage.questionnaire import Questionnaires
from services.intake.triage.store import last_run

contacts = Answers()


@contacts(GetContact)
def contact(ask: GetContact, tx: Transaction, questionnaires: Questionnaires) -> ContactView:
    found = store.contact(tx.session, ask.contact_id, tx.viewer)
    if found is None:
        raise unknown_contact()
    if tx.viewer.role is Role.STAFF:
        tx.audit("read", whom=ask.contact_id, what="contact")
    run = last_run(tx.session, ask.contact_id, tx.viewer)
    trace = trace_of(run) if run and tx.viewer.role is Role.STAFF else None
    view = _view(found, run, trace, unanswered_of(found, run, questionnaires))
    return view if tx.viewer.role is Role.STAFF else view.model_copy(update={"summary": None})


def _view(found: Contact, run: TriageRun | None, trace: Trace | None, unanswered: Sequence[str]) -> ContactView:
    return ContactView.model_validate(
        {
            **found.model_dump(),
            "outcome": run.outcome if run and not unanswered else None,
            "flags": run.flags if run else (),
            "questionnaire": run.rules if run else None,
            "unanswered": unanswered,
            "identified": found.identified_at is not None,
            "trace": trace,
        }
    )


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
)
"""Everything intake answers."""
