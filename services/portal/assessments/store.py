"""Results that have been taken: the primary key decides, also for twenty at once."""

from __future__ import annotations

import hashlib
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col

from chassis import Refused, Transaction
from chassis.db import upsert
from contracts.base import CLOCK_AHEAD
from services.portal.assessments.domain import Result
from services.portal.assessments.models import TakenResult
from services.portal.neighbours.domain import REMEMBERED


def find(tx: Transaction, neighbour: str, result: Result) -> TakenResult | None:
    """What came of a result before; None when it is new.

    Raises:
        Refused: `result-changed`: its id came with another content.
    """
    taken = tx.session.get(TakenResult, _digest(neighbour, result.result_id))
    if taken is not None and taken.content != _content(result):
        raise Refused("result-changed", "the result's id came before with another content; take a new id")
    return taken


def first_taken(tx: Transaction, neighbour: str, result: Result, contact_id: UUID) -> bool:
    """Write down that a result is taken; False when it was before."""
    row = {
        "digest": _digest(neighbour, result.result_id),
        "neighbour": neighbour,
        "content": _content(result),
        "contact_id": contact_id,
        "taken_at": tx.now,
    }
    insert = upsert(tx.session, TakenResult).values(row).on_conflict_do_nothing().returning(col(TakenResult.contact_id))
    return tx.session.connection().execute(insert).first() is not None


def forget_taken(tx: Transaction) -> None:
    """Delete what is too old to be sent again. Safe to repeat."""
    old = col(TakenResult.taken_at) <= tx.now - REMEMBERED - CLOCK_AHEAD
    tx.session.connection().execute(delete(TakenResult).where(old))


def _digest(neighbour: str, result_id: str) -> bytes:
    return hashlib.sha256(f"{neighbour}:{result_id}".encode()).digest()


def _content(result: Result) -> bytes:
    return hashlib.sha256(result.model_dump_json().encode()).digest()
