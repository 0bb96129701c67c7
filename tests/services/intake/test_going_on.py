"""A person who was told to turn elsewhere and goes on meets a physiotherapist, who is told of it (rule 11)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from chassis import Hint
from contracts.cases import GetOffer
from contracts.intake import ContactRouted, GetContact, Route, RouteReason
from contracts.portal import Origin, WarningShown
from services.intake.app import build
from tests.factories import client, contact_opened, warning_passed
from tests.services.intake.builders import answers
from tests.services.intake.test_deciding import SIXTEEN_IN_HELSINKI
from tests.unit import Unit, practice_settings

CONTACT = UUID("6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e11")


def warned(unit: Unit, **over: Any) -> None:
    """A contact that a red flag has sent elsewhere."""
    unit.hears(contact_opened(contact_id=CONTACT, answers=answers(joint_now="yes"), **over))


def went_on(unit: Unit, outcome: WarningShown = WarningShown.URGENT_NOW) -> ContactRouted:
    """The person goes on; the decision that replaces the first one."""
    unit.hears(warning_passed(contact_id=CONTACT, outcome=outcome))
    routed: ContactRouted = unit.told_of(ContactRouted)[-1]
    return routed


def test_who_goes_on_is_routed_to_the_open_chat_with_the_alert(intake: Unit) -> None:
    """Rule 11."""
    warned(intake)
    routed = went_on(intake)
    assert (routed.route, routed.alert) == (Route.CHAT, WarningShown.URGENT_NOW)
    assert routed.reasons == (RouteReason.RED_FLAG, RouteReason.WARNING_PASSED, RouteReason.CHAT_OPEN)


def test_who_goes_on_while_the_chat_is_closed_is_called_with_the_alert(real_intake: Unit) -> None:
    """Rule 11."""
    real_intake.clock.set(SIXTEEN_IN_HELSINKI)
    warned(real_intake)
    routed = went_on(real_intake)
    assert (routed.route, routed.alert) == (Route.CALLBACK, WarningShown.URGENT_NOW)
    assert routed.reasons[-1] is RouteReason.CHAT_CLOSED


def test_who_came_to_book_and_goes_on_talks_to_somebody_first(intake: Unit) -> None:
    warned(intake, origin=Origin.BOOKING)
    routed = went_on(intake)
    assert (routed.route, routed.origin) == (Route.CHAT, Origin.BOOKING)


def test_of_what_was_shown_and_what_was_found_the_more_severe_is_told(intake: Unit) -> None:
    warned(intake)
    assert went_on(intake, WarningShown.PHYSICIAN).alert is WarningShown.URGENT_NOW


def test_who_goes_on_has_an_open_case(intake: Unit) -> None:
    """Sent elsewhere it was over at once; a later contact is offered to go on with it (rule 11)."""
    warned(intake)
    went_on(intake)
    later = uuid4()
    opened_at = intake.clock() + timedelta(hours=1)
    intake.hears(contact_opened(contact_id=later, answers=answers(), opened_at=opened_at))
    offer = intake.asks(GetOffer(contact_id=later, session=(CONTACT,)), viewer=client(later)).offered
    assert offer is not None
    assert offer.open


def test_going_on_twice_changes_nothing_more(intake: Unit) -> None:
    warned(intake)
    went_on(intake)
    went_on(intake)
    assert (intake.outcome, len(intake.told_of(ContactRouted))) == ("refused", 2)


def test_the_same_fact_twice_is_acted_on_once(intake: Unit) -> None:
    warned(intake)
    for _ in range(2):
        intake.hears(warning_passed(contact_id=CONTACT), event_id="same")
    assert (intake.outcome, len(intake.told_of(ContactRouted))) == ("duplicate", 2)


@pytest.mark.parametrize(
    "over", [{}, {"answers": answers(wish="medicine")}, {"municipality": "091"}], ids=["ours", "medicine", "declined"]
)
def test_nobody_goes_on_whom_no_red_flag_has_sent_elsewhere(intake: Unit, over: dict[str, Any]) -> None:
    intake.hears(contact_opened(contact_id=CONTACT, **{"answers": answers()} | over))
    before = intake.told
    intake.hears(warning_passed(contact_id=CONTACT))
    assert (intake.outcome, intake.told) == ("refused", before)


def test_going_on_before_the_contact_is_known_is_tried_again_later(intake: Unit) -> None:
    intake.hears(warning_passed(contact_id=CONTACT))
    assert intake.outcome == "later"


def test_the_persons_page_is_told_to_read_again(intake: Unit) -> None:
    warned(intake)
    intake.hinted.clear()
    went_on(intake)
    assert intake.hinted == [Hint(contact=CONTACT)]


def test_a_contact_shows_the_way_it_goes_now(intake: Unit) -> None:
    warned(intake)
    went_on(intake)
    view = intake.asks(GetContact(contact_id=CONTACT), viewer=client(CONTACT))
    assert (view.route, view.alert, view.outcome) == (Route.CHAT, WarningShown.URGENT_NOW, WarningShown.URGENT_NOW)


def test_who_went_on_from_the_emergency_page_carries_the_alert(intake: Unit) -> None:
    """Rule 11."""
    intake.hears(contact_opened(answers=answers(), warned=WarningShown.EMERGENCY_112))
    [routed] = intake.told_of(ContactRouted)
    assert (routed.route, routed.alert) == (Route.CHAT, WarningShown.EMERGENCY_112)
    assert routed.reasons == (RouteReason.NO_RED_FLAG, RouteReason.WARNING_PASSED, RouteReason.CHAT_OPEN)


def test_an_earlier_warning_opens_no_way_past_a_red_flag(intake: Unit) -> None:
    warned(intake, warned=WarningShown.EMERGENCY_112)
    [routed] = intake.told_of(ContactRouted)
    assert (routed.route, routed.alert) == (Route.ELSEWHERE, None)


@pytest.fixture
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Unit, Unit]]:
    url = request.getfixturevalue("postgres").make(["intake"])
    service = build(practice_settings(tmp_path, database_url=url))
    units = (Unit(service), Unit(service))
    yield units
    for unit in units:
        unit.close()


def test_of_two_processes_that_hear_of_it_at_once_one_decides(two: tuple[Unit, Unit]) -> None:
    slow, quick = two
    warned(slow)

    @event.listens_for(slow.database.engine, "before_cursor_execute")
    def be_quicker(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.endswith("FOR UPDATE") and quick.verdict is None:  # from then on the contact stands still
            quick.hears(warning_passed(contact_id=CONTACT))

    slow.hears(warning_passed(contact_id=CONTACT))
    assert (quick.outcome, slow.outcome, len(slow.told_of(ContactRouted))) == ("done", "refused", 2)
