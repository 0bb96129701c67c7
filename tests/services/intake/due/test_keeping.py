"""What is owed is set, kept, warned of, missed or lifted as things happen, and each is told."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from chassis import Refused
from contracts.cases import ContactClosed, ContactReopened, Ending
from contracts.due import (
    CorrectionReason,
    DueTimeKept,
    DueTimeLifted,
    DueTimeMissed,
    DueTimeSet,
    DueTimeWarned,
)
from contracts.portal import AgeBand, Origin, PromiseKind
from tests.factories import AINO, client, staff
from tests.services.intake.builders import answers, code
from tests.services.intake.due.steps import Due, local


def kept(due: Due) -> list[tuple[str, bool]]:
    return [(told.kind.value, told.on_time) for told in due.told(DueTimeKept)]


# What is set


def test_who_waits_with_a_new_symptom_is_owed_an_assessment_today(due: Due) -> None:
    """Rule 14."""
    contact_id = due.waits("new")
    [told] = due.told(DueTimeSet)
    assert (told.contact_id, told.kind, told.due_on.isoformat()) == (contact_id, "assessment", "2026-11-24")
    assert told.since == due.unit.clock()


def test_who_waits_outside_office_hours_is_owed_it_when_they_begin(due: Due) -> None:
    """Rule 15."""
    due.unit.clock.set(local(2026, 11, 27, 15, 0))
    due.waits("worse")
    assert due.set() == [("assessment", "2026-11-30")]


def test_who_waits_with_an_old_symptom_is_owed_advice_in_five_business_days(due: Due) -> None:
    """Rule 16."""
    due.waits("same")
    due.waits(trouble="assistive_device")
    assert due.set() == [("advice", "2026-12-01")] * 2


def test_the_clock_of_who_waits_began_when_the_person_came_in(due: Due) -> None:
    due.waits("new", opened_at=local(2026, 11, 23, 17))
    assert due.set() == [("assessment", "2026-11-24")]


@pytest.mark.parametrize(
    "over", [{"origin": Origin.BOOKING}, {"municipality": "091"}, {"answers": answers(joint_now="yes")}]
)
def test_who_books_is_declined_or_sent_elsewhere_waits_for_nobody(due: Due, over: dict[str, object]) -> None:
    due.waits(**over)
    assert due.set() == []


def test_a_promised_call_is_owed_as_promised(due: Due) -> None:
    """Rule 16: the day is chat's, told once."""
    contact_id = due.waits("same", origin=Origin.BOOKING)
    callback_id = due.promised(contact_id, "advice", "2026-12-02")
    [told] = due.told(DueTimeSet)
    assert (told.due_id, told.due_on.isoformat()) == (callback_id, "2026-12-02")


def test_a_promised_call_about_a_new_symptom_is_owed_the_same_day_whatever_was_ticked_later(due: Due) -> None:
    """Rules 14 and 16: of two answers to the same question the stricter counts."""
    contact_id = due.waits("new", origin=Origin.BOOKING)
    due.promised(contact_id, "advice", "2026-12-02")
    assert due.set() == [("assessment", "2026-11-24")]


def test_who_was_assessed_is_owed_a_first_treatment(due: Due) -> None:
    """Rule 17."""
    contact_id = due.waits("new", age_band=AgeBand.FROM_23_TO_74)
    due.accepted(contact_id)
    assert due.set()[1:] == [("treatment", "2027-02-24")]


def test_who_is_under_23_is_owed_it_in_14_days(due: Due) -> None:
    """Rule 17."""
    due.accepted(due.waits("new", age_band=AgeBand.FROM_18_TO_22))
    assert due.set()[1:] == [("treatment", "2026-12-08")]


def test_the_age_in_the_vault_goes_before_the_told_one_and_its_reading_is_on_record(due: Due) -> None:
    """Rules 17 and 32."""
    contact_id = due.waits("new", age_band=AgeBand.FROM_23_TO_74)
    due.identifies(contact_id, personal_identity_code=code("251103A901"), birth_date="2003-11-25")
    due.accepted(contact_id)
    assert due.set()[1:] == [("treatment", "2026-12-08")]
    assert [row.ground for row in due.unit.audited if row.what == "birth date"] == ["care guarantee"]


def test_who_needed_no_assessment_is_owed_no_treatment(due: Due) -> None:
    """Rule 17: what a plan or advice is about is not of the care guarantee."""
    due.accepted(due.waits("same"))
    assert [kind for kind, _ in due.set()] == ["advice"]


# What is kept


def test_taking_the_conversation_keeps_what_was_owed_first(due: Due) -> None:
    contact_id = due.waits("new")
    due.accepted(contact_id)
    assert kept(due) == [("assessment", True)]


def test_a_call_that_reaches_the_person_keeps_its_own_promise_alone(due: Due) -> None:
    contact_id = due.waits("same", origin=Origin.BOOKING)
    first, _ = due.promised(contact_id), due.promised(contact_id)
    due.called(contact_id, first)
    assert [told.due_id for told in due.told(DueTimeKept)] == [first]


def test_a_call_heard_of_before_its_promise_keeps_it_all_the_same(due: Due) -> None:
    contact_id = due.waits("same", origin=Origin.BOOKING)
    callback_id = UUID(int=7)
    due.called(contact_id, callback_id)
    due.promised(contact_id, callback_id=callback_id)
    assert kept(due) == [("advice", True)]


def test_a_visit_keeps_the_treatment(due: Due) -> None:
    contact_id = due.waits("new")
    due.accepted(contact_id)
    due.offered(contact_id)
    due.booked(contact_id)
    due.ended(contact_id)
    due.unit.clock.advance(timedelta(days=9))
    due.visited(contact_id)
    assert kept(due) == [("assessment", True), ("treatment", True)]
    assert due.told(DueTimeLifted) == []


def test_what_is_done_late_is_kept_late_and_was_missed(due: Due) -> None:
    """Whoever counts misses sees it, also when the clock has not come round before."""
    contact_id = due.waits("new")
    due.unit.clock.advance(timedelta(days=1))
    due.accepted(contact_id)
    assert kept(due) == [("assessment", False)]
    assert len(due.told(DueTimeMissed)) == 1


# What the clock tells


def test_the_clock_warns_once_and_tells_a_miss_once(due: Due) -> None:
    """Rule 16."""
    contact_id = due.waits("same")
    told = []
    for day in range(10):
        due.unit.clock.set(local(2026, 11, 24, 10) + timedelta(days=day))
        for _ in range(2):
            due.clock_comes_round()
        told.append((len(due.told(DueTimeWarned)), len(due.told(DueTimeMissed))))
    assert told == [(0, 0)] * 4 + [(1, 0)] * 4 + [(1, 1)] * 2
    assert due.told(DueTimeWarned)[0].contact_id == contact_id


def test_a_missed_assessment_is_told_the_next_day(due: Due) -> None:
    """Rule 14."""
    due.waits("new")
    due.unit.clock.set(local(2026, 11, 24, 23, 59, 59))
    due.clock_comes_round()
    assert due.told(DueTimeMissed) == []
    due.unit.clock.set(local(2026, 11, 25, 0, 0, 1))
    due.clock_comes_round()
    [told] = due.told(DueTimeMissed)
    assert (told.kind, told.due_on.isoformat()) == ("assessment", "2026-11-24")


def test_what_was_kept_is_neither_warned_of_nor_missed(due: Due) -> None:
    contact_id = due.waits("same")
    due.accepted(contact_id)
    due.unit.clock.advance(timedelta(days=30))
    due.clock_comes_round()
    assert due.told(DueTimeWarned) == due.told(DueTimeMissed) == []


def test_who_was_away_on_both_days_tells_the_miss_alone(due: Due) -> None:
    due.waits("same")
    due.unit.clock.advance(timedelta(days=30))
    due.clock_comes_round()
    assert (due.told(DueTimeWarned), len(due.told(DueTimeMissed))) == ([], 1)


def test_more_than_fit_into_one_transaction_are_told_in_one_round(due: Due, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.intake.due.store.SWEPT", 2)
    monkeypatch.setattr("services.intake.due.jobs.SWEPT", 2)
    for _ in range(5):
        due.waits("new")
    due.unit.clock.advance(timedelta(days=1))
    due.clock_comes_round()
    assert len(due.told(DueTimeMissed)) == 5


# Over, and again


def test_with_the_end_of_a_conversation_the_contact_is_over_and_nothing_is_owed(due: Due) -> None:
    contact_id = due.waits("new")
    due.accepted(contact_id)
    due.ended(contact_id)
    assert [(told.contact_id, told.ending) for told in due.told(ContactClosed)] == [(contact_id, Ending.DONE)]
    assert [told.kind for told in due.told(DueTimeLifted)] == ["treatment"]


def test_who_left_the_queue_is_owed_nothing(due: Due) -> None:
    due.abandoned(due.waits("new"))
    assert len(due.told(ContactClosed)) == len(due.told(DueTimeLifted)) == 1


def test_while_times_are_on_offer_the_contact_goes_on(due: Due) -> None:
    contact_id = due.waits("new")
    due.accepted(contact_id)
    due.offered(contact_id)
    due.ended(contact_id)
    assert due.told(ContactClosed) == due.told(DueTimeLifted) == []


def test_a_visit_booked_after_the_end_opens_the_contact_and_binds_again(due: Due) -> None:
    contact_id = due.waits("new")
    due.accepted(contact_id)
    due.ended(contact_id)
    due.unit.clock.advance(timedelta(days=3))
    due.booked(contact_id)
    assert len(due.told(ContactReopened)) == 1
    assert due.set()[1:] == [("treatment", "2027-02-24")] * 2


def test_a_call_whose_promise_is_heard_after_the_contact_was_declined_is_not_owed(due: Due) -> None:
    """Chat lifts such a call at once; whichever of the two is heard first, nobody is owed anything."""
    contact_id = due.waits("same")
    due.identifies(contact_id, personal_identity_code=code("251110A901"))
    before = due.set()
    due.promised(contact_id)
    due.unit.clock.advance(timedelta(days=10))
    due.clock_comes_round()
    assert (due.set(), due.told(DueTimeMissed)) == (before, [])


def test_a_contact_declined_after_it_was_taken_in_is_owed_nothing(due: Due) -> None:
    contact_id = due.waits("new", age_band=AgeBand.FROM_16_TO_17)
    due.identifies(contact_id, personal_identity_code=code("250611A901"), birth_date="2011-06-25")
    assert (due.told(ContactClosed), len(due.told(DueTimeLifted))) == ([], 1)


# Corrections


def test_a_professional_corrects_what_is_owed_with_a_reason(due: Due) -> None:
    """Rules 14 and 16: correctable by staff."""
    contact_id = due.waits("same")
    due.corrects(contact_id, PromiseKind.ASSESSMENT, CorrectionReason.NEW_OR_WORSE)
    before, after = due.told(DueTimeSet)
    assert (after.due_id, after.kind, after.due_on.isoformat(), after.corrected) == (
        before.due_id, "assessment", "2026-11-24", CorrectionReason.NEW_OR_WORSE,
    )  # fmt: skip


def test_a_corrected_due_time_can_be_missed_anew(due: Due) -> None:
    contact_id = due.waits("new")
    due.unit.clock.advance(timedelta(days=1))
    due.clock_comes_round()
    due.corrects(contact_id, PromiseKind.ADVICE, CorrectionReason.SAME_AS_BEFORE)
    due.unit.clock.advance(timedelta(days=10))
    due.clock_comes_round()
    assert [told.kind for told in due.told(DueTimeMissed)] == ["assessment", "advice"]


def test_rehabilitation_by_a_plan_owes_no_first_treatment(due: Due) -> None:
    """Rule 17."""
    contact_id = due.waits("new")
    due.accepted(contact_id)
    due.corrects(contact_id, PromiseKind.ADVICE, CorrectionReason.BY_PLAN)
    assert [told.kind for told in due.told(DueTimeLifted)] == ["treatment"]


def test_a_correction_to_an_assessment_after_the_meeting_owes_a_first_treatment(due: Due) -> None:
    contact_id = due.waits("same")
    due.accepted(contact_id)
    due.corrects(contact_id, PromiseKind.ASSESSMENT, CorrectionReason.NEW_OR_WORSE)
    assert due.set()[1:] == [("treatment", "2027-02-24")]


def test_correcting_to_what_is_owed_already_tells_nothing(due: Due) -> None:
    contact_id = due.waits("new")
    due.corrects(contact_id, PromiseKind.ASSESSMENT, CorrectionReason.NEW_OR_WORSE)
    assert len(due.set()) == 1


def test_who_corrected_and_why_is_on_record(due: Due) -> None:
    """Rule 32."""
    contact_id = due.waits("same")
    due.corrects(contact_id, PromiseKind.ASSESSMENT, CorrectionReason.NEW_OR_WORSE)
    [row] = [row for row in due.unit.audited if row.what == "due time"]
    assert (row.viewer_id, row.whom, row.action, row.ground) == (AINO, contact_id, "change", "new_or_worse")


def test_only_staff_of_the_county_correct_and_only_while_the_contact_goes_on(due: Due) -> None:
    contact_id = due.waits("new")
    said = (PromiseKind.ADVICE, CorrectionReason.BY_PLAN)
    with pytest.raises(Refused, match="not-yours"):
        due.corrects(contact_id, *said, viewer=client(contact_id))
    with pytest.raises(Refused, match="unknown-contact"):
        due.corrects(contact_id, *said, viewer=staff(AINO, "18"))
    due.abandoned(contact_id)
    with pytest.raises(Refused, match="contact-closed"):
        due.corrects(contact_id, *said)
