"""What becomes of a case when something is learnt of its contacts."""

from __future__ import annotations

from uuid import UUID

from chassis import Transaction
from contracts.cases import ContactParted, Ending, PartReason
from services.intake.cases import store


def identified(tx: Transaction, contact_id: UUID, person_id: UUID) -> None:
    """The case of a contact that was identified is its person's; out of another person's case it goes by itself.

    The contact must be locked: its person was stored in this transaction.
    """
    found = store.place(tx.session, contact_id, tx.viewer)
    if found is None or store.claim(tx.session, found.case.case_id, person_id):
        return
    store.lock_cases(tx.session, found.case.case_id)
    alone = store.part_for_good(tx.session, found, at=tx.now)
    tx.publish(parted(found, alone, PartReason.OTHER_PERSON, tx))


def over(tx: Transaction, contact_id: UUID, why: Ending) -> None:
    """There is nothing more for the unit to do about a contact."""
    store.close(tx.session, contact_id, why, at=tx.now)


def parted(found: store.Place, case_id: UUID, reason: PartReason, tx: Transaction) -> ContactParted:
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
