"""What notifications does by the clock: send what is due.

Effectively once: an attempt is on record before it begins (one transaction), the mail goes out between transactions,
and how it ended is on record after it (another one). A process that dies in between leaves an attempt that counts as
cut off after its lease; it is made again under the same Message-ID and calendar UID, so that a mailbox that got both
shows one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from chassis import Cause, Jobs, Transact, Transaction, Unprocessable
from contracts.base import Language
from contracts.non_disclosure import CONCEALED
from contracts.notifications import FailureKind, Medium, NotificationFailed, NotificationSent, Recipient
from services.notifications import domain, store
from services.notifications.clients.letter import Letter
from services.notifications.clients.smtp import Gateway
from services.notifications.domain import DeliveryState, Result, Template
from services.notifications.models import Delivery

MOST_PER_RUN = 100
"""Bound on one run of the job."""

jobs = Jobs()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send one message."""

    notification_id: UUID
    number: int
    letter: Letter
    address: str | None = field(repr=False)
    """Opened for this attempt alone, never stored; None when what was sealed is no address."""


@jobs(every=timedelta(seconds=1))
async def send_due(transact: Transact, gateway: Gateway) -> None:
    """Send what is due, longest due first, until the gateway fails: then the rest waits for the next run."""
    for _ in range(MOST_PER_RUN):
        attempt = await transact(begin)
        if attempt is None:
            return
        result = await gateway.send(attempt.letter, attempt.address) if attempt.address else Result.REFUSED
        await transact(partial(end, attempt=attempt, result=result))
        if result is Result.UNREACHABLE:
            return


def begin(tx: Transaction) -> Attempt | None:
    """Put the next attempt on record; None when nothing is due."""
    while (delivery := store.next_due(tx)) and delivery.attempts >= domain.MOST_ATTEMPTS:
        _fail(delivery, FailureKind.TECHNICAL, tx)  # its last attempt was cut off
    if delivery is None:
        return None
    delivery.state = DeliveryState.SENDING.value
    delivery.attempts += 1
    delivery.due_at = tx.now + domain.LEASE
    letter = Letter(
        notification_id=delivery.notification_id,
        visit_id=delivery.visit_id,
        template=Template(delivery.template),
        language=Language(delivery.language),
        starts_at=delivery.starts_at,
        ends_at=delivery.ends_at,
        booked_at=delivery.booked_at,
        written_at=tx.now,
    )
    return Attempt(delivery.notification_id, delivery.attempts, letter, _address(delivery, tx))


def end(tx: Transaction, *, attempt: Attempt, result: Result) -> None:
    """Put on record how an attempt ended; the recipient is let go as soon as nothing more will be sent."""
    delivery = store.running(tx, attempt.notification_id, attempt.number)
    if delivery is None:
        return
    if result is Result.TAKEN:
        _finish(delivery, DeliveryState.SENT, tx.now)
        told = _told(delivery) | {"language": delivery.language}
        tx.publish(NotificationSent(**told, sent_at=tx.now), because=_cause(delivery))
        return
    again_at = _again_at(delivery, tx.now) if result is Result.UNREACHABLE else None
    if again_at is not None:
        delivery.state, delivery.due_at = DeliveryState.PENDING.value, again_at
        return
    _fail(delivery, FailureKind.PERMANENT if result is Result.REFUSED else FailureKind.TECHNICAL, tx)


def _address(delivery: Delivery, tx: Transaction) -> str | None:
    try:
        return Recipient.model_validate(tx.unseal(delivery.recipient or "")).email
    except (Unprocessable, ValidationError):  # another key, damaged, no address: no later attempt will mend it
        return None


def _again_at(delivery: Delivery, now: datetime) -> datetime | None:
    return domain.next_attempt(delivery.attempts, now, starts_at=delivery.starts_at)


def _fail(delivery: Delivery, kind: FailureKind, tx: Transaction) -> None:
    _finish(delivery, DeliveryState.FAILED, tx.now)
    tx.publish(NotificationFailed(**_told(delivery), kind=kind, failed_at=tx.now), because=_cause(delivery))


def _cause(delivery: Delivery) -> Cause:
    return Cause(delivery.caused_by, delivery.traceparent)


def _finish(delivery: Delivery, state: DeliveryState, at: datetime) -> None:
    delivery.state, delivery.ended_at, delivery.recipient = state.value, at, None


def _told(delivery: Delivery) -> dict[str, Any]:
    """A letter is told of with the county: this service never hears of whom no place may be told (rule 9)."""
    names = {"area", "notification_id", "visit_id", "template", "attempts"}
    return delivery.model_dump(include=names) | {"municipality": CONCEALED, "medium": Medium.EMAIL}
