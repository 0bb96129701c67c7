"""Many people at once, through real transactions on a real database: SQLite, and PostgreSQL from its wheel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis import Refused, Viewer, clock
from contracts.base import Ask
from contracts.scheduling import (
    BookVisit,
    CompleteVisit,
    GetCalendar,
    HoldSlot,
    PublishSlots,
    VisitBooked,
    VisitCompleted,
)
from services.scheduling.jobs import release_expired
from services.scheduling.models import Contact
from tests.factories import client, staff
from tests.services.scheduling.steps import (
    TOMORROW_AT_NINE,
    book,
    booked,
    hold,
    offered,
    publish,
    publish_hours,
    times,
)
from tests.unit import Unit

CROWD = 50
"""Simultaneous clicks on one time. Source: features.md section 4, failures 1 and 2."""

Click = tuple[Ask[Any], Viewer]


def outcome(unit: Unit, click: Click) -> str:
    try:
        unit.asks(click[0], viewer=click[1])
    except Refused as refused:
        return refused.code
    return "ok"


def at_once(units: list[Unit], clicks: Iterable[Click]) -> Counter[str]:
    """Ask everything at the same time, spread over the processes; how often it ended how."""
    with clock.using(units[0].clock), ThreadPoolExecutor(CROWD) as crowd:
        waiting = [crowd.submit(outcome, units[place % len(units)], click) for place, click in enumerate(clicks)]
        return Counter(one.result() for one in waiting)


def holding(contact_id: UUID, slot_id: UUID) -> Click:
    return HoldSlot(contact_id=contact_id, slot_id=slot_id), client(contact_id)


def booking(contact_id: UUID, hold_id: UUID) -> Click:
    return BookVisit(contact_id=contact_id, hold_id=hold_id, language="fi"), client(contact_id)


def offered_crowd(unit: Unit, count: int) -> list[UUID]:
    """Contacts as OfferTimes leaves them, in one transaction: a crowd one by one would take the longest here."""
    fields = {"area": "10", "municipality": "285", "origin": "chat", "language": "fi", "routed_version": 1}
    offer = {"identified_at": unit.clock(), "offered_modality": "video"}
    people = [Contact(contact_id=uuid4(), **fields, **offer) for _ in range(count)]
    unit.database.write(lambda session: session.add_all(people))
    return [one.contact_id for one in people]


def publishing(*starts_at: datetime) -> Click:
    ask = PublishSlots(area="10", therapist_name="Aino", modality="video", minutes=45, starts_at=starts_at)
    return ask, staff()


def rows(unit: Unit, statement: str) -> list[Any]:
    return list(unit.database.read(lambda session: session.connection().execute(text(statement)).all()))


def test_fifty_people_picking_one_time_give_one_hold(together: list[Unit]) -> None:
    """Rule 23."""
    slot_id = publish(together[0], TOMORROW_AT_NINE).slots[0].slot_id
    people = offered_crowd(together[0], CROWD)
    ended = at_once(together, [holding(one, slot_id) for one in people])
    assert ended == {"ok": 1, "slot-taken": CROWD - 1}


def test_fifty_people_picking_a_time_whose_hold_has_expired_give_one_hold(together: list[Unit]) -> None:
    slot_id = publish(together[0], TOMORROW_AT_NINE).slots[0].slot_id
    first, *people = offered_crowd(together[0], CROWD + 1)
    hold(together[0], first, slot_id)
    together[0].clock.advance(timedelta(minutes=10))
    ended = at_once(together, [holding(one, slot_id) for one in people])
    assert ended == {"ok": 1, "slot-taken": CROWD - 1}


def test_fifty_clicks_on_one_booking_give_one_visit(together: list[Unit]) -> None:
    """Rule 23."""
    publish(together[0], TOMORROW_AT_NINE)
    contact_id = offered(together[0])
    held = hold(together[0], contact_id, times(together[0], contact_id).slots[0].slot_id)
    ended = at_once(together, [booking(contact_id, held.hold_id)] * CROWD)
    assert ended == {"ok": 1, "already-booked": CROWD - 1}
    assert len(together[0].told_of(VisitBooked)) == 1


def test_a_booking_and_fifty_people_picking_the_same_time_give_one_visit_and_no_hold(together: list[Unit]) -> None:
    slot_id = publish(together[0], TOMORROW_AT_NINE).slots[0].slot_id
    mine, *people = offered_crowd(together[0], CROWD)
    held = hold(together[0], mine, slot_id)
    clicks = [holding(one, slot_id) for one in people]
    clicks.insert(len(clicks) // 3, booking(mine, held.hold_id))
    assert at_once(together, clicks) == {"ok": 1, "slot-taken": CROWD - 1}
    assert rows(together[0], "SELECT * FROM hold") == []


def test_one_person_picking_twelve_times_at_once_keeps_one(together: list[Unit]) -> None:
    slots = publish_hours(together[0], TOMORROW_AT_NINE, 12).slots
    contact_id = offered(together[0])
    ended = at_once(together, [holding(contact_id, slot.slot_id) for slot in slots])
    assert ended == {"ok": 12}
    assert len(rows(together[0], "SELECT * FROM hold")) == 1


def test_people_exchanging_their_times_never_wait_for_each_other_in_a_ring(together: list[Unit]) -> None:
    """Each lets one time go and takes the next one's: the order of locks in store.py is what prevents a deadlock."""
    slots = publish_hours(together[0], TOMORROW_AT_NINE, 12).slots
    people = offered_crowd(together[0], len(slots))
    for turn in range(4):
        clicks = [holding(one, slots[(place + turn) % 12].slot_id) for place, one in enumerate(people)]
        ended = at_once(together, clicks)
        assert set(ended) <= {"ok", "slot-taken"}
        together[0].clock.advance(timedelta(minutes=10))
    assert {count for (count,) in rows(together[0], "SELECT count(*) FROM hold GROUP BY slot_id")} == {1}


def test_two_windows_of_a_therapist_publishing_at_once_never_overlap(together: list[Unit]) -> None:
    publish(together[0], TOMORROW_AT_NINE + timedelta(days=30))
    days = [TOMORROW_AT_NINE + timedelta(days=day) for day in range(10)]
    starts = [day + timedelta(minutes=minute) for day in days for minute in range(0, 40, 5)]
    ended = at_once(together, [publishing(start) for start in starts])
    assert ended == {"ok": len(days), "slots-overlap": len(starts) - len(days)}
    calendar = together[0].asks(GetCalendar(), viewer=staff()).slots
    assert all(earlier.ends_at <= later.starts_at for earlier, later in pairwise(calendar))


def test_the_same_times_published_by_two_windows_at_once_are_there_once(together: list[Unit]) -> None:
    grid = [TOMORROW_AT_NINE + timedelta(hours=hour) for hour in range(4)]
    assert at_once(together, [publishing(*grid)] * 20) == {"ok": 20}
    assert len(together[0].asks(GetCalendar(), viewer=staff()).slots) == 4


def test_ten_clicks_on_one_completion_complete_once(together: list[Unit]) -> None:
    visit = booked(together[0])
    ended = at_once(together, [(CompleteVisit(visit_id=visit.visit_id, held_early=True), staff())] * 10)
    assert ended == {"ok": 1, "visit-completed": 9}
    assert len(together[0].told_of(VisitCompleted)) == 1


def test_a_crowd_and_the_sweep_leave_one_visit_per_time_and_per_person(together: list[Unit]) -> None:
    """Twenty people want five times, some let their hold expire, the sweep runs meanwhile. Nothing ends in an error."""
    slots = publish_hours(together[0], TOMORROW_AT_NINE, 5).slots
    people = offered_crowd(together[0], 20)

    def wants(place: int, *, gives_up: bool) -> set[str]:
        unit, one, ends = together[place % len(together)], people[place], set()
        for turn in range(len(slots)):
            try:
                held = hold(unit, one, slots[(place + turn) % len(slots)].slot_id)
                unit.transact(release_expired)
                if not gives_up:
                    book(unit, one, held.hold_id)
            except Refused as refused:
                ends.add(refused.code)
        return ends

    codes: set[str] = set()
    with clock.using(together[0].clock), ThreadPoolExecutor(len(people)) as crowd:
        for patience in (2, 3, 4):
            asked = [crowd.submit(wants, place, gives_up=place % patience > 0) for place in range(len(people) // 2)]
            codes.update(*(one.result() for one in asked))
            together[0].clock.advance(timedelta(minutes=10))
        everybody = [crowd.submit(wants, place, gives_up=False) for place in range(len(people))]
        codes.update(*(one.result() for one in everybody))
    assert codes <= {"slot-taken", "already-booked"}
    visits = rows(together[0], "SELECT count(*), count(DISTINCT slot_id), count(DISTINCT contact_id) FROM visit")
    assert visits == [(5, 5, 5)]


@pytest.mark.parametrize("column", ["slot_id", "contact_id"])
def test_the_database_itself_refuses_a_second_visit(together: list[Unit], column: str) -> None:
    """One active visit per slot and one booked per contact are unique indexes, not only code."""
    booked(together[0])
    booked(together[0], TOMORROW_AT_NINE + timedelta(hours=2))
    twice = text(f"UPDATE visit SET {column} = (SELECT {column} FROM visit LIMIT 1)")
    with pytest.raises(IntegrityError):
        together[0].database.write(lambda session: session.connection().execute(twice))
