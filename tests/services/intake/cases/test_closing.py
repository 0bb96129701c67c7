"""When a contact is over, and a case with it."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest

from contracts.cases import ContactClosed, ContactReopened, Ending, Happened
from services.intake.cases.domain import Standing, standing
from services.intake.cases.jobs import close_quiet_contacts
from tests.services.intake.cases.steps import AINO_KOE, Cases
from tests.services.intake.due.steps import Due

TALK, CALL, VISIT, OFFER = uuid4(), uuid4(), uuid4(), uuid4()
ACCEPTED, ENDED = (Happened.CONVERSATION_ACCEPTED, TALK), (Happened.CONVERSATION_ENDED, TALK)
PROMISED, ATTEMPTED, KEPT = (Happened.CALL_PROMISED, CALL), (Happened.CALL_ATTEMPTED, CALL), (Happened.CALL_KEPT, CALL)
OFFERED, BOOKED = (Happened.TIMES_OFFERED, OFFER), (Happened.VISIT_BOOKED, VISIT)
VISITED = (Happened.VISIT_COMPLETED, VISIT)


@pytest.mark.parametrize(
    ("happened", "stands"),
    [
        ([], Standing.WAITING),
        ([ACCEPTED], Standing.GOING_ON),
        ([ACCEPTED, ENDED], Standing.OVER),
        ([(Happened.CONVERSATION_ABANDONED, TALK)], Standing.OVER),
        ([PROMISED, ATTEMPTED], Standing.GOING_ON),
        ([PROMISED, ATTEMPTED, KEPT], Standing.OVER),
        ([ACCEPTED, OFFERED, ENDED], Standing.WAITING),
        ([ACCEPTED, OFFERED, BOOKED, ENDED], Standing.GOING_ON),
        ([ACCEPTED, OFFERED, BOOKED, ENDED, VISITED], Standing.OVER),
        ([ACCEPTED, ENDED, PROMISED], Standing.GOING_ON),
    ],
)
def test_a_contact_is_over_when_all_that_was_begun_has_ended(
    happened: list[tuple[Happened, object]], stands: Standing
) -> None:
    assert standing(happened) is stands  # type: ignore[arg-type]  # ids


@pytest.mark.parametrize("heard", list(permutations([ACCEPTED, ENDED, PROMISED, KEPT])))
def test_in_whatever_order_it_is_heard(heard: tuple[tuple[Happened, object], ...]) -> None:
    assert standing(heard) is Standing.OVER  # type: ignore[arg-type]  # ids


def test_a_contact_that_comes_to_nothing_is_over_after_thirty_quiet_days(cases: Cases) -> None:
    contact_id = cases.comes()
    for days, told in ((29, []), (2, [(contact_id, Ending.QUIET)]), (1, [(contact_id, Ending.QUIET)])):
        cases.unit.clock.advance(timedelta(days=days))
        cases.unit.runs(close_quiet_contacts)
        assert [(fact.contact_id, fact.ending) for fact in cases.unit.told_of(ContactClosed)] == told


def test_while_a_call_is_promised_or_a_visit_booked_no_silence_is_too_long(cases: Cases) -> None:
    due = Due(cases.unit)
    due.promised(cases.comes())
    due.booked(cases.comes())
    cases.unit.clock.advance(timedelta(days=90))
    cases.unit.runs(close_quiet_contacts)
    assert cases.unit.told_of(ContactClosed) == []


def test_a_case_that_was_over_not_long_ago_can_be_gone_on_with_and_is_open_again_by_that(cases: Cases) -> None:
    first = cases.comes(person=AINO_KOE)
    Due(cases.unit).abandoned(first)
    second = cases.comes(person=AINO_KOE, days_later=29)
    offered = cases.offer(second).offered
    assert offered
    assert (offered.case_id, offered.open) == (cases.case_of(first), False)
    continued = cases.continues(second, offered.case_id).continued
    assert continued
    assert continued.open


def test_a_case_that_was_over_long_ago_is_not_offered(cases: Cases) -> None:
    Due(cases.unit).abandoned(cases.comes(person=AINO_KOE))
    assert cases.offered(cases.comes(person=AINO_KOE, days_later=31)) is None


def test_what_happens_after_the_end_opens_a_contact_again(cases: Cases) -> None:
    contact_id, due = cases.comes(), Due(cases.unit)
    due.abandoned(contact_id)
    due.promised(contact_id)
    assert [fact.contact_id for fact in cases.unit.told_of(ContactReopened)] == [contact_id]


def test_of_a_contact_nobody_knows_nothing_is_kept(cases: Cases) -> None:
    Due(cases.unit).abandoned(uuid4())
    assert cases.unit.told == []
