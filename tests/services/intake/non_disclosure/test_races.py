"""A person is marked and identified for another contact at the same moment, on SQLite and on PostgreSQL."""

from __future__ import annotations

from tests.services.intake.cases.steps import AINO_KOE
from tests.services.intake.cases.test_races import ROUNDS, at_once
from tests.services.intake.non_disclosure.steps import NOWHERE, Protected
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
