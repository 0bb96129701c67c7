"""From the form to the visit and the way onward, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import Viewer
from contracts.falls import (
    ChooseFallRoute,
    FallMeasuresRecorded,
    FallMeasuresView,
    FallRoute,
    FallRouteChosen,
    FallRouteReason,
    FallSign,
    FallWorkView,
    GetFallWork,
    RecordFallMeasures,
)
from services.intake.app import build
from tests.factories import client, staff
from tests.services.intake.falls.builders import pathway, refusal_of, screens, short
from tests.services.intake.falls.test_screening import KOKKOLA, comes_in, identifies
from tests.stack import DATABASES
from tests.unit import Unit, practice_settings


@pytest.fixture(params=DATABASES)
def intake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Unit]:
    over = {}
    if request.param == "postgresql":
        over["database_url"] = request.getfixturevalue("postgres").make(["intake"])
    unit = Unit(build(practice_settings(tmp_path, **over)))
    yield unit
    unit.close()


def measures(unit: Unit, contact_id: UUID, *, viewer: Viewer | None = None, **over: Any) -> FallMeasuresView:
    told = {"tug_seconds": "14.2", "berg_points": 41, "fsq_items": [{"code": "self_care", "value": 3}]} | over
    ask = RecordFallMeasures.model_validate({"contact_id": contact_id} | told)
    view: FallMeasuresView = unit.asks(ask, viewer=viewer or staff())
    return view


def chooses(unit: Unit, contact_id: UUID, *, viewer: Viewer | None = None) -> None:
    way = ChooseFallRoute(contact_id=contact_id, route=FallRoute.MUNICIPAL_GROUP, reason=FallRouteReason.KEEPS_ACTIVE)
    unit.asks(way, viewer=viewer or staff())


def work(unit: Unit, *areas: str) -> FallWorkView:
    view: FallWorkView = unit.asks(GetFallWork(), viewer=staff(uuid4(), *areas))
    return view


def waiting(unit: Unit, *areas: str) -> list[UUID]:
    return [one.contact_id for one in work(unit, *areas).to_meet]


def raised(unit: Unit, **over: Any) -> UUID:
    """Somebody whose form leads to a physiotherapist."""
    contact_id = comes_in(unit, **over)
    screens(unit, contact_id=contact_id, viewer=staff())
    return contact_id


def test_measures_are_kept_with_their_units_and_shown_to_staff(intake: Unit) -> None:
    contact_id = comes_in(intake)
    view = measures(intake, contact_id)
    assert (view.tug_seconds, view.berg_points, view.fsq_scores) == (Decimal("14.2"), 41, {"basic": 66.7})
    assert pathway(intake, contact_id, staff()).measures == (view,)
    assert pathway(intake, contact_id, client(contact_id)).measures == ()


def test_what_is_told_of_measures_is_signs_and_no_figure(intake: Unit) -> None:
    """Rule 4: health data stays with the unit."""
    contact_id = comes_in(intake)
    measures(intake, contact_id)
    [told] = intake.told_of(FallMeasuresRecorded)
    assert (told.signs, told.raised_risk, told.berg_band) == (
        (FallSign.TUG_SLOW, FallSign.BERG_LOW),
        True,
        "berg_41_56",
    )
    assert not {"tug_seconds", "berg_points", "fsq_items", "fsq_scores"} & told.model_dump().keys()


def test_a_way_onward_is_told_with_its_reason(intake: Unit) -> None:
    contact_id = raised(intake)
    chooses(intake, contact_id)
    [told] = intake.told_of(FallRouteChosen)
    assert (told.contact_id, told.route, told.reason) == (contact_id, "municipal_group", "keeps_active")
    assert [one.route for one in pathway(intake, contact_id, staff()).routes] == [FallRoute.MUNICIPAL_GROUP]


def test_a_way_onward_follows_a_form_or_a_visit(intake: Unit) -> None:
    contact_id = comes_in(intake)
    assert refusal_of(lambda: chooses(intake, contact_id)) == "nothing-recorded"
    measures(intake, contact_id)
    chooses(intake, contact_id)


@pytest.mark.parametrize("act", [measures, chooses])
def test_only_staff_of_the_area_record_and_choose(intake: Unit, act: Any) -> None:
    contact_id = raised(intake)
    for viewer in (client(contact_id), staff(uuid4(), "18")):
        assert refusal_of(lambda by=viewer: act(intake, contact_id, viewer=by)) == "unknown-contact"


def test_every_record_is_on_record(intake: Unit) -> None:
    """Rule 32."""
    contact_id = raised(intake)
    measures(intake, contact_id)
    chooses(intake, contact_id)
    assert [(row.action, row.what) for row in intake.audited] == [
        ("change", "fall screen"),
        ("change", "fall measures"),
        ("change", "fall route"),
    ]


def test_who_was_sent_to_a_physiotherapist_waits_until_a_way_onward_is_chosen(intake: Unit) -> None:
    """Rule 24: a task, not a score in a drawer."""
    contact_id = raised(intake)
    assert waiting(intake, "10") == [contact_id]
    chooses(intake, contact_id)
    assert waiting(intake, "10") == []


def test_who_is_screened_again_after_a_way_onward_waits_again(intake: Unit) -> None:
    contact_id = raised(intake)
    chooses(intake, contact_id)
    intake.clock.advance(timedelta(days=200))
    screens(intake, contact_id=contact_id, viewer=staff())
    assert waiting(intake, "10") == [contact_id]


@pytest.mark.parametrize(
    ("points", "waits"), [((0, 0, 0), False), ((1, 1, 1), False), ((2, 1, 1), True), ((3, 3, 3), True)]
)
def test_nobody_waits_without_a_reason(intake: Unit, points: tuple[int, int, int], *, waits: bool) -> None:
    contact_id = comes_in(intake)
    screens(intake, contact_id=contact_id, viewer=staff(), answers=short(*points))
    assert bool(waiting(intake, "10")) == waits


def test_a_form_of_nobody_who_came_in_makes_nobody_wait(intake: Unit) -> None:
    screens(intake)
    assert waiting(intake, "10") == []


def test_a_therapist_sees_the_own_areas_alone_the_longest_waiting_first(intake: Unit) -> None:
    first = raised(intake)
    intake.clock.advance(timedelta(minutes=1))
    second, there = raised(intake), raised(intake, **KOKKOLA)
    assert waiting(intake, "10") == [first, second]
    assert waiting(intake, "18") == [there]


def test_one_person_with_two_contacts_waits_once_and_is_done_once(intake: Unit) -> None:
    first = raised(intake)
    intake.clock.advance(timedelta(minutes=1))
    second = raised(intake)
    for contact_id in (first, second):
        identifies(intake, contact_id)
    assert waiting(intake, "10") == [second]
    intake.clock.advance(timedelta(minutes=1))
    chooses(intake, first)
    assert waiting(intake, "10") == []


def test_a_review_is_due_after_six_months_and_done_by_the_next_form(intake: Unit) -> None:
    """Rule 24: 24.11.2026 -> 24.5.2027."""
    contact_id = raised(intake)
    intake.clock.set(intake.clock().replace(year=2027, month=5, day=23))
    assert work(intake, "10").to_review == ()
    intake.clock.advance(timedelta(days=1))
    assert [one.contact_id for one in work(intake, "10").to_review] == [contact_id]
    screens(intake, contact_id=contact_id, viewer=staff(), answers=short(0, 0, 0))
    assert work(intake, "10").to_review == ()


def test_looking_at_the_list_is_on_record(intake: Unit) -> None:
    """Rule 32."""
    contact_id = raised(intake)
    work(intake, "10")
    assert [(row.whom, row.what) for row in intake.audited if row.action == "read"] == [(contact_id, "fall list")]


def test_a_resident_has_no_list_of_others(intake: Unit) -> None:
    assert refusal_of(lambda: intake.asks(GetFallWork(), viewer=client(uuid4()))) == "not-yours"
