"""Two processes of intake at one due time, on SQLite and on PostgreSQL: whatever they do, each thing is told once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from chassis import clock
from contracts.cases import ContactClosed
from contracts.due import DueTimeKept, DueTimeMissed, DueTimeSet, DueTimeWarned
from services.intake.cases.handlers import close_quiet
from services.intake.due.handlers import tell_by_the_clock
from tests.services.intake.due.steps import Due
from tests.unit import Unit

MANY = 12
"""Due times that both processes come upon at once."""


def at_once(unit: Unit, *acts: Callable[[], object]) -> None:
    together = Barrier(len(acts))

    def done(act: Callable[[], object]) -> None:
        together.wait()
        act()

    with clock.using(unit.clock), ThreadPoolExecutor(len(acts)) as crowd:
        for one in [crowd.submit(done, act) for act in acts]:
            one.result()


def test_two_clocks_at_once_tell_each_warning_and_each_miss_once(together: list[Unit]) -> None:
    one, other = together
    waiting = {Due(one).waits("same") for _ in range(MANY)}
    for kind, days in ((DueTimeWarned, 4), (DueTimeMissed, 5)):
        one.clock.advance(timedelta(days=days))
        at_once(one, *[lambda unit=unit: unit.transact(tell_by_the_clock) for unit in (one, other) * 2])
        told = [fact.contact_id for fact in one.told_of(kind)]
        assert (len(told), set(told)) == (MANY, waiting)


def test_a_process_that_dies_before_its_commit_has_told_nothing_and_the_next_tells_it(together: list[Unit]) -> None:
    one, other = together
    Due(one).waits("new")
    one.clock.advance(timedelta(days=1))

    def dies(tx: object) -> None:
        tell_by_the_clock(tx)  # type: ignore[arg-type]  # a transaction
        raise KeyboardInterrupt

    with clock.using(one.clock):
        try:
            one.transact(dies)
        except KeyboardInterrupt:
            pass
        assert one.told_of(DueTimeMissed) == []
        for unit in (other, one):
            unit.transact(tell_by_the_clock)
    assert len(one.told_of(DueTimeMissed)) == 1


def test_what_is_kept_while_the_clock_tells_it_missed_is_missed_once_and_kept_once(together: list[Unit]) -> None:
    one, other = together
    waiting = [Due(one).waits("new") for _ in range(4)]
    one.clock.advance(timedelta(days=1))
    for contact_id in waiting:
        at_once(one, lambda: one.transact(tell_by_the_clock), lambda: Due(other).accepted(contact_id))  # noqa: B023
    assert len(one.told_of(DueTimeMissed)) == len(one.told_of(DueTimeKept)) == len(waiting)


def test_two_clocks_at_once_close_each_quiet_contact_once(together: list[Unit]) -> None:
    one, other = together
    for _ in range(MANY):
        Due(one).waits("same")
    one.clock.advance(timedelta(days=31))
    before = one.clock() - timedelta(days=30)
    at_once(one, *[lambda unit=unit: unit.transact(lambda tx: close_quiet(tx, before)) for unit in (one, other)])
    told = [fact.contact_id for fact in one.told_of(ContactClosed)]
    assert (len(told), len(set(told))) == (MANY, MANY)


def test_a_conversation_taken_in_two_deliveries_at_once_owes_one_treatment(together: list[Unit]) -> None:
    one, other = together
    contact_id = Due(one).waits("new")
    at_once(one, lambda: Due(one).accepted(contact_id), lambda: Due(other).offered(contact_id))
    assert len([told for told in one.told_of(DueTimeSet) if told.kind == "treatment"]) == 1
