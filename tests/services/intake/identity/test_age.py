"""Who may be taken by age, from the birth date of a strong identification. Rule 2."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from chassis import Hint, Refused
from chassis.calendar import HELSINKI, age_on
from contracts.intake import ContactDeclined, ContactRouted, DeclineReason, GetContact, GetPerson
from contracts.portal import AgeBand
from services.intake.identity.models import Person
from tests.factories import client, contact_opened, identity_verified, staff
from tests.services.intake.builders import answers, code, sealed_person
from tests.unit import Unit

KYMENLAAKSO, SOITE = ("10", "285"), ("18", "272")
SECOND = timedelta(seconds=1)


def midnight(day: date) -> datetime:
    """When a day begins in Finland, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=HELSINKI).astimezone(UTC)


def code_of(born: date) -> str:
    sign = "A" if born.year >= 2000 else "-"
    return code(f"{born:%d%m%y}{sign}901")


def identifies(unit: Unit, born: date, at: datetime, home: tuple[str, str] = KYMENLAAKSO, **person: object) -> UUID:
    """Somebody comes in and identifies at an instant."""
    area, municipality = home
    contact_id = uuid4()
    unit.clock.set(at - timedelta(minutes=5))
    place = {"contact_id": contact_id, "area": area, "municipality": municipality}
    unit.hears(contact_opened(**place, age_band=AgeBand.FROM_23_TO_74, answers=answers()))
    unit.clock.set(at)
    told = sealed_person(**{"personal_identity_code": code_of(born)} | person)
    unit.hears(identity_verified(**place, person=unit.seal(told), verified_at=at))
    assert unit.outcome == "done"
    return contact_id


def taken(unit: Unit, contact_id: UUID) -> bool:
    view = unit.asks(GetContact(contact_id=contact_id), viewer=client(contact_id))
    assert (view.declined is None) is view.identified
    return bool(view.identified)


# age


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2010, 11, 24), date(2026, 11, 23), 15),
        (date(2010, 11, 24), date(2026, 11, 24), 16),
        (date(2008, 12, 31), date(2026, 12, 30), 17),
        (date(2009, 1, 1), date(2026, 12, 31), 17),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 28), 19),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        (date(2008, 3, 1), date(2026, 2, 28), 17),
        (date(2026, 11, 24), date(2026, 11, 24), 0),
        (date(1899, 12, 31), date(2026, 12, 31), 127),
    ],
)
def test_age_counts_the_birthdays_that_have_come(born: date, day: date, age: int) -> None:
    assert age_on(born, day) == age


# birthdays around midnight


@pytest.mark.parametrize(("home", "years"), [(KYMENLAAKSO, 16), (SOITE, 18)], ids=["Kymenlaakso", "Soite"])
@pytest.mark.parametrize(
    "turns_on",
    [
        date(2026, 11, 24),
        date(2026, 7, 1),
        date(2027, 1, 1),
        date(2026, 3, 29),
        date(2026, 3, 30),
        date(2026, 10, 25),
        date(2026, 10, 26),
        date(2027, 3, 28),
        date(2027, 3, 29),
    ],
    ids=[
        "in winter",
        "in summer",
        "at new year",
        "the day the clock goes forward",
        "the day after it",
        "the day the clock goes back",
        "the day after that",
        "forward again",
        "the day after that one",
    ],
)
def test_a_person_is_taken_from_midnight_in_helsinki_of_the_birthday_on(
    intake: Unit, home: tuple[str, str], years: int, turns_on: date
) -> None:
    """Rules 2 and 19: midnight in Finland is 21 or 22 hours UTC of the day before."""
    born, begins = turns_on.replace(year=turns_on.year - years), midnight(turns_on)
    assert begins.date() == turns_on - timedelta(days=1)
    assert not taken(intake, identifies(intake, born, begins - SECOND, home))
    assert taken(intake, identifies(intake, born, begins, home))


@pytest.mark.parametrize(
    ("home", "born", "turns_on"),
    [
        (SOITE, date(2008, 2, 29), date(2026, 3, 1)),
        (KYMENLAAKSO, date(2012, 2, 29), date(2028, 2, 29)),
        (KYMENLAAKSO, date(2008, 2, 29), date(2024, 2, 29)),
        (SOITE, date(2004, 2, 29), date(2022, 3, 1)),
    ],
    ids=["18 in a common year", "16 in a leap year", "16 in another", "18 in another common year"],
)
def test_who_was_born_on_a_leap_day_turns_on_the_first_of_march_where_there_is_none(
    intake: Unit, home: tuple[str, str], born: date, turns_on: date
) -> None:
    begins = midnight(turns_on)
    assert not taken(intake, identifies(intake, born, begins - SECOND, home))
    assert taken(intake, identifies(intake, born, begins, home))


def test_the_day_of_identification_counts_however_late_it_is_heard_of(intake: Unit) -> None:
    turns_on = date(2026, 11, 24)
    contact_id, eve = uuid4(), midnight(turns_on) - SECOND
    intake.hears(contact_opened(contact_id=contact_id, answers=answers()))
    told = sealed_person(personal_identity_code=code_of(turns_on.replace(year=2010)))
    intake.hears(identity_verified(contact_id=contact_id, person=intake.seal(told), verified_at=eve))
    assert intake.clock() > midnight(turns_on)
    assert not taken(intake, contact_id)


def test_the_same_person_may_be_old_enough_for_one_county_and_not_for_another(intake: Unit) -> None:
    born = date(2009, 6, 1)
    assert taken(intake, identifies(intake, born, intake.clock(), KYMENLAAKSO))
    assert not taken(intake, identifies(intake, born, intake.clock(), SOITE))


def test_the_told_birth_date_counts_of_a_person_without_a_code(intake: Unit) -> None:
    none = {"personal_identity_code": None, "birth_date": "2012-05-05"}
    assert not taken(intake, identifies(intake, date(2012, 5, 5), intake.clock(), **none))


# what becomes of a contact that turns out too young


def child(unit: Unit) -> UUID:
    return identifies(unit, date(2012, 1, 1), unit.clock())


def test_who_turns_out_too_young_is_declined_and_that_is_told_once(intake: Unit) -> None:
    contact_id = child(intake)
    [declined] = intake.told_of(ContactDeclined)
    assert (declined.contact_id, declined.reason) == (contact_id, DeclineReason.TOO_YOUNG)
    assert len(intake.told_of(ContactRouted)) == 1
    view = intake.asks(GetContact(contact_id=contact_id), viewer=client(contact_id))
    assert (view.state, view.route, view.declined) == ("declined", None, "too_young")


def test_who_turns_out_too_young_is_not_kept(intake: Unit) -> None:
    contact_id = child(intake)
    assert intake.database.read(lambda session: list(session.exec(select(Person)))) == []
    with pytest.raises(Refused, match="not-identified"):
        intake.asks(GetPerson(contact_id=contact_id), viewer=staff())


def test_who_was_too_young_is_not_taken_by_identifying_again(intake: Unit) -> None:
    contact_id = child(intake)
    older = sealed_person(personal_identity_code=code_of(date(1981, 2, 21)))
    intake.hears(identity_verified(contact_id=contact_id, person=intake.seal(older), verified_at=intake.clock()))
    assert (intake.outcome, len(intake.told_of(ContactDeclined))) == ("refused", 1)
    assert not taken(intake, contact_id)


def test_a_child_does_not_take_an_identified_persons_contact_away(intake: Unit) -> None:
    contact_id = identifies(intake, date(1981, 2, 21), intake.clock())
    young = sealed_person(personal_identity_code=code_of(date(2012, 1, 1)))
    intake.hears(identity_verified(contact_id=contact_id, person=intake.seal(young), verified_at=intake.clock()))
    assert intake.outcome == "refused"
    assert taken(intake, contact_id)


def test_the_use_of_the_birth_date_is_on_record_and_open_pages_read_again(intake: Unit) -> None:
    contact_id = child(intake)
    assert [(one.action, one.whom, one.what) for one in intake.audited] == [("change", contact_id, "identity")]
    assert intake.hinted[-1] == Hint(contact=contact_id)
