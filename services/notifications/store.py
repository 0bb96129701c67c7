"""Every statement of the notifications service."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID, uuid4

from sqlmodel import col, select

from chassis import Transaction
from chassis.db import prepared
from contracts.non_disclosure import CONCEALED
from contracts.scheduling import VisitBooked
from services.notifications.domain import DeliveryState, Template
from services.notifications.models import Delivery


def add_delivery(tx: Transaction, fact: VisitBooked, template: Template, recipient: str) -> None:
    """Store that a message is to be sent. Safe to repeat by visit, template and recipient."""
    tx.write(
        _ADD,
        notification_id=uuid4(),
        visit_id=fact.visit_id,
        template=template.value,
        recipient_mark=sha256(recipient.encode()).hexdigest(),
        recipient=recipient,
        area=fact.area,
        municipality=CONCEALED,  # the column goes with the next contraction
        language=fact.language.value,
        starts_at=fact.starts_at,
        ends_at=fact.ends_at,
        booked_at=fact.booked_at,
        state=DeliveryState.PENDING.value,
        attempts=0,
        due_at=tx.now,
        caused_by=tx.cause.fact_id,
        traceparent=tx.cause.traceparent,
    )


_ADD = prepared(Delivery, lambda insert: insert.on_conflict_do_nothing())


def next_due(tx: Transaction) -> Delivery | None:
    """The delivery that has been due longest, its row held; one that another process is looking at is passed over."""
    still_open = col(Delivery.state).in_([DeliveryState.PENDING.value, DeliveryState.SENDING.value])
    due = select(Delivery).where(still_open, Delivery.due_at <= tx.now).order_by(col(Delivery.due_at)).limit(1)
    return tx.session.exec(due.with_for_update(skip_locked=True)).first()


def running(tx: Transaction, notification_id: UUID, attempt: int) -> Delivery | None:
    """A delivery in the attempt that was begun, its row held; None when it was taken for cut off and begun anew."""
    found = tx.session.get(Delivery, notification_id, with_for_update=True)
    mine = found is not None and (found.state, found.attempts) == (DeliveryState.SENDING.value, attempt)
    return found if mine else None
