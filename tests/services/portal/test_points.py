"""Where an identified person wants to be reached is kept for them, and shown to their therapist. Rule 34."""

from __future__ import annotations

from contracts.portal import CallbackRequested, ContactPointGiven
from tests.services.portal.test_pages import LEFT, evening, held, new_key
from tests.services.portal.town import Town


def test_who_leaves_a_message_after_identifying_is_reached_by_that_number(closed_town: Town) -> None:
    case = evening(closed_town)
    closed_town.identifies(case)
    closed_town.resident.get(case)
    closed_town.resident.post(f"{case}/callback", LEFT)
    [given] = closed_town.told(ContactPointGiven)
    assert "1234567" not in given.model_dump_json()
    opened = closed_town.units["intake"].sealer.unseal(given.point)
    assert opened == {"phone": "+358401234567", "email": None}
    assert closed_town.units["intake"].outcome == "done"


def test_of_who_has_not_identified_the_number_is_for_the_call_alone(closed_town: Town) -> None:
    case = evening(closed_town)
    closed_town.resident.post(f"{case}/callback", LEFT)
    assert (len(closed_town.told(CallbackRequested)), closed_town.told(ContactPointGiven)) == (1, [])


def test_who_books_is_reached_by_the_address_they_gave_and_their_therapist_sees_it(town: Town) -> None:
    case, hold = held(town)
    form = {"hold_id": hold, "email": "kalle@example.org", "key": new_key()}
    for _ in range(2):
        town.resident.post(f"{case}/booking", form)
    assert len(town.told(ContactPointGiven)) == 1
    talk = "/fi/desk/conversation/" + case.rpartition("/")[2]
    assert "kalle@example.org" in town.therapist().get(talk).text


def test_without_an_address_a_booking_says_nothing_of_where_to_reach_anybody(town: Town) -> None:
    case, hold = held(town)
    town.resident.post(f"{case}/booking", {"hold_id": hold, "email": ""})
    assert town.told(ContactPointGiven) == []
