"""Phone and e-mail of a person: kept once they have identified, locked, never what anybody is known by. Rule 34."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.intake import GetPerson, PersonView
from contracts.portal import ContactPointGiven
from tests.factories import contact_opened, like_the_example, staff
from tests.services.intake.builders import answers, code, stored_bytes
from tests.services.intake.identity.test_vault import identified, person_of, persons
from tests.unit import Unit

PHONE, FIXED, EMAIL = "+358401234567", "+35891234567", "aino.koe@example.org"


def gives(unit: Unit, contact_id: UUID, *, minutes: int = 0, **point: Any) -> str:
    given_at = unit.clock() + timedelta(minutes=minutes)
    sealed = unit.seal(point)
    unit.hears(like_the_example(ContactPointGiven, contact_id=contact_id, point=sealed, given_at=given_at))
    assert unit.verdict
    return unit.verdict.code or unit.outcome


def seen(unit: Unit, contact_id: UUID) -> PersonView:
    view: PersonView = unit.asks(GetPerson(contact_id=contact_id), viewer=staff())
    return view


def test_an_identified_persons_phone_and_address_are_kept_and_seen_at_the_desk_on_record(intake: Unit) -> None:
    contact_id = identified(intake)
    assert gives(intake, contact_id, phone=PHONE) == gives(intake, contact_id, email=EMAIL) == "done"
    view = seen(intake, contact_id)
    assert (view.phone, view.takes_sms, view.email) == (PHONE, True, EMAIL)
    rows = [(row.action, row.what, row.whom) for row in intake.audited]
    assert rows == [
        ("change", "identity", contact_id),
        ("change", "phone", contact_id),
        ("change", "email", contact_id),
        ("read", "identity", contact_id),
    ]


def test_text_messages_go_to_mobile_numbers_alone(intake: Unit) -> None:
    contact_id = identified(intake)
    gives(intake, contact_id, phone=FIXED)
    assert (seen(intake, contact_id).phone, seen(intake, contact_id).takes_sms) == (FIXED, False)


def test_of_who_has_not_identified_nothing_is_kept(intake: Unit) -> None:
    contact_id = uuid4()
    intake.hears(contact_opened(contact_id=contact_id, answers=answers()))
    assert gives(intake, contact_id, phone=PHONE) == "not-identified"
    identified(intake, contact_id)
    assert seen(intake, contact_id).phone == ""


def test_a_point_that_comes_before_its_contact_comes_again(intake: Unit) -> None:
    assert gives(intake, uuid4(), phone=PHONE) == "unknown-contact"
    assert intake.outcome == "later"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_latest_word_stays_in_whatever_order_it_is_heard(intake: Unit, order: tuple[int, int]) -> None:
    contact_id = identified(intake)
    for which in order:
        gives(intake, contact_id, minutes=which, phone=(FIXED, PHONE)[which], email=("old@example.org", EMAIL)[which])
    assert (seen(intake, contact_id).phone, seen(intake, contact_id).email) == (PHONE, EMAIL)


def test_one_phone_and_address_make_no_two_persons_one(intake: Unit) -> None:
    """Rule 7: nobody is recognised by phone or e-mail."""
    first = identified(intake)
    second = identified(intake, personal_identity_code=code("210281-997"))
    abroad = identified(intake, personal_identity_code=None)
    for contact_id in (first, second, abroad):
        gives(intake, contact_id, phone=PHONE, email=EMAIL)
    assert len({person_of(intake, each) for each in (first, second, abroad)}) == len(persons(intake)) == 3


def test_every_contact_of_a_person_shows_what_they_gave_once(intake: Unit) -> None:
    first, second = identified(intake), identified(intake)
    gives(intake, first, phone=PHONE)
    assert seen(intake, second).phone == PHONE


def test_it_is_locked_at_rest_and_told_to_nobody(intake: Unit, tmp_path: Path) -> None:
    """Rule 4."""
    contact_id = identified(intake)
    told = intake.told
    gives(intake, contact_id, phone=PHONE, email=EMAIL)
    assert intake.told == told
    intake.close()
    kept = stored_bytes(tmp_path)
    assert not [secret for secret in (PHONE, PHONE[4:], EMAIL) if secret.encode() in kept]


@pytest.mark.parametrize(
    ("point", "refused"),
    [
        ({"phone": "+35860012345"}, "phone-premium"),
        ({"phone": "+41840123456"}, "phone-premium"),
        ({"phone": "+358116117"}, "phone-short"),
        ({"phone": "+35840"}, "bad-contact-point"),
        ({"phone": "+358401"}, "phone-not-callable"),
        ({"phone": "040 123 4567"}, "bad-contact-point"),
        ({"email": "aino@"}, "bad-contact-point"),
        ({"email": f"{EMAIL}\n"}, "bad-contact-point"),
        ({}, "bad-contact-point"),
    ],
    ids=["premium", "shared cost", "helpline", "short", "no number", "not E.164", "no address", "line end", "nothing"],
)
def test_a_dear_number_and_what_reaches_nobody_is_not_kept_whoever_sends_it(
    intake: Unit, point: dict[str, str], refused: str
) -> None:
    contact_id = identified(intake)
    assert gives(intake, contact_id, **point) == refused
    assert intake.outcome == "unprocessable"
    assert (seen(intake, contact_id).phone, seen(intake, contact_id).email) == ("", "")
