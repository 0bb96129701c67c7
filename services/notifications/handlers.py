"""What other services' facts lead to here."""

from __future__ import annotations

from chassis import Handlers, Transaction
from contracts.scheduling import VisitBooked
from services.notifications import store
from services.notifications.domain import Template

on = Handlers()


@on(VisitBooked)
def confirm_visit(fact: VisitBooked, tx: Transaction) -> None:
    """Who gave an address gets a confirmation; who gave none sees the visit on the page."""
    if fact.recipient is not None:
        store.add_delivery(tx, fact, Template.VISIT_BOOKED, fact.recipient)
