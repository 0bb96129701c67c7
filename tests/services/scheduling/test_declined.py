"""Whom the unit does not take after all gets no time, in whatever order that becomes known. Rule 8."""

from __future__ import annotations

from itertools import permutations
from uuid import UUID, uuid4

import pytest

from chassis import Hint
from chassis.inbox import Ending
from contracts import Event
from contracts.scheduling import HoldSlot, OfferTimes, VisitState
from tests.factories import client, contact_declined, contact_routed, identity_verified, staff
from tests.services.scheduling.steps import (
    TOMORROW_AT_NINE,
    booked,
    hold,
    identified,
    offered,
    publish,
    publish_hours,
    refusal,
    times,
)
from tests.unit import Unit


def declined(unit: Unit, contact_id: UUID) -> UUID:
    unit.hears(contact_declined(contact_id=contact_id), version=2)
    assert unit.outcome == "done"
    return contact_id


def facts(contact_id: UUID) -> list[Event]:
    told = {"contact_id": contact_id}
    return [contact_routed(**told), identity_verified(**told), contact_declined(**told)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_declined_contact_is_offered_nothing_whatever_came_first(scheduling: Unit, order: tuple[int, ...]) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = uuid4()
    told = facts(contact_id)
    waits = [told[place] for place in order if scheduling.hears(told[place]).ending is Ending.LATER]
    assert [scheduling.hears(again, deliveries=2).ending for again in waits] == [Ending.DONE] * len(waits)
    assert refusal(scheduling, OfferTimes(contact_id=contact_id), staff()) == "contact-declined"


def test_what_was_on_offer_is_taken_back(scheduling: Unit) -> None:
    publish_hours(scheduling, TOMORROW_AT_NINE, 3)
    contact_id = offered(scheduling)
    slot_id = times(scheduling, contact_id).slots[0].slot_id
    declined(scheduling, contact_id)
    view = times(scheduling, contact_id)
    assert (view.offered, view.slots) == (False, ())
    assert refusal(scheduling, HoldSlot(contact_id=contact_id, slot_id=slot_id), client(contact_id)) == "not-offered"


def test_a_held_time_is_free_for_others_again(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE)
    contact_id = offered(scheduling)
    hold(scheduling, contact_id, times(scheduling, contact_id).slots[0].slot_id)
    declined(scheduling, contact_id)
    assert times(scheduling, contact_id).hold is None
    assert len(times(scheduling, offered(scheduling)).slots) == 1


def test_a_booked_visit_stays_for_the_therapist_to_settle(scheduling: Unit) -> None:
    visit = booked(scheduling)
    declined(scheduling, visit.contact_id)
    kept = times(scheduling, visit.contact_id).visit
    assert kept is not None
    assert kept.state is VisitState.BOOKED


def test_the_persons_page_is_told_to_read_again(scheduling: Unit) -> None:
    contact_id = declined(scheduling, identified(scheduling))
    assert scheduling.hinted[-1] == Hint(contact=contact_id)
