"""The ledger finds every kind of fault that is planted; otherwise its zeros would say nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest

from tests.system.ledger import ONCE, Findings, Journey, Told, check, expected_rows


@dataclass
class History:
    """Three journeys and what was found of them."""

    journeys: list[Journey]
    told: list[Told]
    transcripts: list[list[str]]
    rows: dict[str, int]
    unsettled: dict[str, int]

    def check(self) -> Findings:
        return check(self.journeys, self.told, self.transcripts, self.rows, self.unsettled)


@pytest.fixture
def history() -> History:
    """All is well."""
    journeys = [Journey(contact=uuid4(), said=["a", "b", "c", "d"], rated=True) for _ in range(3)]
    told = [Told(name, journey.contact, str(uuid4()), f"{name} {journey.key}") for journey in journeys for name in ONCE]
    transcripts = [list(journey.said) for journey in journeys]
    return History(journeys, told, transcripts, expected_rows(journeys), {"chat.outbox": 0, "dead letters": 0})


def test_where_all_is_well_nothing_is_found(history: History) -> None:
    assert history.check() == Findings()


def drop_a_fact(history: History) -> None:
    history.told.pop(4)


def drop_a_message(history: History) -> None:
    history.transcripts[1].remove("c")


def drop_a_row(history: History) -> None:
    history.rows["feedback.answer"] -= 1


def leave_something_unsent(history: History) -> None:
    history.unsettled["chat.outbox"] = 1


def set_something_aside(history: History) -> None:
    history.unsettled["dead letters"] = 1


@pytest.mark.parametrize(
    "plant", [drop_a_fact, drop_a_message, drop_a_row, leave_something_unsent, set_something_aside]
)
def test_what_is_lost_is_found(history: History, plant: Callable[[History], None]) -> None:
    plant(history)
    found = history.check()
    assert len(found.lost) == 1
    assert not found.doubled


def tell_again_under_a_new_id(history: History) -> None:
    history.told.append(replace(history.told[0], event_id=str(uuid4()), cause=""))


def invent_a_contact(history: History) -> None:
    history.told.append(Told("contact_opened", uuid4(), str(uuid4()), ""))


def store_a_copy(history: History) -> None:
    other = Told("slots_published", None, "the-same", "")
    history.told += [other, other]


def act_twice_on_one_cause(history: History) -> None:
    history.told += [Told("slots_published", None, str(uuid4()), "one-cause") for _ in range(2)]


def say_again(history: History) -> None:
    history.transcripts[0].append("a")


def keep_another_row(history: History) -> None:
    history.rows["chat.message"] += 1


@pytest.mark.parametrize(
    "plant",
    [tell_again_under_a_new_id, invent_a_contact, store_a_copy, act_twice_on_one_cause, say_again, keep_another_row],
)
def test_what_is_doubled_or_invented_is_found(history: History, plant: Callable[[History], None]) -> None:
    plant(history)
    found = history.check()
    assert len(found.doubled) == 1
    assert not found.lost


def test_messages_out_of_order_are_found(history: History) -> None:
    history.transcripts[2].reverse()
    assert history.check() == Findings(disordered=[history.journeys[2].key])
