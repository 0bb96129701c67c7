from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from chassis import Hint
from contracts.intake import (
    ContactDeclined,
    ContactRouted,
    DeclineReason,
    GetContact,
    Route,
    RouteReason,
    TriageCompleted,
    TriageMode,
    TriageOutcome,
)
from contracts.portal import AgeBand, ContactOpened, Origin
from tests.factories import client, contact_opened
from tests.services.intake.builders import answers
from tests.unit import Unit

CONTACT = UUID("6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e11")
SIXTEEN_IN_HELSINKI = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def opened(trouble: str = "knee", *, area: str = "10", municipality: str = "285", **over: Any) -> ContactOpened:
    told = {"contact_id": CONTACT, "trouble": trouble, "answers": answers(trouble)} | over
    return contact_opened(area=area, municipality=municipality, **told)


def test_a_contact_without_red_flags_is_triaged_and_then_routed_to_the_open_chat(intake: Unit) -> None:
    intake.hears(opened())
    assert intake.told[:2] == [
        TriageCompleted(
            area="10",
            municipality="285",
            contact_id=CONTACT,
            trouble="knee",
            outcome=TriageOutcome.SELF_CARE,
            mode=TriageMode.ROUTING_ONLY,
            rules="2026-11-01",
            flags=(),
            completed_at=intake.clock(),
        ),
        ContactRouted(
            area="10",
            municipality="285",
            contact_id=CONTACT,
            origin=Origin.CHAT,
            language="fi",
            trouble="knee",
            route=Route.CHAT,
            reasons=(RouteReason.NO_RED_FLAG, RouteReason.CHAT_OPEN),
            decided_at=intake.clock(),
        ),
    ]


def test_a_contact_with_a_red_flag_is_routed_elsewhere_and_the_flag_is_told(intake: Unit) -> None:
    intake.hears(opened(answers=answers(joint_now="yes")))
    [triaged], [routed] = intake.told_of(TriageCompleted), intake.told_of(ContactRouted)
    assert (triaged.outcome, triaged.flags) == (TriageOutcome.URGENT_NOW, ("joint_now",))
    assert (routed.route, routed.reasons) == (Route.ELSEWHERE, (RouteReason.RED_FLAG,))


def test_in_practice_the_chat_is_open_at_midnight(intake: Unit) -> None:
    intake.clock.set(datetime(2026, 11, 24, 22, 0, tzinfo=UTC))
    intake.hears(opened())
    assert intake.told_of(ContactRouted)[0].route is Route.CHAT


def test_the_soite_chat_is_open_on_tuesday_at_ten(real_intake: Unit) -> None:
    """Rule 20."""
    real_intake.hears(opened(area="18", municipality="272"))
    assert real_intake.told_of(ContactRouted)[0].route is Route.CHAT


def test_outside_the_chats_hours_the_person_is_called_back(real_intake: Unit) -> None:
    """Rule 20."""
    real_intake.clock.set(SIXTEEN_IN_HELSINKI)
    real_intake.hears(opened(area="18", municipality="272"))
    assert real_intake.told_of(ContactRouted)[0].reasons == (RouteReason.NO_RED_FLAG, RouteReason.CHAT_CLOSED)


def test_the_chat_is_open_when_it_is_decided_not_when_the_person_came(real_intake: Unit) -> None:
    came_at = real_intake.clock()
    real_intake.clock.set(SIXTEEN_IN_HELSINKI)
    real_intake.hears(opened(area="18", municipality="272", opened_at=came_at))
    assert real_intake.told_of(ContactRouted)[0].route is Route.CALLBACK


def test_who_came_to_book_is_routed_to_booking(intake: Unit) -> None:
    intake.hears(opened(origin=Origin.BOOKING))
    assert intake.told_of(ContactRouted)[0].route is Route.BOOKING


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"area": "18", "municipality": "272", "age_band": AgeBand.FROM_16_TO_17}, DeclineReason.TOO_YOUNG),
        ({"municipality": "091"}, DeclineReason.OTHER_MUNICIPALITY),
        ({"questionnaire": "2020-01-01"}, DeclineReason.UNKNOWN_QUESTIONNAIRE),
    ],
)
def test_whom_the_unit_cannot_take_is_declined_instead_of_routed(
    intake: Unit, over: dict[str, Any], reason: DeclineReason
) -> None:
    intake.hears(opened(**over))
    [told] = intake.told
    assert isinstance(told, ContactDeclined)
    assert told.reason is reason


def test_a_trouble_that_the_questionnaire_does_not_have_is_declined(intake: Unit) -> None:
    intake.hears(contact_opened(trouble="tooth"))
    assert intake.told_of(ContactDeclined)[0].reason is DeclineReason.UNKNOWN_QUESTIONNAIRE


def test_the_page_of_a_declined_person_still_knows_of_a_red_flag(intake: Unit) -> None:
    intake.hears(opened(age_band=AgeBand.UNDER_16, answers=answers(joint_now="yes")))
    assert intake.asks(GetContact(contact_id=CONTACT), viewer=client(CONTACT)).outcome is TriageOutcome.URGENT_NOW


def test_the_same_fact_twice_is_decided_once(intake: Unit) -> None:
    for _ in range(2):
        intake.hears(opened(), event_id="same")
    assert intake.outcome == "duplicate"
    assert len(intake.told_of(ContactRouted)) == 1


def test_a_second_opening_of_a_contact_changes_nothing(intake: Unit) -> None:
    intake.hears(opened())
    intake.hears(opened(answers=answers(joint_now="yes")))
    assert intake.outcome == "refused"
    assert len(intake.told_of(ContactRouted)) == 1
    assert intake.asks(GetContact(contact_id=CONTACT), viewer=client(CONTACT)).route is Route.CHAT


def test_a_second_opening_of_a_declined_contact_changes_nothing(intake: Unit) -> None:
    intake.hears(opened(municipality="091"))
    intake.hears(opened())
    assert intake.outcome == "refused"
    assert len(intake.told) == 1


def test_an_area_that_nobody_described_cannot_be_decided_about(intake: Unit) -> None:
    intake.hears(opened(area="99"))
    assert (intake.outcome, intake.told) == ("unprocessable", [])


def test_the_persons_page_is_told_to_read_again(intake: Unit) -> None:
    intake.hears(opened())
    assert intake.hinted == [Hint(contact=CONTACT)]
