"""What intake answers about a contact."""

from __future__ import annotations

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
from services.intake.models import Contact
from services.intake.referrals import answers as referrals
from services.intake.triage import answers as triage
from services.intake.triage.answers import trace_of
from services.intake.triage.models import TriageRun
from services.intake.triage.store import last_run

contacts = Answers()


@contacts(GetContact)
def contact(ask: GetContact, tx: Transaction) -> ContactView:
    found = store.contact(tx.session, ask.contact_id, tx.viewer)
    if found is None:
        raise unknown_contact()
    if tx.viewer.role is Role.STAFF:
        tx.audit("read", whom=ask.contact_id, what="contact")
    run = last_run(tx.session, ask.contact_id, tx.viewer)
    return _view(found, run, trace_of(run) if run and tx.viewer.role is Role.STAFF else None)


def _view(found: Contact, run: TriageRun | None, trace: Trace | None) -> ContactView:
    return ContactView.model_validate(
        {
            **found.model_dump(),
            "outcome": run.outcome if run else None,
            "flags": run.flags if run else (),
            "identified": found.identified_at is not None,
            "trace": trace,
        }
    )


answers = contacts.and_also(
    triage.answers,
    identity.answers,
    demand.answers,
    falls.answers,
    cases.answers,
    closings.answers,
    referrals.answers,
    due.answers,
)
"""Everything intake answers."""
