from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import Refused, Unprocessable
from contracts.areas import Area, Areas
from contracts.due import CorrectionReason, DueKind
from contracts.portal import AgeBand, Answer, PromiseKind
from services.chat.domain import callback_due
from services.intake.due import domain
from services.intake.due.domain import Tells
from tests.services.intake.due.steps import local

ASSESSMENT, ADVICE = PromiseKind.ASSESSMENT, PromiseKind.ADVICE
ASKED = ("duration", "course", "limits", "wish")


@pytest.fixture(params=["10", "18"])
def area(request: pytest.FixtureRequest, areas: Areas) -> Area:
    return areas.area(request.param)


def course(*given: str) -> list[Answer]:
    return [Answer(question="course", answer=one) for one in given]


@pytest.mark.parametrize(
    ("questions", "given", "red", "needs"),
    [
        (ASKED, ["new"], False, ASSESSMENT),
        (ASKED, ["worse"], False, ASSESSMENT),
        (ASKED, ["same"], False, ADVICE),
        (ASKED, [], False, ASSESSMENT),
        (ASKED, ["same", "worse"], False, ASSESSMENT),
        (ASKED, ["same"], True, ASSESSMENT),
        (("limits", "wish"), [], False, ADVICE),
        (("limits", "wish"), ["new"], False, ADVICE),
    ],
)
def test_a_new_or_worse_symptom_needs_an_assessment_and_anything_else_advice(
    questions: tuple[str, ...], given: list[str], red: bool, needs: PromiseKind
) -> None:
    """Rules 14 and 16: one question decides; where it was asked and not answered, nobody waits for days."""
    assert domain.need(questions, course(*given), red=red) is needs


def test_of_two_answers_to_the_same_question_the_stricter_counts() -> None:
    assert domain.stricter(ADVICE, ADVICE) is ADVICE
    assert domain.stricter(ADVICE, ASSESSMENT) is domain.stricter(ASSESSMENT, ADVICE) is ASSESSMENT


@pytest.mark.parametrize(
    ("since", "due_on"),
    [
        pytest.param(local(2026, 11, 24, 8, 0), date(2026, 11, 24), id="tuesday_when_the_office_opens"),
        pytest.param(local(2026, 11, 24, 15, 59, 59), date(2026, 11, 24), id="tuesday_just_before_it_closes"),
        pytest.param(local(2026, 11, 27, 14, 59, 59), date(2026, 11, 27), id="friday_just_before_it_closes"),
    ],
)
def test_a_new_symptom_told_in_office_hours_is_assessed_the_same_day(area: Area, since: datetime, due_on: date) -> None:
    """Rule 14: Mon-Thu 8-16, Fri 8-15."""
    assert domain.first(ASSESSMENT, since, area).due_on == due_on


@pytest.mark.parametrize(
    ("since", "due_on"),
    [
        pytest.param(local(2026, 11, 24, 7, 59, 59), date(2026, 11, 24), id="before_the_office_opens"),
        pytest.param(local(2026, 11, 24, 16, 0), date(2026, 11, 25), id="when_it_closes_on_tuesday"),
        pytest.param(local(2026, 11, 27, 15, 0), date(2026, 11, 30), id="when_it_closes_on_friday"),
        pytest.param(local(2026, 12, 23, 16, 0), date(2026, 12, 28), id="before_christmas_eve"),
        pytest.param(local(2026, 12, 24, 10, 0), date(2026, 12, 28), id="christmas_eve"),
        pytest.param(local(2026, 6, 18, 16, 0), date(2026, 6, 22), id="before_midsummer_eve"),
        pytest.param(local(2026, 6, 19, 10, 0), date(2026, 6, 22), id="midsummer_eve"),
        pytest.param(local(2026, 3, 29, 3, 30), date(2026, 3, 30), id="the_night_the_clock_goes_forward"),
        pytest.param(local(2026, 10, 25, 3, 30), date(2026, 10, 26), id="the_night_the_clock_goes_back"),
    ],
)
def test_told_outside_office_hours_the_same_day_begins_when_they_next_begin(
    area: Area, since: datetime, due_on: date
) -> None:
    """Rule 15."""
    assert domain.first(ASSESSMENT, since, area).due_on == due_on


@pytest.mark.parametrize(
    ("start", "due_on"),
    [
        (date(2026, 6, 16), date(2026, 6, 24)),
        (date(2026, 6, 18), date(2026, 6, 26)),
        (date(2026, 12, 22), date(2026, 12, 31)),
        (date(2026, 12, 23), date(2027, 1, 4)),
        (date(2026, 12, 31), date(2027, 1, 11)),
        (date(2027, 3, 24), date(2027, 4, 2)),
        (date(2026, 4, 1), date(2026, 4, 10)),
        (date(2026, 10, 30), date(2026, 11, 6)),
    ],
)
def test_advice_is_due_on_the_fifth_business_day_after(area: Area, start: date, due_on: date) -> None:
    """Rules 16 and 18, fixtures of domain.md section 5: the starting day is not counted."""
    for hour in (0, 10, 23):
        assert domain.first(ADVICE, local(start.year, start.month, start.day, hour), area).due_on == due_on


@pytest.mark.parametrize(
    ("since", "warn_on"),
    [
        pytest.param(local(2026, 11, 24, 10), date(2026, 11, 27), id="tuesday"),
        pytest.param(local(2026, 12, 22, 10), date(2026, 12, 29), id="before_christmas"),
        pytest.param(local(2026, 6, 16, 10), date(2026, 6, 22), id="before_midsummer"),
    ],
)
def test_staff_are_warned_after_the_third_business_day(area: Area, since: datetime, warn_on: date) -> None:
    """Rule 16."""
    assert domain.first(ADVICE, since, area).warn_on == warn_on


def test_an_assessment_of_the_same_day_is_not_warned_of(area: Area) -> None:
    assert domain.first(ASSESSMENT, local(2026, 11, 24, 10), area).warn_on is None


def test_an_area_without_office_hours_cannot_owe_an_assessment(area: Area) -> None:
    closed = area.model_copy(update={"office_hours": ()})
    with pytest.raises(Unprocessable, match="no-office-hours"):
        domain.first(ASSESSMENT, local(2026, 11, 24, 10), closed)


@given(
    since=st.datetimes(datetime(2025, 12, 1), datetime(2028, 1, 31)),  # noqa: DTZ001  # made local below
    kind=st.sampled_from(PromiseKind),
    code=st.sampled_from(["10", "18"]),
)
def test_chat_promises_a_call_by_the_same_day_as_is_owed_here(
    areas: Areas, since: datetime, kind: PromiseKind, code: str
) -> None:
    """Rules 14-16 are read alike by who promises and by who keeps count."""
    moment, area = local(*since.timetuple()[:6]), areas.area(code)
    assert domain.first(kind, moment, area).due_on == callback_due(kind, moment, area)


def test_a_promised_call_is_owed_as_chat_has_promised_it(area: Area) -> None:
    term = domain.promised(ADVICE, date(2026, 12, 1), local(2026, 11, 24, 20, 20), area)
    assert (term.kind, term.due_on, term.warn_on) == (DueKind.ADVICE, date(2026, 12, 1), date(2026, 11, 27))


@pytest.mark.parametrize(
    ("assessed", "young", "due_on"),
    [
        pytest.param(local(2026, 11, 24, 10), True, date(2026, 12, 8), id="under_23_in_14_days"),
        pytest.param(local(2026, 12, 11, 10), True, date(2026, 12, 25), id="not_put_off_from_christmas_day"),
        pytest.param(local(2026, 11, 24, 10), False, date(2027, 2, 24), id="from_23_in_3_months"),
        pytest.param(local(2026, 11, 30, 10), False, date(2027, 2, 28), id="30_11_to_the_end_of_february"),
        pytest.param(local(2027, 11, 30, 10), False, date(2028, 2, 29), id="30_11_to_the_leap_day"),
        pytest.param(local(2026, 8, 31, 10), False, date(2026, 11, 30), id="31_8_to_the_end_of_november"),
        pytest.param(local(2026, 11, 24, 23, 59), False, date(2027, 2, 24), id="reckoned_from_the_local_day"),
        pytest.param(local(2026, 11, 25, 0, 1), False, date(2027, 2, 25), id="and_from_the_next_after_midnight"),
    ],
)
def test_first_treatment_is_due_in_14_days_under_23_and_else_in_3_months(
    assessed: datetime, young: bool, due_on: date
) -> None:
    """Rule 17; the day of the month, or the month's end; never put off to a business day."""
    assert domain.treatment(assessed, young=young).due_on == due_on


@pytest.mark.parametrize(
    ("birth_date", "young"),
    [
        pytest.param(date(2003, 11, 24), False, id="turns_23_on_the_day"),
        pytest.param(date(2003, 11, 25), True, id="turns_23_the_day_after"),
    ],
)
def test_the_age_is_that_of_the_day_of_the_assessment(birth_date: date, young: bool) -> None:
    """Rule 17."""
    assert domain.is_young(birth_date, AgeBand.FROM_75, date(2026, 11, 24)) is young


@pytest.mark.parametrize(
    ("band", "young"),
    [(AgeBand.FROM_16_TO_17, True), (AgeBand.FROM_18_TO_22, True), (AgeBand.FROM_23_TO_74, False)],
)
def test_of_who_is_not_identified_the_told_age_counts(band: AgeBand, young: bool) -> None:
    """Rule 17."""
    assert domain.is_young(None, band, date(2026, 11, 24)) is young


WARN_ON, DUE_ON = date(2026, 11, 27), date(2026, 12, 1)


@pytest.mark.parametrize(
    ("now", "warned", "told"),
    [
        (local(2026, 11, 27, 23, 59, 59), False, None),
        (local(2026, 11, 28, 0, 0), False, Tells.WARNED),
        (local(2026, 11, 28, 0, 0), True, None),
        (local(2026, 12, 1, 23, 59, 59), True, None),
        (local(2026, 12, 2, 0, 0), True, Tells.MISSED),
        (local(2026, 12, 2, 0, 0), False, Tells.MISSED),
    ],
)
def test_the_clock_warns_after_the_third_day_and_tells_a_miss_after_the_fifth(
    now: datetime, warned: bool, told: Tells | None
) -> None:
    """Rule 16: who looks when both are over tells the miss alone."""
    assert domain.tells(DUE_ON, WARN_ON, warned=warned, now=now) is told


def test_a_due_day_lasts_to_its_end_also_after_office_hours() -> None:
    """Rule 14."""
    assert domain.is_on_time(local(2026, 12, 1, 23, 59, 59), DUE_ON)
    assert not domain.is_on_time(local(2026, 12, 2), DUE_ON)


@pytest.mark.parametrize("reason", list(CorrectionReason))
def test_a_correction_and_its_reason_say_the_same(reason: CorrectionReason) -> None:
    fits, other = (ASSESSMENT, ADVICE) if reason is CorrectionReason.NEW_OR_WORSE else (ADVICE, ASSESSMENT)
    domain.must_fit(fits, reason)
    with pytest.raises(Refused, match="reason-does-not-fit"):
        domain.must_fit(other, reason)


def test_the_clock_has_nothing_to_tell_before_the_warning_or_the_due_day_is_over(area: Area) -> None:
    assert domain.first(ADVICE, local(2026, 11, 24, 10), area).next_at < local(2026, 11, 28)
    assessment = domain.first(ASSESSMENT, local(2026, 11, 24, 10), area)
    assert local(2026, 11, 25) - assessment.next_at < timedelta(seconds=1)
