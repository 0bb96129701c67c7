"""What intake answers about due times: a professional corrects what is owed."""

from __future__ import annotations

from chassis import Answers, Transaction
from contracts.areas import Areas
from contracts.due import CorrectDue, CorrectedView, DueKind
from contracts.portal import PromiseKind
from services.intake.cases.store import Place, place
from services.intake.domain import unknown_contact
from services.intake.due import domain, handlers, store
from services.intake.identity.vault import Vault

answers = Answers()


@answers(CorrectDue)
def correct_due(ask: CorrectDue, tx: Transaction, areas: Areas, vault: Vault) -> CorrectedView:
    """What is owed first is reckoned anew from when it began; a first treatment binds or falls away with it."""
    tx.viewer.must_be_staff()
    found = place(tx.session, ask.contact_id, tx.viewer, lock=True)
    if found is None:
        raise unknown_contact()
    if found.member.closed is not None:
        raise domain.contact_closed()
    domain.must_fit(ask.kind, ask.reason)
    store.correct_need(tx.session, ask.contact_id, ask.kind, ask.reason, by=tx.viewer.id, at=tx.now)
    _owe_anew(ask, tx, found, areas)
    if ask.kind is PromiseKind.ADVICE:
        handlers.lift(tx, found.contact, (DueKind.TREATMENT,))
    else:
        handlers.treat(tx, found.contact, vault)
    tx.audit("change", whom=ask.contact_id, what="due time", ground=ask.reason.value)
    tx.hint(contact=ask.contact_id, area=found.contact.area)
    return CorrectedView(contact_id=ask.contact_id, kind=ask.kind)


def _owe_anew(ask: CorrectDue, tx: Transaction, found: Place, areas: Areas) -> None:
    for due in store.owed(tx.session, ask.contact_id):
        if due.kind in (DueKind.TREATMENT, ask.kind):
            continue
        term = domain.first(ask.kind, due.since, areas.area(found.contact.area))
        store.owe_anew(tx.session, due, term, ask.reason, at=tx.now)
        handlers.tell_set(tx, found.contact, due.due_id, term, ask.reason)
