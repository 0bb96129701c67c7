"""What is owed, kept, lifted or told of: effects that other topics call in their transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from chassis import Transaction
from chassis.calendar import end_of_day, local_date
from contracts.due import (
    CorrectionReason,
    DueKind,
    DueTimeKept,
    DueTimeLifted,
    DueTimeMissed,
    DueTimeSet,
    DueTimeWarned,
)
from contracts.portal import AgeBand, PromiseKind
from services.intake.due import domain, store
from services.intake.due.domain import Tells, Term
from services.intake.due.models import DueTime
from services.intake.identity.store import birth_date
from services.intake.identity.vault import Vault
from services.intake.models import Contact

FIRST = (DueKind.ASSESSMENT, DueKind.ADVICE)
"""What is owed before anybody has met the person."""


def first_id(contact_id: UUID) -> UUID:
    """Id of what a contact is owed first, where no call is promised."""
    return uuid5(contact_id, "first")


def owe(
    tx: Transaction,
    contact: Contact,
    due_id: UUID,
    term: Term,
    *,
    of_call: bool = False,
    corrected: CorrectionReason | None = None,
) -> None:
    """Something is owed by a day, once."""
    if store.owe(tx.session, contact.contact_id, due_id, term, at=tx.now, of_call=of_call, corrected=corrected):
        tell_set(tx, contact, due_id, term, corrected)


def tell_set(
    tx: Transaction, contact: Contact, due_id: UUID, term: Term, corrected: CorrectionReason | None = None
) -> None:
    tx.publish(
        DueTimeSet(
            area=contact.area,
            municipality=contact.municipality,
            due_id=due_id,
            contact_id=contact.contact_id,
            kind=term.kind,
            due_on=term.due_on,
            since=term.since,
            corrected=corrected,
            set_at=tx.now,
        )
    )


def met(tx: Transaction, contact: Contact, at: datetime) -> None:
    """A professional has taken the person's conversation: what was owed first is kept, promised calls apart."""
    _keep(tx, contact, store.owed_of(tx.session, contact.contact_id, FIRST, of_call=False), at)


def called(tx: Transaction, contact: Contact, callback_id: UUID, at: datetime) -> None:
    """A promised call has reached the person."""
    _keep(tx, contact, store.owed_by_call(tx.session, contact.contact_id, callback_id), at)


def visited(tx: Transaction, contact: Contact, at: datetime) -> None:
    """A visit took place: assessed and treated. A promised call stands; chat keeps it."""
    _keep(tx, contact, store.owed_of(tx.session, contact.contact_id, tuple(DueKind), of_call=False), at)


def _keep(tx: Transaction, contact: Contact, dues: Iterable[DueTime], at: datetime) -> None:
    for due in dues:
        on_time = domain.is_on_time(at, due.due_on)
        if not on_time and due.missed_at is None:  # the clock has not come round to it
            tx.publish(DueTimeMissed(**_which(contact, due), due_on=due.due_on, missed_at=tx.now))
        missed_at = due.missed_at or (None if on_time else tx.now)
        store.change(tx.session, due, kept_at=at, next_at=None, missed_at=missed_at)
        tx.publish(DueTimeKept(**_which(contact, due), due_on=due.due_on, on_time=on_time, kept_at=at))


def lift(tx: Transaction, contact: Contact, kinds: Collection[DueKind] = tuple(DueKind)) -> None:
    """Nothing of these kinds is owed any more."""
    for due in store.owed(tx.session, contact.contact_id):
        if due.kind in kinds:
            store.change(tx.session, due, lifted_at=tx.now, next_at=None)
            tx.publish(DueTimeLifted(**_which(contact, due), lifted_at=tx.now))


def treat(tx: Transaction, contact: Contact, vault: Vault) -> None:
    """Who was assessed is owed a first treatment, unless nothing had to be assessed (rule 17)."""
    assessed_at = store.met_at(tx.session, contact.contact_id)
    if assessed_at is None or store.need(tx.session, contact.contact_id) is not PromiseKind.ASSESSMENT:
        return
    born = birth_date(tx.session, vault, contact.contact_id, tx.viewer)
    if born:
        tx.audit("read", whom=contact.contact_id, what="birth date", ground="care guarantee")
    young = domain.is_young(born, AgeBand(contact.age_band), local_date(assessed_at))
    owe(tx, contact, uuid5(contact.contact_id, DueKind.TREATMENT), domain.treatment(assessed_at, young=young))


def tell_by_the_clock(tx: Transaction) -> int:
    """Warn of what will soon be late and tell what is, each once; how many were looked at."""
    found = store.to_tell(tx.session, tx.now)
    for due, contact in found:
        told = domain.tells(due.due_on, due.warn_on, warned=due.warned_at is not None, now=tx.now)
        which = _which(contact, due) | {"due_on": due.due_on}
        if told is Tells.MISSED:
            store.change(tx.session, due, missed_at=tx.now, next_at=None)
            tx.publish(DueTimeMissed(**which, missed_at=tx.now))
        elif told is Tells.WARNED:
            store.change(tx.session, due, warned_at=tx.now, next_at=end_of_day(due.due_on))
            tx.publish(DueTimeWarned(**which, warned_at=tx.now))
        tx.hint(area=contact.area)
    return len(found)


def _which(contact: Contact, due: DueTime) -> dict[str, Any]:
    return {
        "area": contact.area,
        "municipality": contact.municipality,
        "due_id": due.due_id,
        "contact_id": due.contact_id,
        "kind": DueKind(due.kind),
    }
