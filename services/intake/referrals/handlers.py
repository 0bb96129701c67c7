"""What a referral's sender hears when something becomes of it."""

from __future__ import annotations

from uuid import UUID

from chassis import Transaction
from contracts.referrals import ReferralStatus, ReferralStatusChanged
from services.intake.referrals import domain, store


def has_become(tx: Transaction, contact_id: UUID, status: ReferralStatus) -> None:
    """Give the referral of a contact another status, where it came by one and may have it."""
    referral = store.of_contact(tx.session, contact_id)
    if referral is None or not domain.follows(ReferralStatus(referral.status), status):
        return
    if store.change(tx.session, referral, status, now=tx.now):
        changed = {"status": status, "changed_at": tx.now}
        tx.publish(ReferralStatusChanged.model_validate(referral.model_dump() | changed))
        tx.hint(area=referral.area)
