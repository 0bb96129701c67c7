"""Professionals join and part contacts; each is undone by the other, and two persons are never in one case."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis import Refused
from contracts.cases import ContactJoined, ContactParted, JoinContact, JoinedBy, JoinGround, PartReason
from tests.factories import AINO, client, staff
from tests.services.intake.cases.steps import AINO_KOE, BERTTA_KOE, Cases


def test_a_professional_joins_two_contacts_of_one_person(cases: Cases) -> None:
    first, second = cases.comes(person=AINO_KOE), cases.comes("back", person=AINO_KOE)
    assert cases.joins(second, cases.case_of(first)) == cases.case_of(second) == cases.case_of(first)
    [told] = cases.unit.told_of(ContactJoined)
    assert (told.by, told.ground) == (JoinedBy.STAFF, JoinGround.SAME_PERSON)


def test_parting_is_the_undo_of_joining_and_joining_that_of_parting(cases: Cases) -> None:
    first, second = cases.comes(person=AINO_KOE), cases.comes(person=AINO_KOE)
    own, other = cases.case_of(second), cases.case_of(first)
    cases.joins(second, other)
    assert cases.parts(second) == cases.case_of(second) == own
    assert cases.joins(second, other) == other
    assert cases.parts(second) == own


def test_a_parting_is_told_with_both_cases(cases: Cases) -> None:
    first, second = cases.comes(person=AINO_KOE), cases.comes(person=AINO_KOE)
    own, other = cases.case_of(second), cases.case_of(first)
    cases.joins(second, other)
    cases.parts(second)
    [told] = cases.unit.told_of(ContactParted)
    assert (told.from_case_id, told.case_id, told.reason) == (other, own, PartReason.OTHER_MATTER)


def test_a_contact_in_the_case_it_began_cannot_be_parted(cases: Cases) -> None:
    with pytest.raises(Refused, match="not-joined"):
        cases.parts(cases.comes())


def test_joining_a_contact_to_the_case_it_is_in_changes_nothing(cases: Cases) -> None:
    contact_id = cases.comes()
    cases.joins(contact_id, cases.case_of(contact_id))
    assert cases.unit.told_of(ContactJoined) == []


@pytest.mark.parametrize("ground", list(JoinGround))
def test_contacts_of_two_persons_are_not_joined(cases: Cases, ground: JoinGround) -> None:
    first, second = cases.comes(person=AINO_KOE), cases.comes(person=BERTTA_KOE)
    with pytest.raises(Refused, match="different-persons"):
        cases.joins(second, cases.case_of(first), ground)


def test_an_unidentified_contact_is_joined_when_the_client_has_said_so(cases: Cases) -> None:
    first, second = cases.comes(person=AINO_KOE), cases.comes()
    with pytest.raises(Refused, match="ground-missing"):
        cases.joins(second, cases.case_of(first))
    assert cases.joins(second, cases.case_of(first), JoinGround.CLIENT_SAID) == cases.case_of(first)


def test_who_and_on_what_ground_is_on_record(cases: Cases) -> None:
    """Rule 32."""
    first, second = cases.comes(person=AINO_KOE), cases.comes()
    cases.joins(second, cases.case_of(first), JoinGround.CLIENT_SAID)
    cases.parts(second)
    rows = [row for row in cases.unit.audited if row.what.startswith("case")]
    assert [(row.viewer_id, row.whom, row.action, row.what, row.ground) for row in rows] == [
        (AINO, second, "change", "case joined", "client_said"),
        (AINO, second, "change", "case parted", "other_matter"),
    ]


def test_a_joined_contact_that_turns_out_to_be_somebody_elses_leaves_by_itself(cases: Cases) -> None:
    """Rule 7: nobody is merged by a machine, and nobody stays merged by mistake."""
    first, second = cases.comes(person=AINO_KOE), cases.comes()
    cases.joins(second, cases.case_of(first), JoinGround.CLIENT_SAID)
    cases.identifies(second, BERTTA_KOE)
    assert cases.case_of(second) != cases.case_of(first)
    assert [told.reason for told in cases.unit.told_of(ContactParted)] == [PartReason.OTHER_PERSON]


def test_who_began_a_case_that_became_somebody_elses_leaves_it_too(cases: Cases) -> None:
    first, second = cases.comes(), cases.comes()
    cases.continues(second, cases.case_of(first), first)
    cases.identifies(second, AINO_KOE)
    cases.identifies(first, BERTTA_KOE)
    assert cases.case_of(second) != cases.case_of(first)


def test_a_case_is_nobodys_again_when_its_one_identified_contact_has_left(cases: Cases) -> None:
    first, second = cases.comes(), cases.comes(person=AINO_KOE)
    cases.joins(second, cases.case_of(first), JoinGround.CLIENT_SAID)
    cases.parts(second)
    cases.identifies(first, BERTTA_KOE)
    assert cases.unit.told_of(ContactParted)[1:] == []


def test_another_countys_contact_and_case_look_like_none(cases: Cases) -> None:
    first, second = cases.comes(person=AINO_KOE), cases.comes(person=AINO_KOE)
    with pytest.raises(Refused, match="unknown-contact"):
        cases.joins(second, cases.case_of(first), viewer=staff(AINO, "18"))
    elsewhere = cases.comes(person=AINO_KOE, area="18", municipality="272")
    for case_id in (cases.case_of(elsewhere), uuid4()):
        with pytest.raises(Refused, match="unknown-case"):
            cases.joins(second, case_id)


def test_a_resident_joins_nothing_as_a_professional(cases: Cases) -> None:
    first, second = cases.comes(), cases.comes()
    ask = JoinContact(contact_id=second, case_id=cases.case_of(first), ground=JoinGround.CLIENT_SAID)
    with pytest.raises(Refused, match="not-yours"):
        cases.unit.asks(ask, viewer=client(second))


MOVES = st.lists(st.tuples(st.sampled_from(["join", "part"]), st.integers(0, 2), st.integers(0, 2)), max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_parting_restores_exactly_the_earlier_membership(cases: Cases, moves: list[tuple[str, int, int]]) -> None:
    contacts = [cases.comes(person=AINO_KOE) for _ in range(3)]
    own = [cases.case_of(contact_id) for contact_id in contacts]
    expected: list[list[UUID]] = [[case_id] for case_id in own]
    for move, which, into in moves:
        contact_id, was = contacts[which], expected[which]
        if move == "join":
            if any(stack[-1] == own[into] for stack in expected):
                cases.joins(contact_id, own[into])
                was += [own[into]] if was[-1] != own[into] else []
        elif len(was) > 1:
            was.pop()
            cases.parts(contact_id)
        else:
            with pytest.raises(Refused, match="not-joined"):
                cases.parts(contact_id)
        assert [cases.case_of(each) for each in contacts] == [stack[-1] for stack in expected]
