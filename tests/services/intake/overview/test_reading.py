"""A case as staff read it, and the list of what is open."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from chassis import Refused
from contracts.due import CorrectionReason
from contracts.overview import CasesView, CaseView, DueState, GetCase, GetCases, Step
from contracts.portal import PromiseKind
from tests.factories import AINO, client, staff
from tests.services.intake.cases.steps import AINO_KOE, BERTTA_KOE, Cases
from tests.services.intake.due.steps import Due, local
from tests.unit import Unit


@pytest.fixture
def due(together: list[Unit]) -> Due:
    return Due(together[0])


@pytest.fixture
def cases(together: list[Unit]) -> Cases:
    return Cases(together[0])


def read(unit: Unit, contact_id: UUID) -> CaseView:
    view: CaseView = unit.asks(GetCase(contact_id=contact_id), viewer=staff())
    return view


def listed(unit: Unit, page: int = 1) -> CasesView:
    view: CasesView = unit.asks(GetCases(page=page), viewer=staff())
    return view


def steps(view: CaseView) -> list[Step]:
    return [one.step for one in view.timeline]


def test_a_case_tells_what_has_happened_in_order(due: Due) -> None:
    contact_id = due.waits("new")
    due.unit.clock.advance(timedelta(minutes=5))
    due.accepted(contact_id)
    due.unit.clock.advance(timedelta(minutes=5))
    due.identifies(contact_id)
    due.unit.clock.advance(timedelta(minutes=5))
    due.ended(contact_id)
    assert steps(read(due.unit, contact_id)) == [
        Step.OPENED, Step.TRIAGED, Step.ROUTED, Step.DUE_SET, Step.CONVERSATION_ACCEPTED, Step.DUE_KEPT, Step.DUE_SET,
        Step.IDENTIFIED, Step.CONVERSATION_ENDED, Step.DUE_LIFTED, Step.CLOSED,
    ]  # fmt: skip


def test_a_case_shows_how_its_answers_were_weighed(due: Due) -> None:
    """Rule 12: the version of the rules is kept with each result."""
    [contact] = read(due.unit, due.waits("new")).contacts
    assert contact.contact.trace
    assert contact.contact.trace.rules == "2026-11-01"
    assert contact.contact.trace.decided_by
    assert contact.need is PromiseKind.ASSESSMENT


def test_joined_contacts_are_read_as_one_case(cases: Cases) -> None:
    first = cases.comes(person=AINO_KOE)
    second = cases.comes(person=AINO_KOE)
    assert [one.contact.contact_id for one in read(cases.unit, second).contacts] == [second]
    [other] = read(cases.unit, second).others
    assert (other.case.case_id, other.same_person) == (cases.case_of(first), True)
    cases.joins(second, other.case.case_id)
    view = read(cases.unit, first)
    assert [one.contact.contact_id for one in view.contacts] == [first, second]
    assert [one.joined for one in view.contacts] == [False, True]
    assert Step.JOINED in steps(view)
    assert view.identified == second
    cases.parts(second)
    assert Step.PARTED in steps(read(cases.unit, second))


def test_another_persons_case_is_never_one_to_join(cases: Cases) -> None:
    cases.comes(person=AINO_KOE)
    stranger = cases.comes(person=BERTTA_KOE)
    assert read(cases.unit, stranger).others == ()


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ((2026, 11, 27, 23, 59), DueState.OWED),
        ((2026, 11, 28, 0, 1), DueState.SOON),
        ((2026, 12, 1, 23, 59), DueState.SOON),
        ((2026, 12, 2, 0, 1), DueState.LATE),
    ],
)
def test_advice_is_soon_late_after_business_day_3_and_late_after_day_5(
    due: Due, moment: tuple[int, ...], state: DueState
) -> None:
    """Rule 16, also before the clock has told of it."""
    contact_id = due.waits("same")
    due.unit.clock.set(local(*moment))
    assert [one.state for one in read(due.unit, contact_id).due] == [state]
    assert [one.due and one.due.state for one in listed(due.unit).cases] == [state]


def test_a_correction_is_told_with_its_reason(due: Due) -> None:
    contact_id = due.waits("new")
    due.corrects(contact_id, PromiseKind.ADVICE, CorrectionReason.AIDS_OR_ADVICE)
    view = read(due.unit, contact_id)
    [corrected] = [one for one in view.timeline if one.step is Step.CORRECTED]
    assert corrected.detail == "aids_or_advice"
    assert [(one.kind.value, one.corrected) for one in view.due] == [("advice", CorrectionReason.AIDS_OR_ADVICE)]


def test_what_was_kept_late_is_said_to_be(due: Due) -> None:
    contact_id = due.waits("new")
    due.unit.clock.advance(timedelta(days=1))
    due.accepted(contact_id)
    assert [one.state for one in read(due.unit, contact_id).due if one.kind.value == "assessment"] == [
        DueState.KEPT_LATE
    ]


def test_every_contact_that_is_read_is_on_record(cases: Cases) -> None:
    """Rule 32."""
    first = cases.comes(person=AINO_KOE)
    second = cases.comes(person=AINO_KOE)
    cases.joins(second, cases.case_of(first))
    read(cases.unit, first)
    listed(cases.unit)
    rows = [(row.what, row.whom) for row in cases.unit.audited if row.action == "read"]
    assert sorted(rows) == sorted([(what, whom) for what in ("case", "case list") for whom in (first, second)])


def test_the_list_has_what_is_owed_soonest_first_and_what_is_over_not_at_all(due: Due) -> None:
    advice, today = due.waits("same"), due.waits("new")
    over = due.waits("new")
    due.accepted(over)
    due.ended(over)
    found = listed(due.unit).cases
    assert [one.contact_id for one in found][:2] == [today, advice]
    assert over not in [one.contact_id for one in found]


def test_the_list_comes_in_pages(due: Due) -> None:
    for _ in range(51):
        due.waits("same")
    first, second = listed(due.unit), listed(due.unit, 2)
    assert (len(first.cases), first.more, len(second.cases), second.more) == (50, True, 1, False)
    assert len({one.case_id for one in (*first.cases, *second.cases)}) == 51


def test_a_professional_of_another_county_finds_nothing(due: Due) -> None:
    contact_id, elsewhere = due.waits("new"), staff(AINO, "18")
    with pytest.raises(Refused, match="unknown-contact"):
        due.unit.asks(GetCase(contact_id=contact_id), viewer=elsewhere)
    assert due.unit.asks(GetCases(), viewer=elsewhere).cases == ()


@pytest.mark.parametrize("ask", [GetCase(contact_id=uuid4()), GetCases()])
def test_a_resident_reads_no_case(intake: Unit, ask: GetCase | GetCases) -> None:
    with pytest.raises(Refused, match="not-yours"):
        intake.asks(ask, viewer=client(uuid4()))


def test_a_long_case_takes_no_more_statements_than_a_short_one(cases: Cases) -> None:
    def statements(contact_id: UUID) -> int:
        count = 0

        def counting(*_: object) -> None:
            nonlocal count
            count += 1

        engine = cases.unit.database.engine
        event.listen(engine, "before_cursor_execute", counting)
        read(cases.unit, contact_id)
        event.remove(engine, "before_cursor_execute", counting)
        return count

    first = cases.comes(person=AINO_KOE)
    short = statements(first)
    for _ in range(4):
        cases.joins(cases.comes(person=AINO_KOE), cases.case_of(first))
    assert len(read(cases.unit, first).contacts) == 5
    assert statements(first) == short
