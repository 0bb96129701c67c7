"""Times of direct access: an hour, by whoever is licensed on the day, for whom it was granted."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from contracts.intake import DirectAccessGranted
from contracts.scheduling import HoldSlot, PublishSlots
from services.scheduling.licences import Licence, LicenceError, LicenceKind, Licences, load_licences
from tests.factories import AINO, MATTI, client, like_the_example, staff
from tests.services.scheduling.steps import TOMORROW_AT_NINE, hold, identified, offered, publish, refusal, times
from tests.unit import Unit


def direct(unit: Unit, **over: Any) -> UUID:
    """Aino publishes one time of direct access; its id."""
    view = unit.asks(asked(**over), viewer=staff())
    return next(slot.slot_id for slot in view.slots if slot.direct_access)


def asked(**over: Any) -> PublishSlots:
    told = {
        "area": "10", "therapist_name": "Aino", "modality": "near", "starts_at": [TOMORROW_AT_NINE], "minutes": 60,
        "direct_access": True,
    }  # fmt: skip
    return PublishSlots.model_validate(told | over)


def grants(unit: Unit, contact_id: UUID) -> UUID:
    unit.hears(like_the_example(DirectAccessGranted, contact_id=contact_id))
    assert unit.outcome == "done"
    return contact_id


def test_it_takes_sixty_minutes(scheduling: Unit) -> None:
    """Rule 22."""
    for minutes in (45, 59, 61, 90):
        assert refusal(scheduling, asked(minutes=minutes), staff()) == "direct-access-length"
    assert direct(scheduling)


def test_who_is_not_licensed_publishes_none(scheduling: Unit) -> None:
    """Rule 22."""
    assert refusal(scheduling, asked(therapist_name="Matti"), staff(MATTI)) == "not-licensed"


@pytest.mark.parametrize(
    ("day", "holds"),
    [((2026, 11, 1), False), ((2026, 11, 2), True), ((2026, 11, 30), True), ((2026, 12, 1), False)],
)
def test_a_licence_holds_from_its_first_day_to_its_last(day: tuple[int, int, int], holds: bool) -> None:
    kind = LicenceKind.DIRECT_ACCESS
    licence = Licence(therapist_id=AINO, kind=kind, since=date(2026, 11, 2), until=date(2026, 11, 30))
    assert Licences([licence]).held(AINO, kind, date(*day)) is holds
    assert not Licences([licence]).held(MATTI, kind, date(*day))


def test_it_is_shown_only_to_whom_it_was_granted(scheduling: Unit) -> None:
    publish(scheduling, TOMORROW_AT_NINE + timedelta(hours=2))
    slot = direct(scheduling)
    plain, granted = offered(scheduling), grants(scheduling, offered(scheduling))
    assert slot not in [each.slot_id for each in times(scheduling, plain).slots]
    shown = times(scheduling, granted).slots
    assert [each.direct_access for each in shown] == [True, False]
    assert refusal(scheduling, HoldSlot(contact_id=plain, slot_id=slot), client(plain)) == "unknown-slot"
    assert hold(scheduling, granted, slot).slot.direct_access


def test_the_grant_may_be_heard_before_the_contact(scheduling: Unit) -> None:
    slot = direct(scheduling)
    contact_id = grants(scheduling, identified(scheduling))
    grants(scheduling, contact_id)  # told again
    publish(scheduling, TOMORROW_AT_NINE + timedelta(hours=2))
    offered_to = offered(scheduling)
    grants(scheduling, offered_to)
    assert slot in [each.slot_id for each in times(scheduling, offered_to).slots]


def test_a_licence_that_has_ended_takes_its_times_with_it(scheduling: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(scheduling, TOMORROW_AT_NINE + timedelta(hours=2))
    slot, contact_id = direct(scheduling), grants(scheduling, offered(scheduling))
    monkeypatch.setattr(Licences, "held", lambda *_: False)
    assert slot not in [each.slot_id for each in times(scheduling, contact_id).slots]
    assert refusal(scheduling, HoldSlot(contact_id=contact_id, slot_id=slot), client(contact_id)) == "unknown-slot"


def test_without_a_file_nobody_is_licensed() -> None:
    assert not load_licences(None).held(AINO, LicenceKind.DIRECT_ACCESS, date(2026, 11, 24))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "licences = 3",
        '[[licences]]\ntherapist_id = "x"\nkind = "direct_access"\nsince = 2026-01-01',
        '[[licences]]\ntherapist_id = "9a3d5c10-77a4-4c8b-9d41-2f9a5a0c1e01"\nkind = "surgery"\nsince = 2026-01-01',
        '[[licences]]\ntherapist_id = "9a3d5c10-77a4-4c8b-9d41-2f9a5a0c1e01"\nkind = "direct_access"\n'
        "since = 2026-01-02\nuntil = 2026-01-01",
    ],
)
def test_a_file_that_makes_no_sense_stops_the_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "licences.toml"
    file.write_text(text)
    with pytest.raises(LicenceError, match=r"licences\.toml"):
        load_licences(file)
