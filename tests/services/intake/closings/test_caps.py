from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chassis import Refused
from contracts.closings import ClosingReason, Door, DoorClosed, DoorReopened, ReopeningReason
from contracts.intake import Route, RouteReason
from contracts.portal import Origin
from services.intake.app import build
from tests.services.intake.builders import answers
from tests.services.intake.closings.steps import caps, closes, comes_in, local, opens, seen, time_goes_on, utc
from tests.unit import Unit, practice_settings


def routes(unit: Unit, count: int, origin: Origin = Origin.CHAT) -> list[Route | None]:
    return [comes_in(unit, origin).route for _ in range(count)]


def test_a_cap_takes_as_many_as_it_says_and_the_next_one_goes_another_way(intake: Unit) -> None:
    caps(intake, Door.CHAT, 2)
    assert routes(intake, 2) == [Route.CHAT, Route.CHAT]
    found = comes_in(intake)
    assert (found.route, found.reasons) == (Route.CALLBACK, (RouteReason.NO_RED_FLAG, RouteReason.DOOR_FULL))


def test_the_contact_that_fills_a_door_closes_it_until_midnight_and_it_is_told_once(intake: Unit) -> None:
    caps(intake, Door.CHAT, 2)
    routes(intake, 1)
    assert intake.told_of(DoorClosed) == []
    routes(intake, 3)
    [told] = intake.told_of(DoorClosed)
    assert (told.door, told.reason, told.until) == (Door.CHAT, ClosingReason.CAP_REACHED, utc(local(2026, 11, 25)))
    view = seen(intake, Door.CHAT)
    assert (view.open, view.reason, view.today, view.per_day) == (False, ClosingReason.CAP_REACHED, 2, 2)


def test_who_is_sent_elsewhere_or_declined_takes_nobodys_place(intake: Unit) -> None:
    caps(intake, Door.CHAT, 1)
    comes_in(intake, answers=answers(joint_now="yes"))
    comes_in(intake, municipality="091")
    assert (seen(intake, Door.CHAT).today, routes(intake, 1)) == (0, [Route.CHAT])


@pytest.mark.parametrize(
    ("midnight", "name"),
    [
        (local(2026, 11, 25), "an ordinary night"),
        (local(2026, 10, 25), "before the night with an hour twice"),
        (local(2026, 10, 26), "after the day of 25 hours"),
        (local(2026, 3, 29), "before the night that lacks an hour"),
        (local(2026, 3, 30), "after the day of 23 hours"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_cap_counts_a_local_day_and_begins_again_at_midnight(intake: Unit, midnight: datetime, name: str) -> None:
    intake.clock.set(utc(midnight) - timedelta(hours=20))
    caps(intake, Door.CHAT, 2)
    routes(intake, 1)
    intake.clock.set(utc(midnight) - timedelta(microseconds=1))
    assert routes(intake, 2) == [Route.CHAT, Route.CALLBACK], name
    intake.clock.set(utc(midnight))
    assert routes(intake, 3) == [Route.CHAT, Route.CHAT, Route.CALLBACK], name


def test_a_full_door_is_told_open_with_the_new_day(intake: Unit) -> None:
    caps(intake, Door.CHAT, 1)
    routes(intake, 1)
    time_goes_on(intake, local(2026, 11, 24, 23, 59))
    assert intake.told_of(DoorReopened) == []
    for minute in range(2):
        time_goes_on(intake, local(2026, 11, 25, 0, minute))
    [told] = intake.told_of(DoorReopened)
    assert (told.reason, told.closing_id) == (ReopeningReason.NEW_DAY, intake.told_of(DoorClosed)[0].closing_id)


def test_the_first_contact_of_a_day_tells_what_the_job_has_not_told_yet(intake: Unit) -> None:
    caps(intake, Door.CHAT, 1)
    routes(intake, 1)
    intake.clock.set(utc(local(2026, 11, 25)))
    routes(intake, 1)
    time_goes_on(intake, local(2026, 11, 25, 0, 1))
    assert len(intake.told_of(DoorReopened)) == 1
    assert len(intake.told_of(DoorClosed)) == 2


def test_contacts_before_the_cap_was_set_count(intake: Unit) -> None:
    routes(intake, 2)
    caps(intake, Door.CHAT, 2)
    assert routes(intake, 1) == [Route.CALLBACK]
    assert len(intake.told_of(DoorClosed)) == 1


@pytest.mark.parametrize("per_day", [3, None])
def test_a_raised_or_removed_cap_opens_a_full_door(intake: Unit, per_day: int | None) -> None:
    caps(intake, Door.CHAT, 2)
    routes(intake, 2)
    caps(intake, Door.CHAT, per_day)
    assert [told.reason for told in intake.told_of(DoorReopened)] == [ReopeningReason.BY_STAFF]
    assert routes(intake, 1) == [Route.CHAT]


def test_a_full_door_is_not_opened_by_hand(intake: Unit) -> None:
    caps(intake, Door.CHAT, 1)
    routes(intake, 1)
    with pytest.raises(Refused, match="door-full"):
        opens(intake, Door.CHAT)


def test_a_raised_cap_leaves_a_door_closed_that_staff_closed(intake: Unit) -> None:
    caps(intake, Door.CHAT, 1)
    routes(intake, 1)
    closes(intake, Door.CHAT)
    caps(intake, Door.CHAT, 9)
    assert not seen(intake, Door.CHAT).open


def test_a_door_whose_closing_ends_while_it_is_full_stays_closed_until_midnight(intake: Unit) -> None:
    caps(intake, Door.CHAT, 1)
    routes(intake, 1)
    closes(intake, Door.CHAT, until=utc(local(2026, 11, 24, 12)))
    time_goes_on(intake, local(2026, 11, 24, 12))
    view = seen(intake, Door.CHAT)
    assert (view.open, view.reason) == (False, ClosingReason.CAP_REACHED)


# The last way


def test_the_last_lasting_way_takes_everybody_whatever_its_cap(intake: Unit) -> None:
    closes(intake, Door.BOOKING)
    closes(intake, Door.CHAT)
    caps(intake, Door.MESSAGE, 1)
    assert routes(intake, 3) == [Route.CALLBACK] * 3
    assert seen(intake, Door.MESSAGE).open


def test_a_way_over_its_cap_closes_when_another_one_opens(intake: Unit) -> None:
    closes(intake, Door.BOOKING)
    closes(intake, Door.CHAT)
    caps(intake, Door.MESSAGE, 1)
    routes(intake, 2)
    opens(intake, Door.BOOKING)
    assert not seen(intake, Door.MESSAGE).open
    assert routes(intake, 1) == [Route.BOOKING]


def test_of_two_ways_that_are_full_one_stays_open(intake: Unit) -> None:
    closes(intake, Door.CHAT)
    for door in (Door.MESSAGE, Door.BOOKING):
        caps(intake, door, 1)
    found = routes(intake, 4)
    assert set(found) == {Route.CALLBACK, Route.BOOKING}
    assert seen(intake, Door.MESSAGE).open != seen(intake, Door.BOOKING).open


# Doors that only lead in


def test_omaolo_results_above_the_cap_are_taken_and_the_door_is_told_closed(intake: Unit) -> None:
    caps(intake, Door.OMAOLO, 2)
    assert routes(intake, 3, Origin.OMAOLO) == [Route.CHAT] * 3
    assert [told.door for told in intake.told_of(DoorClosed)] == [Door.OMAOLO]
    assert seen(intake, Door.OMAOLO).today == 3


# The area file


def test_a_cap_of_the_area_file_holds_until_staff_set_another(tmp_path: Path) -> None:
    folder = tmp_path / "areas"
    folder.mkdir()
    told = Path("deploy/areas/10.toml").resolve().read_text("utf-8")
    (folder / "10.toml").write_text(told + "\n[caps]\nchat = 1\n", "utf-8")
    unit = Unit(build(practice_settings(tmp_path, areas_dir=folder)))
    assert routes(unit, 2) == [Route.CHAT, Route.CALLBACK]
    caps(unit, Door.CHAT, None)
    assert routes(unit, 1) == [Route.CHAT]
    unit.close()
