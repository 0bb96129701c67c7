"""Rule 9 in scheduling: no place is kept; where the county says so a professional picks the time with the person."""

from __future__ import annotations

from uuid import UUID

from contracts.intake import ContactRouted
from contracts.non_disclosure import NonDisclosureChanged
from contracts.scheduling import BookVisit, CompleteVisit, GetTimes, HoldSlot, OfferTimes, VisitBooked, VisitCompleted
from services.scheduling.models import Contact
from tests.factories import AINO, client, contact_declined, contact_routed, like_the_example, staff
from tests.services.scheduling.steps import (
    TOMORROW_AT_NINE,
    book,
    hold,
    identified,
    offered,
    publish_hours,
    refusal,
    routed,
    times,
)
from tests.unit import Unit

KOUVOLA, NOWHERE = "286", "000"
TO_BOOK = {"route": "booking", "municipality": KOUVOLA}
"""In Kymenlaakso, which has a professional pick the time."""
TO_BOOK_AT_SOITE = {"route": "booking", "area": "18", "municipality": "272"}
"""In Keski-Pohjanmaa, which has decided nothing else."""


def mark(unit: Unit, contact_id: UUID, *, in_force: bool = True, version: int = 2, area: str = "10") -> None:
    over = {"contact_id": contact_id, "in_force": in_force, "area": area}
    unit.hears(like_the_example(NonDisclosureChanged, **over), version=version)


def home(unit: Unit, contact_id: UUID) -> str:
    found = unit.database.read(lambda session: session.get(Contact, contact_id))
    assert found
    municipality: str = found.municipality
    return municipality


def test_no_place_is_kept_and_none_is_told(scheduling: Unit) -> None:
    """Rule 9."""
    publish_hours(scheduling, TOMORROW_AT_NINE, 1, area="18")
    contact_id = identified(scheduling, **TO_BOOK_AT_SOITE)
    mark(scheduling, contact_id, area="18")
    before = len(scheduling.told)
    visit = book(scheduling, contact_id, hold(scheduling, contact_id, _first(scheduling, contact_id)).hold_id)
    scheduling.asks(CompleteVisit(visit_id=visit.visit_id, held_early=True), viewer=staff())
    told = scheduling.told[before:]
    assert {type(one) for one in told} >= {VisitBooked, VisitCompleted}
    assert {one.municipality for one in told} == {NOWHERE} == {home(scheduling, contact_id)}


def test_heard_before_the_routing_it_comes_again(scheduling: Unit) -> None:
    route = contact_routed(municipality=KOUVOLA)
    mark(scheduling, route.contact_id)
    assert scheduling.outcome == "later"
    scheduling.hears(route)
    mark(scheduling, route.contact_id)
    assert home(scheduling, route.contact_id) == NOWHERE


def test_a_routing_told_before_the_mark_and_heard_after_it_brings_no_place_back(scheduling: Unit) -> None:
    contact_id = routed(scheduling, municipality=KOUVOLA)
    mark(scheduling, contact_id, version=3)
    again: ContactRouted = contact_routed(contact_id=contact_id, municipality=KOUVOLA, route="callback")
    scheduling.hears(again, version=2)
    assert home(scheduling, contact_id) == NOWHERE


def test_an_older_word_changes_nothing(scheduling: Unit) -> None:
    contact_id = identified(scheduling, **TO_BOOK)
    mark(scheduling, contact_id, version=5)
    mark(scheduling, contact_id, in_force=False, version=4)
    assert not times(scheduling, contact_id).offered


def test_in_kymenlaakso_they_pick_no_time_by_the_page(scheduling: Unit) -> None:
    """Rule 9: configurable block of e-booking. Source: Kymsote's e-services page of 2021."""
    publish_hours(scheduling, TOMORROW_AT_NINE, 2)
    contact_id = identified(scheduling, **TO_BOOK)
    slot_id = _first(scheduling, contact_id)
    mark(scheduling, contact_id)
    seen = times(scheduling, contact_id)
    assert (seen.offered, seen.with_staff, seen.slots) == (False, False, ())
    assert refusal(scheduling, HoldSlot(contact_id=contact_id, slot_id=slot_id), client(contact_id)) == "not-offered"


def test_a_time_they_held_is_free_again_and_an_offer_taken_back(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 2)
    contact_id = offered(scheduling, municipality=KOUVOLA)
    held = hold(scheduling, contact_id, _first(scheduling, contact_id))
    mark(scheduling, contact_id)
    ask = BookVisit(contact_id=contact_id, hold_id=held.hold_id, language="fi")
    assert refusal(scheduling, ask, client(contact_id)) == "hold-expired"
    assert not times(scheduling, contact_id).offered
    assert refusal(scheduling, OfferTimes(contact_id=contact_id), staff()) == "books-with-staff"


def test_a_professional_books_the_time_with_them(scheduling: Unit) -> None:
    """Nobody is left without a time."""
    publish_hours(scheduling, TOMORROW_AT_NINE, 2)
    contact_id = identified(scheduling, route="callback", municipality=KOUVOLA)
    mark(scheduling, contact_id)
    seen = times(scheduling, contact_id, staff())
    assert (seen.offered, seen.with_staff, len(seen.slots)) == (False, True, 2)
    held = scheduling.asks(HoldSlot(contact_id=contact_id, slot_id=seen.slots[0].slot_id), viewer=staff())
    visit = scheduling.asks(BookVisit(contact_id=contact_id, hold_id=held.hold_id, language="fi"), viewer=staff())
    [told] = scheduling.told_of(VisitBooked)
    assert (told.visit_id, told.municipality, told.recipient) == (visit.visit_id, NOWHERE, None)
    assert told.booked_by == AINO
    assert times(scheduling, contact_id).visit == visit
    assert "visit booked" in [row.what for row in scheduling.audited]


def test_a_professional_picks_no_time_for_who_has_not_identified(scheduling: Unit) -> None:
    """Rule 8 holds for them as for everybody."""
    [slot] = publish_hours(scheduling, TOMORROW_AT_NINE, 1).slots
    contact_id = routed(scheduling)
    mark(scheduling, contact_id)
    assert not times(scheduling, contact_id, staff()).with_staff
    assert refusal(scheduling, HoldSlot(contact_id=contact_id, slot_id=slot.slot_id), staff()) == "not-offered"


def test_a_professional_picks_no_time_for_who_picks_themselves(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 1)
    contact_id = identified(scheduling, **TO_BOOK)
    slot_id = _first(scheduling, contact_id)
    assert refusal(scheduling, HoldSlot(contact_id=contact_id, slot_id=slot_id), staff()) == "not-offered"
    held = hold(scheduling, contact_id, slot_id)
    ask = BookVisit(contact_id=contact_id, hold_id=held.hold_id, language="fi")
    assert refusal(scheduling, ask, staff()) == "not-offered"


def test_what_a_professional_holds_for_them_they_neither_see_nor_book(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 1)
    contact_id = identified(scheduling, **TO_BOOK)
    mark(scheduling, contact_id)
    slot_id = times(scheduling, contact_id, staff()).slots[0].slot_id
    held = scheduling.asks(HoldSlot(contact_id=contact_id, slot_id=slot_id), viewer=staff())
    assert times(scheduling, contact_id).hold is None
    ask = BookVisit(contact_id=contact_id, hold_id=held.hold_id, language="fi")
    assert refusal(scheduling, ask, client(contact_id)) == "hold-expired"
    assert scheduling.asks(ask, viewer=staff()).contact_id == contact_id


def test_an_assistant_books_for_nobody(scheduling: Unit) -> None:
    """Rule 13: a time is agreed on by who may meet the person."""
    publish_hours(scheduling, TOMORROW_AT_NINE, 1)
    contact_id = identified(scheduling, **TO_BOOK)
    mark(scheduling, contact_id)
    slot_id = times(scheduling, contact_id, staff()).slots[0].slot_id
    ask = HoldSlot(contact_id=contact_id, slot_id=slot_id)
    assert refusal(scheduling, ask, staff(licensed=False)) == "licence-needed"


def test_an_older_mark_takes_no_later_offer_back(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 1)
    contact_id = identified(scheduling, municipality=KOUVOLA)
    mark(scheduling, contact_id, in_force=False, version=3)
    scheduling.asks(OfferTimes(contact_id=contact_id), viewer=staff())
    mark(scheduling, contact_id, version=2)
    assert times(scheduling, contact_id).offered


def test_of_who_was_declined_at_once_there_is_nothing_to_forget(scheduling: Unit) -> None:
    """Their routing never comes, so it is not waited for."""
    contact_id = contact_routed().contact_id
    mark(scheduling, contact_id)
    assert scheduling.outcome == "later"
    scheduling.hears(contact_declined(contact_id=contact_id))
    mark(scheduling, contact_id)
    assert scheduling.outcome == "done"


def test_where_the_county_lets_them_they_pick_as_everybody(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 1, area="18")
    contact_id = identified(scheduling, **TO_BOOK_AT_SOITE)
    mark(scheduling, contact_id, area="18")
    assert len(times(scheduling, contact_id).slots) == 1
    assert not scheduling.asks(GetTimes(contact_id=contact_id), viewer=staff()).with_staff


def test_lifted_they_pick_again(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 1)
    contact_id = identified(scheduling, **TO_BOOK)
    mark(scheduling, contact_id)
    mark(scheduling, contact_id, in_force=False, version=3)
    assert times(scheduling, contact_id).offered
    assert home(scheduling, contact_id) == NOWHERE


def _first(unit: Unit, contact_id: UUID) -> UUID:
    slot_id: UUID = times(unit, contact_id).slots[0].slot_id
    return slot_id
