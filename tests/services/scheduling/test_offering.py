from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from chassis import Hint
from contracts.scheduling import BookVisit, CompleteVisit, HoldSlot, OfferTimes, TimesOffered, VisitState
from tests.factories import AINO, MATTI, client, contact_routed, identity_verified, staff
from tests.services.scheduling.steps import (
    TOMORROW_AT_NINE,
    booked,
    hold,
    identified,
    offered,
    publish,
    publish_hours,
    refusal,
    routed,
    times,
)
from tests.unit import START, Unit


def test_an_identified_contact_is_offered_the_free_times(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 3)
    view = times(scheduling, offered(scheduling))
    assert (view.offered, len(view.slots)) == (True, 3)


def test_an_offer_is_told_with_the_modality_of_the_first_time(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE, modality="phone")
    publish(scheduling, TOMORROW_AT_NINE + timedelta(hours=1))
    contact_id = offered(scheduling, municipality="286")
    assert scheduling.told_of(TimesOffered) == [
        TimesOffered(
            area="10",
            municipality="286",
            contact_id=contact_id,
            therapist_id=AINO,
            modality="phone",
            offered_at=START,
        )
    ]


def test_offering_again_shows_the_same_and_tells_nothing_new(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 3)
    contact_id = offered(scheduling)
    again = scheduling.asks(OfferTimes(contact_id=contact_id), viewer=staff(MATTI))
    assert (len(again.slots), len(scheduling.told_of(TimesOffered))) == (3, 1)


def test_offering_after_the_booking_shows_the_visit_and_tells_nothing_new(scheduling: Unit) -> None:
    visit = booked(scheduling)
    again = scheduling.asks(OfferTimes(contact_id=visit.contact_id), viewer=staff())
    assert again.visit == visit
    assert len(scheduling.told_of(TimesOffered)) == 1


def test_offering_again_when_every_time_is_taken_is_no_refusal(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    mine, other = offered(scheduling), offered(scheduling)
    hold(scheduling, other, times(scheduling, other).slots[0].slot_id)
    again = scheduling.asks(OfferTimes(contact_id=mine), viewer=staff())
    assert (again.offered, again.slots) == (True, ())


def test_an_offer_makes_the_pages_of_the_contact_read_again(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = identified(scheduling)
    scheduling.hinted.clear()
    scheduling.asks(OfferTimes(contact_id=contact_id), viewer=staff())
    assert scheduling.hinted == [Hint(contact=contact_id)]


def test_an_anonymous_contact_is_offered_nothing(scheduling: Unit) -> None:
    """A time needs strong identification first: rule 8."""
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = routed(scheduling)
    assert refusal(scheduling, OfferTimes(contact_id=contact_id), staff()) == "not-identified"


def test_nothing_is_offered_while_nobody_is_free(scheduling: Unit) -> None:
    contact_id = identified(scheduling)
    assert refusal(scheduling, OfferTimes(contact_id=contact_id), staff()) == "no-free-times"


def test_in_person_times_are_no_remote_times(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE, modality="near")
    contact_id = identified(scheduling)
    assert refusal(scheduling, OfferTimes(contact_id=contact_id), staff()) == "no-free-times"


def test_times_of_another_county_are_not_offered(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE, area="18")
    contact_id = identified(scheduling)
    assert refusal(scheduling, OfferTimes(contact_id=contact_id), staff()) == "no-free-times"


def test_a_therapist_offers_nothing_to_a_contact_of_another_county(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = identified(scheduling)
    assert refusal(scheduling, OfferTimes(contact_id=contact_id), staff(MATTI, "18")) == "not-yours"


def test_an_unknown_contact_looks_like_one_of_another_county(scheduling: Unit) -> None:
    assert refusal(scheduling, OfferTimes(contact_id=uuid4()), staff()) == "not-yours"


def test_a_resident_offers_themselves_nothing(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = identified(scheduling)
    assert refusal(scheduling, OfferTimes(contact_id=contact_id), client(contact_id)) == "not-yours"


def test_a_contact_that_was_offered_nothing_sees_no_times(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    view = times(scheduling, identified(scheduling))
    assert (view.offered, view.slots, view.hold, view.visit) == (False, (), None, None)


def test_an_unknown_contact_sees_no_times(scheduling: Unit) -> None:
    assert times(scheduling, uuid4()).offered is False


def test_another_resident_sees_nothing_of_a_contact(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 3)
    contact_id = offered(scheduling)
    hold(scheduling, contact_id, times(scheduling, contact_id).slots[0].slot_id)
    view = times(scheduling, contact_id, client(uuid4()))
    assert (view.offered, view.slots, view.hold, view.visit) == (False, (), None, None)


def test_a_time_is_shown_until_fifteen_minutes_before_it_starts(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    scheduling.clock.set(TOMORROW_AT_NINE - timedelta(minutes=15))
    assert len(times(scheduling, contact_id).slots) == 1
    scheduling.clock.advance(timedelta(seconds=1))
    assert times(scheduling, contact_id).slots == ()


def test_a_held_time_is_shown_to_nobody_else(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 2)
    mine, other = offered(scheduling), offered(scheduling)
    held = hold(scheduling, mine, times(scheduling, mine).slots[0].slot_id)
    assert held.slot.slot_id not in {slot.slot_id for slot in times(scheduling, other).slots}


def test_a_time_whose_hold_has_expired_is_shown_again_before_any_sweep(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    mine, other = offered(scheduling), offered(scheduling)
    hold(scheduling, mine, times(scheduling, mine).slots[0].slot_id)
    scheduling.clock.advance(timedelta(minutes=10))
    assert len(times(scheduling, other).slots) == 1


def test_a_booked_time_is_shown_to_nobody(scheduling: Unit) -> None:
    visit = booked(scheduling)
    publish(scheduling, visit.starts_at + timedelta(hours=5))
    assert [slot.starts_at for slot in times(scheduling, offered(scheduling)).slots] == [
        visit.starts_at + timedelta(hours=5)
    ]


def test_who_has_booked_sees_the_visit_and_no_more_times(scheduling: Unit) -> None:
    visit = booked(scheduling)
    publish(scheduling, visit.starts_at + timedelta(hours=5))
    view = times(scheduling, visit.contact_id)
    assert (view.slots, view.hold, view.visit) == ((), None, visit)


def test_a_completed_visit_is_shown_and_ends_the_offer(scheduling: Unit) -> None:
    visit = booked(scheduling)
    scheduling.asks(CompleteVisit(visit_id=visit.visit_id, held_early=True), viewer=staff())
    view = times(scheduling, visit.contact_id)
    assert view.visit is not None
    assert (view.offered, view.visit.state) == (False, VisitState.COMPLETED)


def test_a_new_offer_after_a_completed_visit_shows_times_again(scheduling: Unit) -> None:
    visit = booked(scheduling)
    scheduling.asks(CompleteVisit(visit_id=visit.visit_id, held_early=True), viewer=staff())
    publish(scheduling, visit.starts_at + timedelta(hours=5))
    scheduling.asks(OfferTimes(contact_id=visit.contact_id), viewer=staff())
    view = times(scheduling, visit.contact_id)
    assert (view.visit, len(view.slots)) == (None, 1)


def test_a_therapist_looking_at_a_visit_is_on_record(scheduling: Unit) -> None:
    """Every read of a client's data by staff is logged: rule 32."""
    visit = booked(scheduling)
    before = len(scheduling.audited)
    times(scheduling, visit.contact_id, staff(MATTI))
    row = scheduling.audited[before]
    assert (row.action, row.viewer_id, row.whom) == ("read", MATTI, visit.contact_id)


def test_identification_before_the_routing_has_arrived_is_tried_again_later(scheduling: Unit) -> None:
    scheduling.hears(identity_verified(contact_id=uuid4()))
    assert scheduling.outcome == "later"


def test_identification_makes_the_pages_of_the_contact_read_again(scheduling: Unit) -> None:
    contact_id = identified(scheduling)
    assert scheduling.hinted == [Hint(contact=contact_id)]


def test_an_older_routing_that_comes_late_changes_nothing(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = uuid4()
    scheduling.hears(contact_routed(contact_id=contact_id, municipality="286"), version=3)
    scheduling.hears(contact_routed(contact_id=contact_id, municipality="285"), version=2)
    scheduling.hears(identity_verified(contact_id=contact_id))
    scheduling.asks(OfferTimes(contact_id=contact_id), viewer=staff())
    assert scheduling.told_of(TimesOffered)[0].municipality == "286"


def test_a_newer_routing_keeps_identification_and_offer(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    scheduling.hears(contact_routed(contact_id=contact_id, route="callback"), version=2)
    assert times(scheduling, contact_id).offered is True


def sent_to_book(unit: Unit) -> UUID:
    """A contact that came to book."""
    contact_id = uuid4()
    unit.hears(contact_routed(contact_id=contact_id, route="booking", origin="booking"))
    return contact_id


def test_who_is_sent_to_book_picks_only_after_identifying(scheduling: Unit) -> None:
    """Rule 8."""
    publish(scheduling, TOMORROW_AT_NINE)
    slot = times(scheduling, offered(scheduling)).slots[0]
    contact_id = sent_to_book(scheduling)
    ask = HoldSlot(contact_id=contact_id, slot_id=slot.slot_id)
    assert refusal(scheduling, ask, client(contact_id)) == "identify-first"
    scheduling.hears(identity_verified(contact_id=contact_id))
    assert times(scheduling, contact_id).slots == (slot,)


def test_who_was_sent_to_book_and_has_been_met_picks_no_second_time_alone(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 2)
    contact_id = sent_to_book(scheduling)
    scheduling.hears(identity_verified(contact_id=contact_id))
    held = hold(scheduling, contact_id, times(scheduling, contact_id).slots[0].slot_id)
    book = BookVisit(contact_id=contact_id, hold_id=held.hold_id, language="fi")
    visit = scheduling.asks(book, viewer=client(contact_id))
    scheduling.asks(CompleteVisit(visit_id=visit.visit_id, held_early=True), viewer=staff())
    assert times(scheduling, contact_id).offered is False


def test_who_is_sent_elsewhere_later_picks_no_time(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = sent_to_book(scheduling)
    scheduling.hears(identity_verified(contact_id=contact_id))
    scheduling.hears(contact_routed(contact_id=contact_id, route="chat", origin="booking"), version=2)
    assert times(scheduling, contact_id).offered is False
