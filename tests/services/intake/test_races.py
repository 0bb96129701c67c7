"""What two processes of intake must not both do; on PostgreSQL, where they really run side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from contracts.intake import GetPerson
from contracts.referrals import ReferralReceived, ReferralStatusView
from services.intake.app import build
from tests.factories import contact_opened, identity_verified, staff
from tests.services.intake.builders import answers, code, sealed_person
from tests.services.intake.referrals.sending import neighbour, send
from tests.unit import Unit, practice_settings


@pytest.fixture
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Unit, Unit]]:
    url = request.getfixturevalue("postgres").make(["intake"])
    service = build(practice_settings(tmp_path, database_url=url))
    units = (Unit(service), Unit(service))
    yield units
    for unit in units:
        unit.close()


def test_of_two_persons_identified_for_one_contact_at_once_the_first_stays(two: tuple[Unit, Unit]) -> None:
    slow, quick = two
    contact_id = uuid4()
    slow.hears(contact_opened(contact_id=contact_id, answers=answers()))
    first = quick.seal(sealed_person(personal_identity_code=code("210281-902"), given_names="Ensin"))

    @event.listens_for(slow.database.engine, "before_cursor_execute")
    def be_quicker(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("UPDATE contact"):
            quick.hears(identity_verified(contact_id=contact_id, person=first))

    slow.hears(identity_verified(contact_id=contact_id, person=slow.seal(sealed_person())))
    shown = slow.asks(GetPerson(contact_id=contact_id), viewer=staff()).display_name
    assert (quick.outcome, slow.outcome, shown) == ("done", "refused", "Ensin Esimerkki-Virtanen")
    assert slow.verdict is not None
    assert slow.verdict.code == "already-identified"


def test_of_one_referral_sent_twice_at_once_there_is_one(two: tuple[Unit, Unit]) -> None:
    slow, quick = two
    same = {"viewer": neighbour(), "number": "R-1"}
    quicker: list[ReferralStatusView] = []

    @event.listens_for(slow.database.engine, "before_cursor_execute")
    def be_quicker(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO person") and not quicker:
            quicker.append(send(quick, **same))

    later = send(slow, **same)
    assert (later.repeated, later.referral_id) == (True, quicker[0].referral_id)
    assert len(slow.told_of(ReferralReceived)) == 1
