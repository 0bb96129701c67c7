"""What becomes of a batch of facts, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.event import listen
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from chassis import clock
from chassis.db import Database
from chassis.errors import TryLater
from chassis.inbox import Applied, Consumer, Received, apply
from chassis.seal import Sealer
from chassis.tables import inbox, outbox
from tests.chassis import echo
from tests.chassis.echo import Called, called, received

Act = Callable[..., list[Any]]


class Writes:
    """`Database.write`, counted."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.count = 0

    def __call__(self, work: Callable[[Session], Applied]) -> Applied:
        self.count += 1
        return self.database.write(work)


@pytest.fixture
def consumer(sealer: Sealer) -> Consumer:
    return Consumer("echo", Called.declared, partial(echo.echo, valley=echo.Valley()), sealer)  # type: ignore[arg-type]  # the handler of this very event


@pytest.fixture
def write(database: Database) -> Writes:
    return Writes(database)


@pytest.fixture
def act(consumer: Consumer, write: Writes) -> Act:
    """Apply messages as one batch; returns the verdicts."""
    return lambda *messages: apply(consumer, write, messages)[0]


def kept(database: Database) -> set[UUID]:
    return database.read(echo.known)


def acted_on(database: Database) -> set[str]:
    return database.read(lambda session: set(session.connection().execute(select(inbox.c.event_id)).scalars()))


def told(database: Database) -> list[Any]:
    return database.read(lambda session: list(session.connection().execute(outbox.select().order_by(outbox.c.id))))


def dead_letters(database: Database) -> list[Any]:
    return [row for row in told(database) if row.subject.startswith("dlq.")]


def batch(*hows: str) -> list[Received]:
    return [received(called(how), sequence=place) for place, how in enumerate(hows, 1)]


def test_a_good_batch_is_one_transaction(act: Act, write: Writes, database: Database) -> None:
    verdicts = act(*batch("well", "well", "well", "well", "well"))
    assert [verdict.ending for verdict in verdicts] == ["done"] * 5
    assert (write.count, len(kept(database)), len(told(database))) == (1, 5, 5)


def test_rows_put_off_go_together_and_whoever_looks_in_between_sees_them(act: Act, database: Database) -> None:
    written: list[int] = []

    def count(_connection: Any, _cursor: Any, statement: str, rows: Any, *_: Any) -> None:
        if statement.startswith("INSERT INTO echo "):
            written.append(len(rows) if isinstance(rows, list) else 1)

    listen(database.engine, "before_cursor_execute", count)
    verdicts = act(*batch("well", "well", "counted", "well", "well"))
    assert [verdict.ending for verdict in verdicts] == ["done"] * 5
    assert (written, len(kept(database))) == ([3, 2], 5)


@pytest.mark.parametrize("how", ["refused", "unprocessable", "later", "bug", "naive"])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_one_failing_item_of_five_undoes_nothing_else(act: Act, database: Database, how: str, place: int) -> None:
    facts = [called(how if index == place else "well") for index in range(5)]
    act(*(received(fact, sequence=index) for index, fact in enumerate(facts, 1)))
    good = [fact.call_id for fact in facts if fact.how == "well"]
    echoed = [json.loads(row.payload)["call_id"] for row in told(database) if row.subject.startswith("evt.")]
    assert kept(database) == set(good)
    assert echoed == [str(id) for id in good]


@pytest.mark.parametrize(
    ("how", "ending", "code", "again", "remembered"),
    [
        ("well", "done", "", False, True),
        ("refused", "refused", "no-echo", False, True),
        ("unprocessable", "unprocessable", "not-a-call", False, False),  # a dead letter is replayed under its own id
        ("later", "later", "fog", True, False),
        ("bug", "bug", "ZeroDivisionError", True, False),
    ],
)
def test_how_a_handler_ends_decides_what_becomes_of_the_message(
    act: Act, database: Database, how: str, ending: str, code: str, again: bool, remembered: bool
) -> None:
    message = received(called(how), event_id="this-one")
    (verdict,) = act(message)
    assert (verdict.ending, verdict.code, verdict.again_after is not None) == (ending, code, again)
    assert ("this-one" in acted_on(database)) is remembered


@pytest.mark.parametrize(("deliveries", "seconds"), [(1, 1), (2, 5), (3, 30), (4, 120), (5, 600), (6, 600)])
@pytest.mark.parametrize("how", ["later", "bug"])
def test_a_failed_message_comes_again_after_1_5_30_120_600_seconds(
    act: Act, deliveries: int, seconds: int, how: str
) -> None:
    (verdict,) = act(received(called(how), deliveries=deliveries))
    assert seconds * 0.9 <= verdict.again_after <= seconds * 1.1


@pytest.mark.parametrize(("how", "code"), [("later", "fog"), ("bug", "ZeroDivisionError")])
def test_a_message_that_fails_on_its_seventh_delivery_is_a_dead_letter(
    act: Act, database: Database, how: str, code: str
) -> None:
    """Seven: the server would drop it without a word after the eighth."""
    message = received(called(how), sequence=42, deliveries=7)
    (verdict,) = act(message)
    (letter,) = dead_letters(database)
    headers = json.loads(letter.headers)
    assert verdict.again_after is None
    assert (letter.subject, bytes(letter.payload)) == ("dlq.echo.called", message.body)
    assert {name: value for name, value in headers.items() if name.startswith("dlq-")} == {
        "dlq-consumer": "echo-called",
        "dlq-reason": how,
        "dlq-code": code,
        "dlq-subject": message.subject,
        "dlq-deliveries": "7",
    }


def test_a_dead_letter_keeps_the_envelope_it_came_in(act: Act, database: Database) -> None:
    message = received(called("unprocessable"))
    act(message)
    headers = json.loads(dead_letters(database)[0].headers)
    assert headers.items() >= {k: v for k, v in message.headers.items() if k.startswith("ce-")}.items()


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"body": b"{"}, "bad-json"),
        ({"body": b"\xff\xfe"}, "bad-json"),
        ({"body": b'{"area": "10", "call_id": 7}'}, "schema:call_id"),
        ({"headers": {"ce-type": "fi.digiterapia.hill.called.v9"}}, "unknown-type"),
        ({"headers": {"ce-id": ""}}, "bad-envelope"),
        ({"headers": {"ce-id": "x" * 101}}, "bad-envelope"),
        ({"headers": {"ce-subject": "nobody"}}, "bad-envelope"),
        ({"headers": {"ce-time": "yesterday"}}, "bad-envelope"),
        ({"headers": {"ce-aggregateversion": "first"}}, "bad-envelope"),
        ({"headers": {"ce-time": "2026-11-24 08:01"}}, "bad-envelope"),
        ({"headers": {"ce-specversion": "0.3"}}, "bad-envelope"),
        ({"headers": {"ce-datacontenttype": "text/xml"}}, "content-type"),
        ({"headers": {"content-type": "application/cloudevents+json"}}, "content-type"),
        ({"headers": {"ce-subject": str(UUID(int=9))}}, "wrong-aggregate"),
        ({"headers": {"ce-time": "2999-01-01T00:00:00Z"}}, "clock-ahead"),
        ({"subject": "evt.10.*.hill.called.v1"}, "wrong-subject"),
        ({"subject": "evt.18.000.hill.called.v1"}, "wrong-subject"),
    ],
)
def test_what_cannot_be_read_is_a_dead_letter_at_once_while_good_traffic_flows(
    act: Act, database: Database, over: dict[str, Any], code: str
) -> None:
    good = called()
    verdicts = act(received(called(), sequence=1, **over), received(good, sequence=2))
    assert [verdict.ending for verdict in verdicts] == ["unprocessable", "done"]
    assert [json.loads(letter.headers)["dlq-code"] for letter in dead_letters(database)] == [code]
    assert kept(database) == {good.call_id}


def test_a_dead_letter_whose_ack_was_lost_stays_one(act: Act, database: Database) -> None:
    act(received(called(), body=b"{", sequence=3))
    act(received(called(), body=b"{", sequence=3, deliveries=2))
    assert len(dead_letters(database)) == 1


def test_the_same_message_twice_in_one_batch_acts_once(act: Act, database: Database) -> None:
    fact = called()
    twice = [received(fact, event_id="same", sequence=sequence) for sequence in (1, 2)]
    assert [verdict.ending for verdict in act(*twice)] == ["done", "duplicate"]
    assert len(told(database)) == 1


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "later"])
def test_the_same_id_with_another_body_is_a_dead_letter(act: Act, database: Database, together: bool) -> None:
    good = called()
    messages = [received(good, event_id="same", sequence=1), received(called(), event_id="same", sequence=2)]
    verdicts = act(*messages) if together else [*act(messages[0]), *act(messages[1])]
    assert [verdict.ending for verdict in verdicts] == ["done", "unprocessable"]
    assert [json.loads(letter.headers)["dlq-code"] for letter in dead_letters(database)] == ["event-id-reused"]
    assert kept(database) == {good.call_id}


@pytest.mark.parametrize(("minutes", "ending"), [(4, "done"), (5, "done"), (6, "unprocessable"), (10, "unprocessable")])
def test_a_clock_may_be_5_minutes_ahead(act: Act, minutes: int, ending: str) -> None:
    """Behind, nobody can tell it from a fact that has waited for the bus."""
    at = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
    with clock.using(clock.SetClock(at)):
        (verdict,) = act(received(called(), headers={"ce-time": (at + timedelta(minutes=minutes)).isoformat()}))
    assert verdict.ending == ending


def test_after_the_stream_was_made_anew_another_message_of_the_same_number_is_a_letter_of_its_own(
    act: Act, database: Database
) -> None:
    act(received(called("unprocessable"), sequence=1))
    act(received(called("unprocessable"), sequence=1))
    assert len(dead_letters(database)) == 2


def test_the_same_message_again_later_acts_no_more(act: Act, database: Database) -> None:
    message = received(called(), event_id="same")
    act(message)
    (verdict,) = act(message)
    assert (verdict.ending, len(told(database))) == ("duplicate", 1)


def test_a_seen_message_among_new_ones_costs_a_second_try_and_nothing_else(
    act: Act, write: Writes, database: Database
) -> None:
    seen = received(called(), event_id="same")
    act(seen)
    verdicts = act(seen, received(called(), sequence=2))
    assert [verdict.ending for verdict in verdicts] == ["duplicate", "done"]
    assert (write.count, len(kept(database)), len(told(database))) == (3, 2, 2)


def test_a_message_that_failed_can_still_be_acted_on(act: Act, database: Database) -> None:
    fact = called("later")
    act(received(fact, event_id="same"))
    (verdict,) = act(received(called(call_id=fact.call_id), event_id="same", deliveries=2))
    assert (verdict.ending, kept(database)) == ("done", {fact.call_id})


def test_hints_of_failed_items_are_not_sent(consumer: Consumer, database: Database) -> None:
    good = called()
    _, hints = apply(consumer, database.write, [received(called("bug")), received(good)])
    assert [hint.contact for hint in hints] == [good.call_id]


@pytest.mark.parametrize("deliveries", [1, 7, 8])
def test_a_database_that_is_away_settles_no_message(consumer: Consumer, deliveries: int) -> None:
    """Not even the last delivery: the dead letter it deserves could not be written either."""

    def away(_work: Callable[[Session], Applied]) -> Applied:
        raise OperationalError("BEGIN", {}, Exception("no connection"))

    with pytest.raises(TryLater, match="database"):
        apply(consumer, away, [received(called(), deliveries=deliveries)] * 2)


def test_an_audit_row_that_does_not_fit_is_the_fault_of_its_item_alone(database: Database, act: Act) -> None:
    if database.sqlite:
        return  # it keeps a text of any length
    good = called()
    verdicts = act(received(called("wordy"), sequence=1), received(good, sequence=2))
    assert [verdict.ending for verdict in verdicts] == ["bug", "done"]
    assert kept(database) == {good.call_id}
