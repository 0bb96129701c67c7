"""Reasons as professionals give them, and contacts counted by reason, site and week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import Refused, Role, Viewer
from contracts.areas import load_areas
from contracts.demand import DemandView, GetDemand, GetReason, ReasonRecorded, RecordReason
from contracts.portal import Origin
from contracts.public import TroubleGroup
from services.intake.app import build
from tests.factories import AINO, client, contact_opened, staff
from tests.services.intake.builders import answers
from tests.stack import DATABASES
from tests.unit import Unit, practice_settings

NECK, BACK, JOINT, OTHER = TroubleGroup
PERHO, LESTI, TUNKKARI, KOKKOLA = "perho", "lestijokilaakso", "tunkkari", "kokkola"
SURVEY = {
    NECK: {PERHO: 4, LESTI: 5, TUNKKARI: 4, KOKKOLA: 2},
    BACK: {PERHO: 6, LESTI: 6, TUNKKARI: 3, KOKKOLA: 10},
    JOINT: {PERHO: 15, LESTI: 23, TUNKKARI: 9, KOKKOLA: 31},
    OTHER: {PERHO: 2, LESTI: 2, TUNKKARI: 0, KOKKOLA: 5},
}
"""Referral survey of 20.11.-3.12.2023. Source: Soite's report (mission.md section 2)."""
TROUBLE = {NECK: "neck_shoulder", BACK: "back", JOINT: "knee", OTHER: "other"}
FIRST, SECOND = "2023-W47", "2023-W48"
THERAPIST = staff(AINO, "18")


@pytest.fixture(params=DATABASES)
def intake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Unit]:
    over = {}
    if request.param == "postgresql":
        over = {"database_url": request.getfixturevalue("postgres").make(["intake"])}
    unit = Unit(build(practice_settings(tmp_path, **over)))
    yield unit
    unit.close()


def comes(intake: Unit, trouble: str = "knee", *, municipality: str = "272", **over: Any) -> UUID:
    """A contact at Soite; its id."""
    contact_id = uuid4()
    told = {"contact_id": contact_id, "trouble": trouble, "answers": answers(trouble)} | over
    intake.hears(contact_opened(area="18", municipality=municipality, **told))
    assert intake.outcome == "done"
    return contact_id


def survey(intake: Unit) -> None:
    """Every referral of the survey as a fact, in turn from each municipality of its site, over both weeks."""
    municipalities = {
        site.code: site.municipalities for site in load_areas(Path("deploy/areas"), practice=True)["18"].sites
    }
    turn = count()
    for reason, by_site in SURVEY.items():
        for site, contacts in by_site.items():
            for _ in range(contacts):
                number = next(turn)
                comes(
                    intake,
                    TROUBLE[reason],
                    municipality=municipalities[site][number % len(municipalities[site])],
                    origin=Origin.REFERRAL,
                    opened_at=datetime(2023, 11, 20 + number % 10, 9, 0, tzinfo=UTC),
                )


def demand(intake: Unit, *, viewer: Viewer = THERAPIST, **over: Any) -> DemandView:
    asked = {"area": "18", "first_week": FIRST, "last_week": SECOND} | over
    found = intake.asks(GetDemand(**asked), viewer=viewer)
    assert isinstance(found, DemandView)
    return found


def test_the_referral_survey_gives_its_16_cells_and_both_margins(intake: Unit) -> None:
    """127 referrals. Source: Soite's report (mission.md section 2)."""
    survey(intake)
    found = demand(intake)
    assert {(one.reason, one.site): one.contacts for one in found.table} == {
        (reason, site): contacts for reason, by_site in SURVEY.items() for site, contacts in by_site.items()
    }
    assert len(found.table) == 16
    assert found.by_reason == {NECK: 15, BACK: 25, JOINT: 78, OTHER: 9}
    assert found.by_site == {PERHO: 27, LESTI: 36, TUNKKARI: 16, KOKKOLA: 48}
    assert found.total == 127
    assert sum(cell.contacts for cell in found.cells) == 127
    assert {cell.week for cell in found.cells} == {FIRST, SECOND}


def test_one_week_and_one_door_are_counted_alone(intake: Unit) -> None:
    comes(intake, opened_at=datetime(2023, 11, 22, 9, 0, tzinfo=UTC))
    comes(intake, opened_at=datetime(2023, 11, 29, 9, 0, tzinfo=UTC), origin=Origin.BOOKING)
    assert demand(intake, last_week=FIRST).total == 1
    assert demand(intake, origin=Origin.BOOKING).total == 1
    assert demand(intake).total == 2


@pytest.mark.parametrize(
    ("opened_at", "week"),
    [
        (datetime(2023, 11, 26, 21, 59, tzinfo=UTC), "2023-W47"),  # Sunday 23.59 in Finland
        (datetime(2023, 11, 26, 22, 0, tzinfo=UTC), "2023-W48"),
        (datetime(2024, 12, 29, 22, 0, tzinfo=UTC), "2025-W01"),  # Monday 30.12. belongs to the next year's first week
        (datetime(2027, 1, 3, 12, 0, tzinfo=UTC), "2026-W53"),
    ],
)
def test_a_week_runs_from_monday_to_sunday_in_finland(intake: Unit, opened_at: datetime, week: str) -> None:
    comes(intake, opened_at=opened_at)
    assert demand(intake, first_week=week, last_week=week).total == 1


def test_the_same_contact_told_twice_counts_once(intake: Unit) -> None:
    told = contact_opened(area="18", municipality="272", trouble="knee", answers=answers(), contact_id=uuid4())
    intake.hears(told)
    intake.hears(told)
    assert demand(intake, first_week="2026-W48", last_week="2026-W48").total == 1


# What a professional says


def test_a_professionals_reason_replaces_what_the_person_told(intake: Unit) -> None:
    contact_id = comes(intake, "other")
    intake.asks(RecordReason(contact_id=contact_id, reason=BACK, code="L86"), viewer=THERAPIST)
    found = demand(intake, first_week="2026-W48", last_week="2026-W48")
    assert (found.by_reason[BACK], found.by_reason[OTHER]) == (1, 0)
    (told,) = intake.told_of(ReasonRecorded)
    assert (told.reason, told.code, told.site, told.area, told.municipality) == (BACK, "L86", KOKKOLA, "18", "272")


def test_the_same_reason_again_is_told_once(intake: Unit) -> None:
    contact_id = comes(intake)
    for _ in range(2):
        intake.asks(RecordReason(contact_id=contact_id, reason=JOINT, code="M17.1"), viewer=THERAPIST)
    assert len(intake.told_of(ReasonRecorded)) == 1


def test_to_confirm_what_the_person_told_is_a_professionals_word_too(intake: Unit) -> None:
    contact_id = comes(intake)
    assert intake.asks(GetReason(contact_id=contact_id), viewer=THERAPIST).recorded_at is None
    intake.asks(RecordReason(contact_id=contact_id, reason=JOINT), viewer=THERAPIST)
    assert intake.asks(GetReason(contact_id=contact_id), viewer=THERAPIST).recorded_at == intake.clock()


def test_a_reason_is_read_and_changed_on_record(intake: Unit) -> None:
    """Rule 32."""
    contact_id = comes(intake)
    intake.asks(RecordReason(contact_id=contact_id, reason=JOINT), viewer=THERAPIST)
    intake.asks(GetReason(contact_id=contact_id), viewer=THERAPIST)
    assert [(row.action, row.what, row.whom) for row in intake.audited] == [
        ("change", "reason", contact_id),
        ("read", "reason", contact_id),
    ]


@pytest.mark.parametrize("code", ["L15", "L01", "L99", "M00", "M99", "M17.1", "M54.50"])
def test_a_reason_is_of_icpc_2_chapter_l_or_icd_10_m00_to_m99(code: str) -> None:
    assert RecordReason(contact_id=uuid4(), reason=OTHER, code=code).code == code


@pytest.mark.parametrize(
    "code", ["L06", "L30", "L69", "K15", "M1", "M100", "m17", "M17.", "S82", "15", "L１5", "L15\n"]
)
def test_another_code_is_no_reason(code: str) -> None:
    with pytest.raises(ValueError, match="code"):
        RecordReason(contact_id=uuid4(), reason=OTHER, code=code)


@pytest.mark.parametrize("viewer", [staff(AINO, "10"), client(uuid4())], ids=["another county", "another resident"])
def test_a_reason_is_for_staff_of_the_county_alone(intake: Unit, viewer: Viewer) -> None:
    contact_id = comes(intake)
    for ask in (RecordReason(contact_id=contact_id, reason=BACK), GetReason(contact_id=contact_id)):
        with pytest.raises(Refused, match="no such contact"):
            intake.asks(ask, viewer=viewer)


def test_residents_do_not_say_what_the_professional_says(intake: Unit) -> None:
    contact_id = comes(intake)
    with pytest.raises(Refused, match="no such contact"):
        intake.asks(RecordReason(contact_id=contact_id, reason=BACK), viewer=client(contact_id))


def test_visits_a_physician_was_spared_are_coded_ones_that_the_unit_met(intake: Unit) -> None:
    met, sent_on, uncoded = comes(intake), comes(intake, answers=answers(joint_now="yes")), comes(intake)
    for contact_id, code in ((met, "L15"), (sent_on, "M17.1"), (uncoded, None)):
        intake.asks(RecordReason(contact_id=contact_id, reason=JOINT, code=code), viewer=THERAPIST)
    found = demand(intake, first_week="2026-W48", last_week="2026-W48")
    assert (found.coded, found.without_physician) == (2, 1)


# Who may see how much


def test_outside_the_unit_cells_of_fewer_than_five_are_not_shown(intake: Unit) -> None:
    """Rule 38: nor sums they could be worked out from."""
    survey(intake)
    found = demand(intake, viewer=staff(AINO, "10"))
    shown = {(one.reason, one.site): one.contacts for one in found.table}
    expected = {
        (reason, site): contacts if contacts >= 5 or not contacts else None
        for reason, by_site in SURVEY.items()
        for site, contacts in by_site.items()
    }
    assert shown == expected
    assert found.cells == ()
    assert found.by_reason == {NECK: 5, BACK: 22, JOINT: 78, OTHER: 5}
    assert found.total == sum(found.by_site.values()) == 110
    assert (found.coded, found.without_physician) == (None, None)


def test_demand_is_for_staff(intake: Unit) -> None:
    with pytest.raises(Refused, match="staff"):
        demand(intake, viewer=client(uuid4()))


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("2026-W10", "2026-W09", "weeks-reversed"),
        ("2026-W01", "2026-W27", "too-many-weeks"),
        ("2025-W53", "2026-W01", "unknown-week"),  # 2025 has 52
    ],
)
def test_weeks_that_make_no_sense_are_refused(intake: Unit, first: str, last: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        demand(intake, first_week=first, last_week=last)
    assert refused.value.code == code


def test_half_a_year_is_one_answer(intake: Unit) -> None:
    assert demand(intake, first_week="2026-W01", last_week="2026-W26").total == 0


def test_a_county_that_is_not_served_is_refused(intake: Unit) -> None:
    with pytest.raises(Refused) as refused:
        demand(intake, area="07", viewer=Viewer(role=Role.STAFF, id=uuid4(), areas=frozenset({"07"})))
    assert refused.value.code == "unknown-area"
