"""Two processes of intake at once: a cap is exact, a way stays open, an end is told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chassis import Refused, clock
from contracts.closings import Door, DoorClosed, DoorReopened
from contracts.intake import ContactRouted, Route
from services.intake.closings.jobs import reopen_due
from tests.factories import contact_opened
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
