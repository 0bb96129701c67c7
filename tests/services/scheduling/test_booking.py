from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis import Hint, Refused
from contracts.base import Language
from contracts.portal import Origin
from contracts.scheduling import (
    BookVisit,
    CompleteVisit,
    GetVisits,
    HoldSlot,
    Modality,
    OfferTimes,
    VisitBooked,
    VisitCompleted,
    VisitState,
)
from services.scheduling.jobs import sweep_holds
from tests.factories import AINO, MATTI, client, staff
from tests.services.scheduling.steps import (
    TOMORROW_AT_NINE,
    book,
    booked,
    hold,
    identified,
    offered,
    publish,
    publish_hours,
    refusal,
    times,
)
from tests.unit import START, Unit

TEN_MINUTES = timedelta(minutes=10)
"""How long a time is kept: hold_minutes of deploy/areas/10.toml."""
SEALED = VisitBooked.example.recipient


def first_slot(unit: Unit, contact_id: UUID) -> UUID:
    return times(unit, contact_id).slots[0].slot_id


def test_a_held_time_is_kept_for_ten_minutes(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    held = hold(scheduling, contact_id, first_slot(scheduling, contact_id))
    assert (held.expires_at, held.slot.starts_at) == (START + TEN_MINUTES, TOMORROW_AT_NINE)


def test_a_hold_is_shown_until_it_expires(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    held = hold(scheduling, contact_id, first_slot(scheduling, contact_id))
    scheduling.clock.advance(TEN_MINUTES - timedelta(seconds=1))
    assert times(scheduling, contact_id).hold == held
    scheduling.clock.advance(timedelta(seconds=1))
    assert times(scheduling, contact_id).hold is None


def test_a_time_somebody_else_holds_is_taken(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    mine, other = offered(scheduling), offered(scheduling)
    held = hold(scheduling, mine, first_slot(scheduling, mine))
    ask = HoldSlot(contact_id=other, slot_id=held.slot.slot_id)
    assert refusal(scheduling, ask, client(other)) == "slot-taken"


def test_a_booked_time_is_taken(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 2)
    mine, other = offered(scheduling), offered(scheduling)
    held = hold(scheduling, mine, first_slot(scheduling, mine))
    book(scheduling, mine, held.hold_id)
    ask = HoldSlot(contact_id=other, slot_id=held.slot.slot_id)
    assert refusal(scheduling, ask, client(other)) == "slot-taken"


def test_an_expired_hold_gives_way_without_waiting_for_a_sweep(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    mine, other = offered(scheduling), offered(scheduling)
    slot_id = hold(scheduling, mine, first_slot(scheduling, mine)).slot.slot_id
    scheduling.clock.advance(TEN_MINUTES)
    assert hold(scheduling, other, slot_id).slot.slot_id == slot_id


def test_a_new_hold_releases_the_earlier_one(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 2)
    mine, other = offered(scheduling), offered(scheduling)
    first, second = (slot.slot_id for slot in times(scheduling, mine).slots)
    hold(scheduling, mine, first)
    hold(scheduling, mine, second)
    assert [slot.slot_id for slot in times(scheduling, other).slots] == [first]


def test_a_refused_hold_keeps_the_earlier_one(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 2)
    mine, other = offered(scheduling), offered(scheduling)
    first, second = (slot.slot_id for slot in times(scheduling, mine).slots)
    hold(scheduling, other, second)
    held = hold(scheduling, mine, first)
    refusal(scheduling, HoldSlot(contact_id=mine, slot_id=second), client(mine))
    assert times(scheduling, mine).hold == held


def test_holding_the_same_time_again_starts_its_minutes_anew(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    slot_id = hold(scheduling, contact_id, first_slot(scheduling, contact_id)).slot.slot_id
    scheduling.clock.advance(timedelta(minutes=4))
    assert hold(scheduling, contact_id, slot_id).expires_at == START + timedelta(minutes=14)


def test_a_second_click_with_the_same_key_gets_the_same_hold(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    ask = HoldSlot(contact_id=contact_id, slot_id=first_slot(scheduling, contact_id))
    first, second = (scheduling.asks(ask, viewer=client(contact_id), key="one-click") for _ in range(2))
    assert first == second


def test_a_time_that_was_not_offered_is_not_held(scheduling: Unit) -> None:
    slot = publish(scheduling, TOMORROW_AT_NINE).slots[0]
    contact_id = identified(scheduling)
    ask = HoldSlot(contact_id=contact_id, slot_id=slot.slot_id)
    assert refusal(scheduling, ask, client(contact_id)) == "not-offered"


def test_nobody_holds_in_the_name_of_another_contact(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    ask = HoldSlot(contact_id=contact_id, slot_id=first_slot(scheduling, contact_id))
    assert refusal(scheduling, ask, client(uuid4())) == "not-offered"


def test_an_unknown_time_is_not_held(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    assert refusal(scheduling, HoldSlot(contact_id=contact_id, slot_id=uuid4()), client(contact_id)) == "unknown-slot"


@pytest.mark.parametrize("other", [{"area": "18"}, {"modality": "near"}])
def test_a_time_that_cannot_be_offered_to_the_contact_is_unknown(scheduling: Unit, other: dict[str, str]) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    slot = publish(scheduling, TOMORROW_AT_NINE, by=staff(MATTI), **other).slots[0]
    contact_id = offered(scheduling)
    ask = HoldSlot(contact_id=contact_id, slot_id=slot.slot_id)
    assert refusal(scheduling, ask, client(contact_id)) == "unknown-slot"


def test_a_time_that_has_begun_is_unknown(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    ask = HoldSlot(contact_id=contact_id, slot_id=first_slot(scheduling, contact_id))
    scheduling.clock.set(TOMORROW_AT_NINE)
    assert refusal(scheduling, ask, client(contact_id)) == "unknown-slot"


def test_who_has_booked_holds_nothing_more(scheduling: Unit) -> None:
    visit = booked(scheduling)
    slot = publish(scheduling, visit.starts_at + timedelta(hours=5)).slots[0]
    ask = HoldSlot(contact_id=visit.contact_id, slot_id=slot.slot_id)
    assert refusal(scheduling, ask, client(visit.contact_id)) == "already-booked"


def test_a_sweep_tells_the_page_that_the_hold_has_expired(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    hold(scheduling, contact_id, first_slot(scheduling, contact_id))
    scheduling.clock.advance(TEN_MINUTES)
    scheduling.hinted.clear()
    scheduling.runs(sweep_holds)
    scheduling.runs(sweep_holds)
    assert scheduling.hinted == [Hint(contact=contact_id)]


def test_a_sweep_leaves_a_running_hold_alone(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    held = hold(scheduling, contact_id, first_slot(scheduling, contact_id))
    scheduling.clock.advance(TEN_MINUTES - timedelta(seconds=1))
    scheduling.runs(sweep_holds)
    assert times(scheduling, contact_id).hold == held


def test_a_hold_survives_a_restart(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    held = hold(scheduling, contact_id, first_slot(scheduling, contact_id))
    again = Unit(scheduling.service)
    visit = book(again, contact_id, held.hold_id)
    again.close()
    assert visit.starts_at == TOMORROW_AT_NINE


def test_a_booking_is_told_with_the_recipient_unread(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling, municipality="286", origin="omaolo")
    held = hold(scheduling, contact_id, first_slot(scheduling, contact_id))
    visit = book(scheduling, contact_id, held.hold_id, recipient=SEALED, language="sv")
    assert scheduling.told_of(VisitBooked) == [
        VisitBooked(
            area="10",
            municipality="286",
            visit_id=visit.visit_id,
            contact_id=contact_id,
            therapist_id=AINO,
            origin=Origin.OMAOLO,
            modality=Modality.VIDEO,
            language=Language.SV,
            starts_at=TOMORROW_AT_NINE,
            ends_at=TOMORROW_AT_NINE + timedelta(minutes=45),
            recipient=SEALED,
            booked_at=START,
        )
    ]


def test_a_booking_without_an_address_is_told_without_recipient(scheduling: Unit) -> None:
    booked(scheduling)
    assert scheduling.told_of(VisitBooked)[0].recipient is None


def test_a_booking_makes_the_pages_of_both_sides_read_again(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    held = hold(scheduling, contact_id, first_slot(scheduling, contact_id))
    scheduling.hinted.clear()
    book(scheduling, contact_id, held.hold_id)
    assert scheduling.hinted == [Hint(contact=contact_id, area="10")]


def test_a_hold_that_has_expired_is_not_booked(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    held = hold(scheduling, contact_id, first_slot(scheduling, contact_id))
    scheduling.clock.advance(TEN_MINUTES)
    ask = BookVisit(contact_id=contact_id, hold_id=held.hold_id, language="fi")
    assert refusal(scheduling, ask, client(contact_id)) == "hold-expired"


def test_a_hold_given_up_for_another_is_not_booked(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 2)
    contact_id = offered(scheduling)
    first, second = (slot.slot_id for slot in times(scheduling, contact_id).slots)
    given_up = hold(scheduling, contact_id, first)
    hold(scheduling, contact_id, second)
    ask = BookVisit(contact_id=contact_id, hold_id=given_up.hold_id, language="fi")
    assert refusal(scheduling, ask, client(contact_id)) == "hold-expired"


def test_the_hold_of_another_contact_is_not_booked(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    mine, other = offered(scheduling), offered(scheduling)
    held = hold(scheduling, mine, first_slot(scheduling, mine))
    ask = BookVisit(contact_id=other, hold_id=held.hold_id, language="fi")
    assert refusal(scheduling, ask, client(other)) == "hold-expired"


def test_nobody_books_in_the_name_of_another_contact(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    held = hold(scheduling, contact_id, first_slot(scheduling, contact_id))
    ask = BookVisit(contact_id=contact_id, hold_id=held.hold_id, language="fi")
    assert refusal(scheduling, ask, client(uuid4())) == "hold-expired"


def test_a_second_click_with_the_same_key_gets_the_same_visit(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    held = hold(scheduling, contact_id, first_slot(scheduling, contact_id))
    ask = BookVisit(contact_id=contact_id, hold_id=held.hold_id, language="fi")
    first, second = (scheduling.asks(ask, viewer=client(contact_id), key="one-click") for _ in range(2))
    assert (first, len(scheduling.told_of(VisitBooked))) == (second, 1)


def test_a_second_click_with_a_new_key_is_already_booked(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    held = hold(scheduling, contact_id, first_slot(scheduling, contact_id))
    ask = BookVisit(contact_id=contact_id, hold_id=held.hold_id, language="fi")
    scheduling.asks(ask, viewer=client(contact_id), key="first")
    with pytest.raises(Refused, match="already-booked"):
        scheduling.asks(ask, viewer=client(contact_id), key="second")


def test_a_visit_whose_time_has_not_come_is_not_marked_as_held_by_a_slip(scheduling: Unit) -> None:
    """There is no way back: feedback is asked at once, and promises are kept by it."""
    visit = booked(scheduling)
    scheduling.clock.set(visit.starts_at - timedelta(seconds=1))
    assert refusal(scheduling, CompleteVisit(visit_id=visit.visit_id), staff()) == "visit-ahead"
    assert scheduling.told_of(VisitCompleted) == []
    scheduling.clock.set(visit.starts_at)
    assert scheduling.asks(CompleteVisit(visit_id=visit.visit_id), viewer=staff()).state is VisitState.COMPLETED


def test_a_visit_that_was_held_before_its_time_is_marked_when_the_therapist_says_so(scheduling: Unit) -> None:
    visit = booked(scheduling)
    view = scheduling.asks(CompleteVisit(visit_id=visit.visit_id, held_early=True), viewer=staff())
    assert view.state is VisitState.COMPLETED


def test_a_completed_visit_is_told_with_the_door_the_contact_came_by(scheduling: Unit) -> None:
    """`origin` is carried to VisitCompleted: mission.md section 5."""
    visit = booked(scheduling, origin="referral")
    scheduling.clock.set(visit.ends_at)
    view = scheduling.asks(CompleteVisit(visit_id=visit.visit_id), viewer=staff())
    assert view.state is VisitState.COMPLETED
    assert scheduling.told_of(VisitCompleted) == [
        VisitCompleted(
            area="10",
            municipality="285",
            visit_id=visit.visit_id,
            contact_id=visit.contact_id,
            therapist_id=AINO,
            origin=Origin.REFERRAL,
            modality=Modality.VIDEO,
            language=Language.FI,
            starts_at=visit.starts_at,
            completed_at=visit.ends_at,
        )
    ]


def test_a_completed_visit_is_not_completed_again(scheduling: Unit) -> None:
    ask = CompleteVisit(visit_id=booked(scheduling).visit_id, held_early=True)
    scheduling.asks(ask, viewer=staff())
    assert refusal(scheduling, ask, staff()) == "visit-completed"


def test_another_therapist_does_not_complete_the_visit(scheduling: Unit) -> None:
    ask = CompleteVisit(visit_id=booked(scheduling).visit_id, held_early=True)
    assert refusal(scheduling, ask, staff(MATTI)) == "not-yours"


def test_a_visit_of_another_county_is_unknown(scheduling: Unit) -> None:
    ask = CompleteVisit(visit_id=booked(scheduling).visit_id, held_early=True)
    assert refusal(scheduling, ask, staff(MATTI, "18")) == "unknown-visit"


def test_a_visit_that_never_was_is_unknown(scheduling: Unit) -> None:
    assert refusal(scheduling, CompleteVisit(visit_id=uuid4(), held_early=True), staff()) == "unknown-visit"


def test_a_resident_completes_nothing(scheduling: Unit) -> None:
    visit = booked(scheduling)
    assert (
        refusal(scheduling, CompleteVisit(visit_id=visit.visit_id, held_early=True), client(visit.contact_id))
        == "not-yours"
    )


def test_after_a_completed_visit_the_contact_may_book_again(scheduling: Unit) -> None:
    visit = booked(scheduling)
    scheduling.asks(CompleteVisit(visit_id=visit.visit_id, held_early=True), viewer=staff())
    publish(scheduling, visit.starts_at + timedelta(hours=5))
    scheduling.asks(OfferTimes(contact_id=visit.contact_id), viewer=staff())
    held = hold(scheduling, visit.contact_id, first_slot(scheduling, visit.contact_id))
    assert book(scheduling, visit.contact_id, held.hold_id).visit_id != visit.visit_id


def test_a_therapist_sees_own_visits_the_booked_ones_first(scheduling: Unit) -> None:
    done = booked(scheduling)
    scheduling.asks(CompleteVisit(visit_id=done.visit_id, held_early=True), viewer=staff())
    late, early = (booked(scheduling, TOMORROW_AT_NINE + timedelta(hours=hours)) for hours in (6, 3))
    booked(scheduling, by=staff(MATTI))
    visits = scheduling.asks(GetVisits(), viewer=staff()).visits
    assert [visit.visit_id for visit in visits] == [early.visit_id, late.visit_id, done.visit_id]


def test_a_completed_visit_leaves_the_list_after_thirty_days(scheduling: Unit) -> None:
    visit = booked(scheduling)
    scheduling.asks(CompleteVisit(visit_id=visit.visit_id, held_early=True), viewer=staff())
    scheduling.clock.advance(timedelta(days=30))
    assert scheduling.asks(GetVisits(), viewer=staff()).visits == ()


def test_a_resident_sees_no_visit_list(scheduling: Unit) -> None:
    assert refusal(scheduling, GetVisits(), client(AINO)) == "not-yours"


def test_every_contact_of_a_read_visit_list_is_on_record(scheduling: Unit) -> None:
    """Rule 32."""
    visits = [booked(scheduling, TOMORROW_AT_NINE + timedelta(hours=hours)) for hours in (0, 3)]
    before = len(scheduling.audited)
    scheduling.asks(GetVisits(), viewer=staff())
    rows = scheduling.audited[before:]
    assert {(row.action, row.viewer_id, row.whom) for row in rows} == {
        ("read", AINO, visit.contact_id) for visit in visits
    }


def test_booking_and_completing_are_on_record(scheduling: Unit) -> None:
    """Rule 32."""
    visit = booked(scheduling)
    scheduling.asks(CompleteVisit(visit_id=visit.visit_id, held_early=True), viewer=staff())
    changes = [(row.what, row.viewer_id) for row in scheduling.audited if row.action == "change"]
    assert changes == [("visit booked", visit.contact_id), ("visit completed", AINO)]
