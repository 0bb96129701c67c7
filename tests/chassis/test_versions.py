"""Two versions of a fact told under one id: who reads the newer one acts once, whichever comes first."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from chassis import Handlers, Transaction
from chassis.db import Database
from chassis.inbox import Consumer, Received, apply
from chassis.permissions import of_service
from chassis.provision import consumer_configs
from chassis.seal import Sealer
from chassis.service import Service
from chassis.settings import Settings
from chassis.tables import outbox
from chassis.transaction import write_down
from contracts.base import EVENTS, Event, EventType, Id
from tests.chassis.echo import Called, called


class CalledV2(Event):
    """Somebody called, and how loudly."""

    call_id: Id
    loudness: int


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> EventType:
    """`Called` in the registry with a second version; the newer one."""
    CalledV2.declared = EventType(CalledV2, "hill", 2, "call_id", None)
    CalledV2.upcast = lambda old: CalledV2(area=old.area, call_id=old.call_id, loudness=_loudness(old.how))
    for kind in (Called.declared, CalledV2.declared):
        monkeypatch.setitem(EVENTS, kind.ce_type, kind)
    return CalledV2.declared


def _loudness(how: str) -> int:
    if how == "silent":
        raise ValueError("nobody heard it")
    return 1


@pytest.fixture
def told(both: EventType, database: Database, sealer: Sealer) -> list[Received]:
    """Both versions of one call as the outbox has them, newer first."""
    fact = called()
    newer = CalledV2(area=fact.area, call_id=fact.call_id, loudness=5)

    def tell(session: Session) -> None:
        tx = Transaction("hill", session, sealer)
        tx.publish(newer, beside=fact)
        write_down(session, [tx])

    database.write(tell)
    rows = database.read(lambda session: session.connection().execute(outbox.select().order_by(outbox.c.id)).all())
    return [
        Received(row.subject, json.loads(row.headers), bytes(row.payload), number, 1)
        for number, row in enumerate(rows, 1)
    ]


@pytest.fixture
def heard(both: EventType, database: Database, sealer: Sealer) -> Any:
    """A reader of the newer version: what it acted on."""
    acted: list[Event] = []
    consumer = Consumer("valley", both, lambda fact, _tx: acted.append(fact), sealer)

    def act(*messages: Received) -> list[Any]:
        acted.clear()
        return [verdict.code or verdict.ending for verdict in apply(consumer, database.write, messages)[0]]

    act.acted = acted  # type: ignore[attr-defined]  # read by the tests
    return act


def test_both_versions_are_told_under_one_id_and_one_number(told: list[Received]) -> None:
    newer, older = (message.headers for message in told)
    assert [newer["ce-type"], older["ce-type"]] == ["fi.digiterapia.hill.called.v2", "fi.digiterapia.hill.called.v1"]
    assert newer["ce-id"] == older["ce-id"] == newer["Nats-Msg-Id"]
    assert newer["ce-aggregateversion"] == older["ce-aggregateversion"] == "1"
    assert older["Nats-Msg-Id"] == f"{older['ce-id']}-v1"  # the server would take it for a second copy
    assert UUID(newer["ce-id"])


@pytest.mark.parametrize("first", ["newer", "older"])
@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after the other"])
def test_who_reads_both_acts_once(told: list[Received], heard: Any, first: str, together: bool) -> None:
    messages = told if first == "newer" else told[::-1]
    if together:
        assert heard(*messages) == ["done", "duplicate"]
        assert len(heard.acted) == 1
        return
    assert heard(messages[0]) == ["done"]
    assert heard(messages[1]) == ["duplicate"]


def test_what_was_told_before_the_newer_version_is_read_as_it(told: list[Received], heard: Any) -> None:
    _, older = told
    assert heard(older) == ["done"]
    (fact,) = heard.acted
    assert (type(fact), fact.loudness) == (CalledV2, 1)


def test_what_does_not_become_the_newer_version_is_a_dead_letter(told: list[Received], heard: Any) -> None:
    body = json.loads(told[1].body) | {"how": "silent"}
    silent = Received(told[1].subject, told[1].headers, json.dumps(body).encode(), 9, 1)
    assert heard(silent) == ["no-upcast"]


def test_a_reader_of_the_newer_version_goes_on_where_it_stood(both: EventType) -> None:
    on = Handlers()
    on(CalledV2)(lambda fact, tx: None)
    service = Service(name="valley", settings=Settings(), handlers=on)
    (config,) = consumer_configs(service)
    assert config.durable_name == Called.declared.durable("valley")
    assert config.filter_subjects == ["evt.*.*.hill.called.v2", "evt.*.*.hill.called.v1"]
    assert f"$JS.ACK.EVT.{config.durable_name}.>" in of_service(service).publish


def test_a_service_reads_one_version_of_an_event(both: EventType) -> None:
    on = Handlers()
    on(Called)(lambda fact, tx: None)
    with pytest.raises(ValueError, match="has a handler already"):
        on(CalledV2)(lambda fact, tx: None)
