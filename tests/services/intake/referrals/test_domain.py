from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from chassis import Refused
from chassis.calendar import age_on, local_date
from contracts.areas import Areas
from contracts.intake import Route, RouteReason
from contracts.portal import AgeBand
from contracts.referrals import ReferralStatus, Urgency
from services.intake.referrals.domain import Taken, area_of, band_of, follows, take, way
from tests.services.intake.builders import code
from tests.services.intake.referrals.sending import sent

TODAY = date(2026, 11, 24)


def taken(areas: Areas, *, today: date = TODAY, test_codes: bool = True, **over: Any) -> Taken:
    ask = sent(**over)
    return take(ask, area_of(ask, areas, {"10", "18"}), today=today, test_codes=test_codes)


def refusal(areas: Areas, **over: Any) -> str:
    with pytest.raises(Refused) as refused:
        taken(areas, **over)
    return refused.value.code


# Who is taken


def test_a_referral_opens_a_contact_of_the_county_the_person_lives_in(areas: Areas) -> None:
    assert [taken(areas, municipality=home).area.code for home in ("285", "272")] == ["10", "18"]


def test_a_referral_for_a_child_of_15_is_refused(areas: Areas) -> None:
    """Rule 2. Kymenlaakso takes people from 16 years on."""
    assert refusal(areas, personal_identity_code=code("251110A901")) == "too-young"


@pytest.mark.parametrize(
    ("municipality", "born", "instant", "is_taken"),
    [
        ("285", "251110A901", datetime(2026, 11, 24, 21, 59, tzinfo=UTC), False),
        ("285", "251110A901", datetime(2026, 11, 24, 22, 0, tzinfo=UTC), True),
        ("272", "251108A901", datetime(2026, 11, 24, 21, 59, tzinfo=UTC), False),
        ("272", "251108A901", datetime(2026, 11, 24, 22, 0, tzinfo=UTC), True),
        ("272", "290208A901", datetime(2026, 2, 28, 12, 0, tzinfo=UTC), False),
        ("272", "290208A901", datetime(2026, 2, 28, 22, 0, tzinfo=UTC), True),
    ],
)
def test_a_person_is_taken_from_the_birthday_on_at_midnight_in_helsinki(
    areas: Areas, municipality: str, born: str, instant: datetime, is_taken: bool
) -> None:
    """Rule 2: has turned 16 in Kymenlaakso, 18 at Soite; born on 29 February, on 1 March."""
    over = {"municipality": municipality, "personal_identity_code": code(born), "today": local_date(instant)}
    if is_taken:
        assert taken(areas, **over).area.minimum_age in (16, 18)
    else:
        assert refusal(areas, **over) == "too-young"


def test_age_counts_birthdays() -> None:
    """Rule 2."""
    born = date(2010, 11, 25)
    assert [age_on(born, day) for day in (date(2026, 11, 24), date(2026, 11, 25))] == [15, 16]


@pytest.mark.parametrize(
    ("age", "band"), [(0, "under_16"), (16, "16_17"), (22, "18_22"), (74, "23_74"), (75, "75_plus")]
)
def test_an_age_falls_into_its_band(age: int, band: str) -> None:
    assert band_of(age) is AgeBand(band)


@pytest.mark.parametrize(
    "wrong",
    [
        "210281-9989",
        "２１０２８１-9988",
        "210281-998８",
        "210281-9988 ",
        "210281-998",
        "310281-9988",
        "010199A923Y",
        "",
    ],
    ids=["check character", "full-width", "one full-width", "space", "short", "no such day", "future", "empty"],
)
def test_a_bad_personal_identity_code_is_refused_and_never_quoted(areas: Areas, wrong: str) -> None:
    """Rules 3 and 4."""
    with pytest.raises(Refused) as refused:
        taken(areas, personal_identity_code=wrong)
    assert refused.value.code == "bad-personal-identity-code"
    assert not wrong or wrong not in str(refused.value)


def test_a_test_persons_code_is_refused_in_production(areas: Areas) -> None:
    """Rule 3."""
    assert refusal(areas, test_codes=False) == "test-personal-identity-code"


def test_a_municipality_that_nobody_knows_is_refused(areas: Areas) -> None:
    assert refusal(areas, municipality="999") == "unknown-municipality"


def test_a_sender_sends_to_the_counties_it_serves_alone(areas: Areas) -> None:
    with pytest.raises(Refused, match="other-municipality"):
        area_of(sent(municipality="272"), areas, {"10"})


@pytest.mark.parametrize("good", ["L03", "L15", "M54.5", "M17", "M75.10", None])
def test_a_reason_is_coded_in_icpc_chapter_l_or_icd_m(areas: Areas, good: str | None) -> None:
    """Source: domain.md section 6."""
    assert taken(areas, code=good)


@pytest.mark.parametrize("bad", ["L06", "L21", "K40", "M5", "M54,5", "S83.2", "m54.5", "M54.555", "selkä", ""])
def test_another_code_is_no_reason(areas: Areas, bad: str) -> None:
    """Source: domain.md section 6."""
    assert refusal(areas, code=bad) == "bad-reason-code"


def test_the_person_is_met_where_people_of_the_municipality_are(areas: Areas) -> None:
    assert [taken(areas, municipality=home).site for home in ("285", "421")] == ["285", "lestijokilaakso"]


def test_a_professional_may_name_another_site_of_the_county(areas: Areas) -> None:
    assert taken(areas, municipality="421", site="kokkola").site == "kokkola"
    assert refusal(areas, municipality="421", site="286") == "unknown-site"


# Where they go


def test_who_was_sent_chooses_a_time_alone() -> None:
    assert way(Urgency.ROUTINE, red_flags_checked=True, phone=False) == (Route.BOOKING, (RouteReason.CAME_BY_REFERRAL,))


@pytest.mark.parametrize(
    ("urgency", "checked", "first"),
    [
        (Urgency.URGENT, True, RouteReason.URGENT_REFERRAL),
        (Urgency.ROUTINE, False, RouteReason.RED_FLAGS_NOT_CHECKED),
    ],
)
def test_who_is_urgent_or_was_not_looked_at_for_red_flags_is_called(
    urgency: Urgency, checked: bool, first: RouteReason
) -> None:
    """Rule 10: nobody slips past the red flags."""
    route, reasons = way(urgency, red_flags_checked=checked, phone=True)
    assert (route, reasons[0], reasons[-1]) == (Route.CALLBACK, first, RouteReason.CAME_BY_REFERRAL)


@pytest.mark.parametrize(("urgency", "checked"), [(Urgency.URGENT, True), (Urgency.ROUTINE, False)])
def test_nobody_is_to_be_called_without_a_number(urgency: Urgency, checked: bool) -> None:
    with pytest.raises(Refused, match="phone-needed"):
        way(urgency, red_flags_checked=checked, phone=False)


# What becomes of it


def test_a_status_is_never_followed_by_an_earlier_one_unless_a_closed_matter_goes_on() -> None:
    order = list(ReferralStatus)
    later = {(one, other) for one in order for other in order if follows(one, other)}
    assert later == {
        ("received", "contacted"), ("received", "booked"), ("received", "completed"), ("received", "declined"),
        ("received", "closed"), ("contacted", "booked"), ("contacted", "completed"), ("contacted", "declined"),
        ("contacted", "closed"),
        ("booked", "completed"), ("booked", "declined"), ("booked", "closed"),
        ("closed", "booked"), ("closed", "completed"),
    }  # fmt: skip
