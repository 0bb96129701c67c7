"""When direct access is granted: a plain function that handlers call."""

from __future__ import annotations

from datetime import date

from chassis import Transaction
from contracts.areas import Area
from contracts.intake import DirectAccessGranted, Route
from services.intake.direct_access import domain
from services.intake.models import Contact
from services.intake.triage.store import last_run


def decide(tx: Transaction, contact: Contact, area: Area, birth_date: date, day: date) -> None:
    """Tell that the identified person behind a contact may see a physiotherapist directly; nothing otherwise.

    Nothing either of who is still to answer something, or went on past a warning: the outcome is not the whole of it.
    """
    run = last_run(tx.session, contact.contact_id, tx.viewer)
    settled = contact.route in (Route.CHAT, Route.CALLBACK, Route.BOOKING) and contact.alert is None
    if run and settled and domain.granted(area.direct_access, run.outcome, birth_date, day):
        tx.publish(
            DirectAccessGranted(
                area=contact.area,
                municipality=contact.municipality,
                contact_id=contact.contact_id,
                granted_at=tx.now,
            )
        )
