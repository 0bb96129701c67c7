"""From the outbox to a real bus, on both databases: in order, completely, each once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from nats.js.errors import APIError
from sqlalchemy import select, update

from chassis import Transaction, clock
from chassis.asking import Answerer
from chassis.db import Database
from chassis.outbox import KEEP_PUBLISHED, Relay, forget_old
from chassis.seal import Sealer
from chassis.tables import answered, inbox, outbox
from chassis.transaction import write_down
from tests.chassis import echo
from tests.chassis.echo import Echoed, called
from tests.stack import Letter, Stack, eventually, stack

TOO_LONG = 70_000
"""Bytes: more than one message of the stream may have (64 KiB)."""


def tell(database: Database, *call_ids: UUID) -> None:
    """One transaction that tells a fact about each of these."""
    database.write(
        lambda session: write_down(session, [_telling(Transaction("echo", session, Sealer(Path(), "echo")), call_ids)])
    )


def _telling(tx: Transaction, call_ids: tuple[UUID, ...]) -> Transaction:
    for call_id in call_ids:
        tx.publish(Echoed(area="10", call_id=call_id))
    return tx


def rows(database: Database) -> list[Letter]:
    found = database.read(lambda session: session.connection().execute(outbox.select().order_by(outbox.c.id)).all())
    return [Letter(row.subject, json.loads(row.headers), bytes(row.payload)) for row in found]


def unsent(database: Database) -> int:
    statement = select(outbox.c.id).where(outbox.c.published_at.is_(None))
    return len(database.read(lambda session: session.connection().execute(statement).all()))


def test_facts_about_one_aggregate_count_up_and_others_start_at_one(database: Database) -> None:
    one, other = uuid4(), uuid4()
    tell(database, one, other, one)
    tell(database, other, one)
    versions = [(json.loads(row.body)["call_id"], row.headers["ce-aggregateversion"]) for row in rows(database)]
    assert versions == [(str(one), "1"), (str(other), "1"), (str(one), "2"), (str(other), "2"), (str(one), "3")]


def test_a_transaction_that_fails_uses_up_no_version(database: Database) -> None:
    one = uuid4()
    with pytest.raises(ZeroDivisionError):
        database.write(lambda session: (_told_then_broken(session, one)))
    tell(database, one)
    assert [row.headers["ce-aggregateversion"] for row in rows(database)] == ["1"]


def _told_then_broken(session: object, call_id: UUID) -> None:
    write_down(session, [_telling(Transaction("echo", session, Sealer(Path(), "echo")), (call_id,))])  # type: ignore[arg-type]
    raise ZeroDivisionError


def test_a_service_tells_no_fact_of_another(database: Database) -> None:
    with pytest.raises(ValueError, match="not echo's to tell"):
        database.write(lambda session: Transaction("echo", session, Sealer(Path(), "echo")).publish(called()))


def test_what_was_sent_is_kept_for_a_day_and_what_was_not_for_ever(database: Database) -> None:
    tell(database, uuid4(), uuid4())
    first = database.read(lambda session: session.connection().execute(select(outbox.c.id).order_by(outbox.c.id))).scalar()
    long_ago = clock.now() - KEEP_PUBLISHED - timedelta(minutes=1)
    database.write(
        lambda session: session.connection().execute(
            update(outbox).where(outbox.c.id == first).values(published_at=long_ago)
        )
    )
    database.write(forget_old)
    database.write(forget_old)
    assert (len(rows(database)), unsent(database)) == (1, 1)
