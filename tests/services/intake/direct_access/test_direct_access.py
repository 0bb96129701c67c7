"""Direct access is granted by outcome and exact age, once: at the identification, or when all is answered after it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.settings import ROOT
from contracts.areas import DirectAccess, load_areas
from contracts.intake import DirectAccessGranted
from contracts.portal import AgeBand, Origin, QuestionsAnswered, WarningShown
from services.intake.direct_access.domain import granted
from tests.factories import contact_opened, identity_verified, like_the_example
from tests.services.intake.builders import answers, sealed_person
from tests.services.intake.identity.test_age import SECOND, code_of, midnight
from tests.unit import Unit

COUNTY = DirectAccess()
DAY = date(2026, 11, 24)
NEW = {"duration": "under_3_months", "limits": "some"}


def identifies(unit: Unit, born: date, at: datetime, **told: str) -> UUID:
    """Somebody with a new trouble comes in and identifies at an instant."""
    contact_id = uuid4()
    unit.clock.set(at - timedelta(minutes=5))
    unit.hears(contact_opened(contact_id=contact_id, age_band=AgeBand.FROM_23_TO_74, answers=answers(**NEW | told)))
    unit.clock.set(at)
    person = unit.seal(sealed_person(personal_identity_code=code_of(born)))
    unit.hears(identity_verified(contact_id=contact_id, person=person, verified_at=at))
    assert unit.outcome == "done"
    return contact_id


def test_the_criteria_are_those_of_the_source() -> None:
    """Rule 22: 16-75 years, 60 minutes. Source: Varsinais-Suomi 2024."""
    assert (COUNTY.youngest, COUNTY.oldest, COUNTY.minutes) == (16, 75, 60)
    areas = load_areas(ROOT / "deploy" / "areas", practice=False)
    assert [area.direct_access for area in areas.values()] == [COUNTY, COUNTY]


@pytest.mark.parametrize(
    ("born", "takes"),
    [
        (date(2010, 11, 25), False),  # 15, 16 tomorrow
        (date(2010, 11, 24), True),  # 16 today
        (date(1950, 11, 25), True),  # 75, 76 tomorrow
        (date(1950, 11, 24), False),  # 76 today
        (date(1951, 2, 28), True),
    ],
)
def test_a_county_takes_from_the_birthday_at_16_to_the_day_before_76(born: date, takes: bool) -> None:
    """Rule 22."""
    assert granted(COUNTY, "direct_access_pt", born, DAY) is takes


@pytest.mark.parametrize("outcome", ["physician", "urgent_same_day", "pt_remote", "self_care"])
def test_another_outcome_grants_nothing(outcome: str) -> None:
    """Rule 22: no red flag, and newer than three months, as the rule table says."""
    assert not granted(COUNTY, outcome, date(1981, 2, 21), DAY)


def test_a_county_without_direct_access_grants_none() -> None:
    assert not granted(None, "direct_access_pt", date(1981, 2, 21), DAY)


@pytest.mark.parametrize(("moment", "count"), [(-SECOND, 1), (SECOND * 0, 0)])
def test_75_ends_at_midnight_in_helsinki(intake: Unit, moment: timedelta, count: int) -> None:
    """Rule 22."""
    identifies(intake, date(1951, 1, 12), midnight(date(2027, 1, 12)) + moment)
    assert len(intake.told_of(DirectAccessGranted)) == count


@pytest.mark.parametrize(("moment", "count"), [(-SECOND, 1), (SECOND * 0, 0)])
def test_who_was_born_on_a_leap_day_is_76_on_it(intake: Unit, moment: timedelta, count: int) -> None:
    """Rules 2 and 22."""
    identifies(intake, date(1952, 2, 29), midnight(date(2028, 2, 29)) + moment)
    assert len(intake.told_of(DirectAccessGranted)) == count


def test_it_is_told_once_for_whoever_may(intake: Unit) -> None:
    contact_id = identifies(intake, date(1981, 2, 21), intake.clock() + timedelta(hours=1))
    [told] = intake.told_of(DirectAccessGranted)
    assert (told.contact_id, told.granted_at) == (contact_id, intake.clock())


@pytest.mark.parametrize("told", [{"duration": "over_3_months"}, {"limits": "none"}])
def test_an_old_or_mild_trouble_grants_nothing(intake: Unit, told: dict[str, str]) -> None:
    identifies(intake, date(1981, 2, 21), intake.clock() + timedelta(hours=1), **told)
    assert intake.told_of(DirectAccessGranted) == []


def test_a_county_whose_ages_contradict_each_other_is_refused() -> None:
    with pytest.raises(ValueError, match="youngest is not above oldest"):
        DirectAccess(youngest=76, oldest=75)


def test_who_has_still_to_answer_is_granted_nothing(intake: Unit) -> None:
    """Rule 22: an unanswered red flag is none that was ruled out."""
    contact_id, known = uuid4(), [one for one in answers(**NEW) if one.question in NEW]
    intake.hears(contact_opened(contact_id=contact_id, origin=Origin.OMAOLO, answers=known))
    person = intake.seal(sealed_person(personal_identity_code=code_of(date(1981, 2, 21))))
    intake.hears(identity_verified(contact_id=contact_id, person=person, verified_at=intake.clock()))
    assert (intake.outcome, intake.told_of(DirectAccessGranted)) == ("done", [])


@pytest.mark.parametrize(("rest", "count"), [({}, 1), ({"limits": "none"}, 0)])
def test_who_answers_the_rest_after_identifying_is_granted_it_then(
    intake: Unit, rest: dict[str, str], count: int
) -> None:
    """Rule 22."""
    contact_id, every = uuid4(), answers(**NEW | rest)
    known = [one for one in every if one.question in ("duration", "course")]
    intake.hears(contact_opened(contact_id=contact_id, origin=Origin.OMAOLO, answers=known))
    person = intake.seal(sealed_person(personal_identity_code=code_of(date(1981, 2, 21))))
    intake.hears(identity_verified(contact_id=contact_id, person=person, verified_at=intake.clock()))
    left = [one for one in every if one not in known]
    intake.hears(like_the_example(QuestionsAnswered, contact_id=contact_id, answers=left))
    assert (intake.outcome, len(intake.told_of(DirectAccessGranted))) == ("done", count)


def test_who_went_on_past_a_warning_is_granted_nothing(intake: Unit) -> None:
    """Rules 11 and 22."""
    contact_id = uuid4()
    warned = {"warned": WarningShown.EMERGENCY_112, "age_band": AgeBand.FROM_23_TO_74}
    intake.hears(contact_opened(contact_id=contact_id, answers=answers(**NEW), **warned))
    person = intake.seal(sealed_person(personal_identity_code=code_of(date(1981, 2, 21))))
    intake.hears(identity_verified(contact_id=contact_id, person=person, verified_at=intake.clock()))
    assert (intake.outcome, intake.told_of(DirectAccessGranted)) == ("done", [])
