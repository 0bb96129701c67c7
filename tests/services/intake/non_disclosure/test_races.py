"""A person is marked and identified for another contact at the same moment, on SQLite and on PostgreSQL."""

from __future__ import annotations

from contracts.cases import JoinGround
from contracts.non_disclosure import NonDisclosureChanged
from contracts.portal import QuestionsAnswered
from tests.factories import like_the_example
from tests.services.intake.builders import answers
from tests.services.intake.cases.steps import AINO_KOE
from tests.services.intake.cases.test_races import ROUNDS, at_once
from tests.services.intake.non_disclosure.steps import KOUVOLA, NOWHERE, Protected
from tests.unit import Unit


def test_whoever_is_quicker_all_their_contacts_are_protected(together: list[Unit]) -> None:
    """Rule 9. Each looks at what the other has done, for both hold the person."""
    one, other = (Protected(unit) for unit in together)
    for _ in range(ROUNDS):
        first, second = one.comes(person=AINO_KOE), one.comes()
        at_once(one.unit, lambda of=first: one.sets(of), lambda of=second: other.identifies(of))  # type: ignore[misc]  # of this round
        assert [one.seen(each).non_disclosure for each in (first, second)] == [True, True]
        assert one.places(second) == {NOWHERE}
        one.sets(first, in_force=False)


def test_marked_in_two_windows_at_once_it_is_told_once(together: list[Unit]) -> None:
    one, other = (Protected(unit) for unit in together)
    contact_id = one.comes(person=AINO_KOE)
    assert at_once(one.unit, lambda: one.sets(contact_id), lambda: other.sets(contact_id)) == {"ok": 2}
    assert one.marked() == [(contact_id, True)]


def test_who_is_identified_while_a_professional_marks_them_is_protected_in_all_their_contacts(
    together: list[Unit],
) -> None:
    """Rule 9. Nobody is known for the contact when the marking begins."""
    one, other = (Protected(unit) for unit in together)
    for _ in range(ROUNDS):
        first, second = one.comes(person=AINO_KOE), one.comes()
        at_once(one.unit, lambda of=second: one.sets(of), lambda of=second: other.identifies(of))  # type: ignore[misc]  # of this round
        assert [one.seen(each).non_disclosure for each in (first, second)] == [True, True]
        one.sets(first, in_force=False)


def test_what_is_joined_while_a_professional_marks_it_is_protected_with_the_rest(together: list[Unit]) -> None:
    one, other = (Protected(unit) for unit in together)
    for _ in range(ROUNDS):
        first, second = one.comes(), one.comes()
        case_id = one.case_of(first)
        at_once(
            one.unit,
            lambda of=first: one.sets(of),  # type: ignore[misc]  # of this round
            lambda of=second, to=case_id: other.joins(of, to, JoinGround.CLIENT_SAID),  # type: ignore[misc]  # of this round
        )
        assert [one.seen(each).non_disclosure for each in (first, second)] == [True, True]


def test_two_that_mark_and_join_the_same_persons_contacts_do_not_wait_for_each_other(together: list[Unit]) -> None:
    """Both hold the person first."""
    one, other = (Protected(unit) for unit in together)
    for _ in range(ROUNDS):
        first, second = one.comes(person=AINO_KOE), one.comes(person=AINO_KOE)
        case_id = one.case_of(first)
        ended = at_once(
            one.unit,
            lambda of=first: one.sets(of),  # type: ignore[misc]  # of this round
            lambda of=second, to=case_id: other.joins(of, to),  # type: ignore[misc]  # of this round
        )
        assert ended == {"ok": 2}
        one.sets(first, in_force=False)


def test_answers_weighed_while_somebody_is_marked_bring_no_place_back(together: list[Unit]) -> None:
    """The demand they are counted in is the county's, whichever was quicker."""
    one, other = (Protected(unit) for unit in together)
    for _ in range(ROUNDS):
        contact_id = one.comes(origin="omaolo", answers=[])
        told = {"contact_id": contact_id, "municipality": KOUVOLA, "answers": answers()}
        fact = like_the_example(QuestionsAnswered, **told)
        at_once(one.unit, lambda of=contact_id: one.sets(of), lambda of=fact: other.unit.hears(of))  # type: ignore[misc]  # of this round
        assert one.places(contact_id) == {NOWHERE}
    marked = set()
    for event in one.unit.told:
        assert event.model_dump().get("contact_id") not in marked or event.municipality == NOWHERE
        marked |= {event.contact_id} if isinstance(event, NonDisclosureChanged) else set()
