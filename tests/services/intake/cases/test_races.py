"""Two processes at one case at the same moment, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from sqlmodel import col, select

from chassis import Refused, clock
from contracts.cases import ContactJoined, ContactParted, JoinGround
from services.intake.cases.models import Case, Membership
from services.intake.models import Contact
from tests.services.intake.cases.steps import AINO_KOE, BERTTA_KOE, Cases
from tests.unit import Unit

ROUNDS = 5
"""Whoever is quicker differs from round to round."""


def at_once(unit: Unit, *acts: Callable[[], object]) -> Counter[str]:
    """Do everything at the same moment; how often it ended how."""
    together = Barrier(len(acts))

    def ended(act: Callable[[], object]) -> str:
        together.wait()
        try:
            act()
        except Refused as refused:
            return refused.code
        return "ok"

    with clock.using(unit.clock), ThreadPoolExecutor(len(acts)) as crowd:
        return Counter(one.result() for one in [crowd.submit(ended, act) for act in acts])


def persons_by_case(unit: Unit) -> list[set[UUID]]:
    """The persons in each case that has any, and the one the case says it is."""
    rows = unit.database.read(
        lambda session: session.exec(
            select(Membership.case_id, Case.person_id, Contact.person_id)
            .join(Contact, col(Contact.contact_id) == col(Membership.contact_id))
            .join(Case, col(Case.case_id) == col(Membership.case_id))
        ).all()
    )
    found: dict[UUID, set[UUID]] = {}
    for case_id, of_case, of_contact in rows:
        found.setdefault(case_id, set()).update({of_case, of_contact} - {None})
    return list(found.values())


def test_going_on_in_two_windows_at_once_joins_once(together: list[Unit]) -> None:
    one, other = (Cases(unit) for unit in together)
    first, second = one.comes(person=AINO_KOE), one.comes(person=AINO_KOE)
    case_id = one.case_of(first)
    ended = at_once(one.unit, lambda: one.continues(second, case_id), lambda: other.continues(second, case_id))
    assert ended == {"ok": 2}
    assert len(one.unit.told_of(ContactJoined)) == 1


def test_parting_twice_at_once_parts_once(together: list[Unit]) -> None:
    one, other = (Cases(unit) for unit in together)
    first, second = one.comes(person=AINO_KOE), one.comes(person=AINO_KOE)
    own = one.case_of(second)
    one.joins(second, one.case_of(first))
    assert at_once(one.unit, lambda: one.parts(second), lambda: other.parts(second)) == {"ok": 1, "not-joined": 1}
    assert (one.case_of(second), len(one.unit.told_of(ContactParted))) == (own, 1)


@pytest.mark.parametrize("who", ["the joined contact", "a contact of the case"])
def test_whoever_is_quicker_a_case_never_holds_two_persons(together: list[Unit], who: str) -> None:
    """One process joins two contacts while another learns that they are two persons'."""
    one, other = (Cases(unit) for unit in together)
    for _ in range(ROUNDS):
        first, second = one.comes(), one.comes()
        known, unknown = (first, second) if who == "the joined contact" else (second, first)
        one.identifies(known, AINO_KOE)
        case_id = one.case_of(first)
        at_once(
            one.unit,
            lambda: one.joins(second, case_id, JoinGround.CLIENT_SAID),  # noqa: B023  # done within the round
            lambda: other.identifies(unknown, BERTTA_KOE),  # noqa: B023
        )
        assert max(map(len, persons_by_case(one.unit))) == 1


def test_two_persons_contacts_joined_to_an_anonymous_case_at_once_do_not_both_get_in(together: list[Unit]) -> None:
    one, other = (Cases(unit) for unit in together)
    for _ in range(ROUNDS):
        first, mine, theirs = one.comes(), one.comes(person=AINO_KOE), one.comes(person=BERTTA_KOE)
        case_id = one.case_of(first)
        ended = at_once(
            one.unit,
            lambda: one.joins(mine, case_id, JoinGround.CLIENT_SAID),  # noqa: B023  # done within the round
            lambda: other.joins(theirs, case_id, JoinGround.CLIENT_SAID),  # noqa: B023
        )
        assert ended == {"ok": 1, "different-persons": 1}
        assert max(map(len, persons_by_case(one.unit))) == 1


def test_contacts_that_change_places_at_once_do_not_wait_for_each_other_for_ever(together: list[Unit]) -> None:
    one, other = (Cases(unit) for unit in together)
    for _ in range(ROUNDS):
        first, second, third, fourth = (one.comes(person=AINO_KOE) for _ in range(4))
        left, right = one.case_of(first), one.case_of(second)
        one.joins(third, left)
        one.joins(fourth, right)
        ended = at_once(one.unit, lambda: one.joins(third, right), lambda: other.joins(fourth, left))  # noqa: B023
        assert ended == {"ok": 2}
