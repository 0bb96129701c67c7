"""Two processes of intake at once: a cap is exact, a way stays open, an end is told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event

from chassis import Refused, clock
from chassis.envelope import headers_for
from chassis.inbox import Consumer, Ending, Received, apply
from contracts.closings import Door, DoorClosed, DoorReopened, SetCap
from contracts.intake import ContactRouted, Route
from contracts.portal import ContactOpened
from services.intake.closings.jobs import reopen_due
from tests.factories import contact_opened, staff
from tests.services.intake.builders import answers
from tests.services.intake.closings.steps import TOMORROW, caps, closes, opens, seen
from tests.unit import Unit

CROWD = 24
CAP = 7
ROUNDS = 8
"""How often two do it at once: a race is lost now and then only."""


def at_once(units: tuple[Unit, Unit], work: Callable[[Unit, int], Any], count: int = CROWD) -> list[Any]:
    """Do something many times at the same moment, spread over the processes."""
    with clock.using(units[0].clock), ThreadPoolExecutor(count) as crowd:
        return [each.result() for each in [crowd.submit(work, units[place % 2], place) for place in range(count)]]


def test_a_cap_is_exact_whoever_comes_at_once(two: tuple[Unit, Unit]) -> None:
    one, _ = two
    caps(one, Door.CHAT, CAP)
    at_once(two, lambda unit, _: unit.hears(contact_opened(answers=answers())))
    ways = Counter(told.route for told in one.told_of(ContactRouted))
    assert ways == {Route.CHAT: CAP, Route.CALLBACK: CROWD - CAP}
    assert len(one.told_of(DoorClosed)) == 1
    assert seen(one, Door.CHAT).today == CAP


def test_of_the_two_lasting_ways_only_one_can_be_closed_at_once(two: tuple[Unit, Unit]) -> None:
    def close(unit: Unit, place: int) -> str:
        try:
            closes(unit, (Door.MESSAGE, Door.BOOKING)[place])
        except Refused as refused:
            return refused.code
        return "ok"

    caps(two[0], Door.CHAT, CAP)  # the rows are there: nobody waits for their making
    for _ in range(ROUNDS):
        assert sorted(at_once(two, close, 2)) == ["last-open-door", "ok"]
        for door in (Door.MESSAGE, Door.BOOKING):
            opens(two[0], door)


def test_the_end_of_a_closing_is_told_once_by_two_jobs_at_once(two: tuple[Unit, Unit]) -> None:
    one, other = two
    for door in (Door.CHAT, Door.OMAOLO):
        closes(one, door)
    for unit in two:
        unit.clock.set(TOMORROW)
    at_once(two, lambda unit, _: unit.runs(reopen_due), 8)
    assert sorted(told.door for told in other.told_of(DoorReopened)) == [Door.CHAT, Door.OMAOLO]


def test_what_was_closed_before_a_restart_opens_after_it(two: tuple[Unit, Unit]) -> None:
    before, after = two
    closes(before, Door.CHAT)
    before.close()
    after.clock.set(TOMORROW)
    after.runs(reopen_due)
    assert len(after.told_of(DoorReopened)) == 1


@pytest.mark.parametrize("count", [1, 2])
def test_the_first_use_of_a_countys_doors_may_be_at_once(two: tuple[Unit, Unit], count: int) -> None:
    at_once(two, lambda unit, place: caps(unit, list(Door)[place], count), len(Door))
    assert [seen(two[0], door).per_day for door in Door] == [count] * len(Door)


def batch(unit: Unit, *contacts: ContactOpened) -> list[Ending]:
    """Deliver several facts in one batch, as the bus would; how each ended."""
    kind = ContactOpened.declared
    handler = dict(unit.service.handlers.items())[kind]
    consumer = Consumer(unit.service.name, kind, unit.service.wire(handler, 2), unit.sealer)
    messages = []
    for place, fact in enumerate(contacts, start=1):
        at = {"at": unit.clock(), "version": 1, "cause": None, "traceparent": None}
        headers = headers_for(fact, event_id=str(fact.contact_id), **at)
        messages.append(Received(fact.subject, headers, fact.model_dump_json().encode(), place, 1))
    return [verdict.ending for verdict in apply(consumer, unit.database.write, messages)[0]]


def test_batches_that_hold_two_counties_in_opposite_order_lose_nobody(two: tuple[Unit, Unit]) -> None:
    """On PostgreSQL a deadlock: one of the two batches goes first, the other comes again."""
    for area in ("10", "18"):
        two[0].asks(SetCap(area=area, door=Door.CHAT, per_day=CAP), viewer=staff())
    here = [contact_opened(answers=answers()) for _ in two]
    there = [contact_opened(answers=answers(), area="18", municipality="272") for _ in two]
    orders = ((here[0], there[0]), (there[1], here[1]))
    both_hold_one = Barrier(2)

    def hold(unit: Unit, place: int) -> list[Ending]:
        held: list[str] = []

        @event.listens_for(unit.database.engine, "after_cursor_execute")
        def wait_for_the_other(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if "FOR UPDATE" in statement and not held:
                held.append(statement)
                both_hold_one.wait(timeout=20)

        return batch(unit, *orders[place])

    endings = [each for found in at_once(two, hold, 2) for each in found]
    assert set(endings) <= {Ending.DONE, Ending.LATER}
    for unit, facts in zip(two, orders, strict=True):
        batch(unit, *facts)
    assert sorted(told.contact_id for told in two[0].told_of(ContactRouted)) == sorted(
        fact.contact_id for fact in (*here, *there)
    )
