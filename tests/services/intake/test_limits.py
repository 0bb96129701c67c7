"""A county limits one line of service: who is outside goes another way, and nobody is turned away by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import Refused
from chassis.settings import ROOT
from contracts.areas import Area, Areas, Limits
from contracts.closings import Door
from contracts.intake import ContactRouted, DirectAccessGranted, GetContact, Route, RouteReason
from services.intake import domain
from services.intake.app import build
from tests.factories import contact_opened, identity_verified, staff, warning_passed
from tests.services.intake.builders import answers, code, sealed_person
from tests.services.intake.referrals.sending import send
from tests.unit import Unit, practice_settings

KOTKA, KOUVOLA = "285", "286"
AT_17, AT_18 = code("010109A901"), code("010108A901")
"""Test persons who have turned 17 and 18 by 24.11.2026."""
EVERYBODY: dict[str, Any] = {"municipality": KOTKA, "age_band": "23_74", "language": "fi"}
LIMITED = """
[limits.booking]
minimum_age = 18
non_disclosure = false

[limits.chat]
languages = ["fi", "sv"]
"""


def limited(areas: Areas, **limits: Any) -> Area:
    return areas.area("10").model_copy(update={"limits": {Door.BOOKING: Limits(**limits)}})


@pytest.mark.parametrize(
    ("limits", "who", "inside"),
    [
        ({}, {}, True),
        ({"minimum_age": 18}, {"age_band": "16_17"}, False),
        ({"minimum_age": 18}, {"age_band": "18_22"}, True),
        ({"minimum_age": 20}, {"age_band": "18_22"}, False),
        ({"municipalities": (KOUVOLA,)}, {}, False),
        ({"municipalities": (KOUVOLA, KOTKA)}, {}, True),
        ({"municipalities": (KOUVOLA,)}, {"municipality": "000"}, True),
        ({"languages": ("sv",)}, {}, False),
        ({"languages": ("sv", "fi")}, {}, True),
        ({"acting_for": False}, {"on_behalf": "adult"}, False),
        ({"acting_for": False}, {}, True),
        ({"interpreter": False}, {"interpreter": "ar"}, False),
        ({"interpreter": False}, {}, True),
    ],
)
def test_each_limit_shuts_out_whom_it_names(
    areas: Areas, limits: dict[str, Any], who: dict[str, Any], inside: bool
) -> None:
    """A place that is forgotten (rule 9) shuts out nobody; a limit inside an age band shuts out the band."""
    found = domain.outside(limited(areas, **limits), **EVERYBODY | who)
    assert found == ({} if inside else {Door.BOOKING: RouteReason.OUTSIDE_LIMITS})


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Unit]:
    """Kymenlaakso, had it limited booking to adults and the chat to Finnish and Swedish."""
    file = (ROOT / "deploy/areas/10.toml").read_text("utf-8")
    (tmp_path / "areas").mkdir()
    (tmp_path / "areas/10.toml").write_text(
        file.replace("[limits.booking]\nnon_disclosure = false\n", LIMITED), "utf-8"
    )
    intake = Unit(build(practice_settings(tmp_path / "unit", areas_dir=tmp_path / "areas")))
    yield intake
    intake.close()


def comes(unit: Unit, **over: Any) -> UUID:
    contact_id = uuid4()
    told = {"contact_id": contact_id, "municipality": KOTKA, "answers": answers()}
    unit.hears(contact_opened(**told | over))
    return contact_id


def ways(unit: Unit) -> list[tuple[Route, tuple[RouteReason, ...]]]:
    return [(one.route, one.reasons) for one in unit.told_of(ContactRouted)]


def test_who_is_too_young_to_book_is_taken_to_the_chat(unit: Unit) -> None:
    comes(unit, origin="booking", age_band="16_17")
    reasons = (RouteReason.NO_RED_FLAG, RouteReason.OUTSIDE_LIMITS, RouteReason.CHAT_OPEN)
    assert ways(unit) == [(Route.CHAT, reasons)]


def test_who_is_outside_of_both_leaves_a_message_which_is_always_taken(unit: Unit) -> None:
    comes(unit, origin="booking", age_band="16_17", language="en")
    assert ways(unit) == [(Route.CALLBACK, (RouteReason.NO_RED_FLAG, RouteReason.OUTSIDE_LIMITS))]


def test_who_goes_on_past_a_warning_goes_where_the_limits_let_them(unit: Unit) -> None:
    contact_id = comes(unit, language="en", answers=answers(joint_now="yes"))
    outcome = unit.asks(GetContact(contact_id=contact_id), viewer=staff()).outcome
    unit.hears(warning_passed(contact_id=contact_id, outcome=outcome.value))
    assert ways(unit)[-1][0] is Route.CALLBACK
    assert RouteReason.OUTSIDE_LIMITS in ways(unit)[-1][1]


@pytest.mark.parametrize(("person", "books"), [(AT_17, False), (AT_18, True)], ids=["17", "18"])
def test_who_turns_out_too_young_to_book_on_identifying_leaves_a_message(unit: Unit, person: str, books: bool) -> None:
    """The band was their own word; and no time of direct access is theirs then."""
    quick = answers(duration="under_2_weeks", limits="some")
    contact_id = comes(unit, origin="booking", age_band="23_74", answers=quick)
    sealed = unit.seal(sealed_person(personal_identity_code=person))
    unit.hears(identity_verified(contact_id=contact_id, person=sealed, verified_at=unit.clock()))
    assert unit.outcome == "done"
    seen = unit.asks(GetContact(contact_id=contact_id), viewer=staff())
    assert seen.route is (Route.BOOKING if books else Route.CALLBACK)
    assert len(unit.told_of(DirectAccessGranted)) == books
    assert (RouteReason.OUTSIDE_LIMITS in seen.reasons) is not books


def test_a_referral_for_somebody_who_does_not_book_is_called_and_needs_a_number(unit: Unit) -> None:
    sent = send(unit, personal_identity_code=AT_17)
    assert ways(unit) == [(Route.CALLBACK, (RouteReason.OUTSIDE_LIMITS, RouteReason.CAME_BY_REFERRAL))]
    assert sent.route is Route.CALLBACK
    with pytest.raises(Refused, match="phone-needed"):
        send(unit, personal_identity_code=AT_17, phone=None)
