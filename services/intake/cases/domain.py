"""The rules of cases: what may be offered, what may be joined. Pure: values in, decision out."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol, TypeVar
from uuid import UUID

from chassis.errors import Refused
from contracts.cases import Happened, JoinGround
from contracts.public import TroubleGroup

BEGINS = {Happened.CONVERSATION_ACCEPTED, Happened.CALL_PROMISED, Happened.VISIT_BOOKED}
ENDS = {
    Happened.CONVERSATION_ENDED,
    Happened.CONVERSATION_ABANDONED,
    Happened.CALL_KEPT,
    Happened.VISIT_COMPLETED,
}


class Standing(StrEnum):
    """How a contact stands."""

    GOING_ON = "going_on"
    """A conversation is open, a call promised, a visit booked."""
    WAITING = "waiting"
    """The person may come back to it: nothing has begun yet, or times are on offer."""
    OVER = "over"
    """What was begun has come to its end."""


def standing(happened: Iterable[tuple[Happened, UUID]]) -> Standing:
    """How a contact stands after what has happened, in whatever order it was heard.

    Args:
        happened: what, and of which conversation, call or visit; an end may be heard before its beginning. That times
            were offered is of the contact itself: a visit booked later takes them up.
    """
    seen = list(happened)
    begun = {about for what, about in seen if what in BEGINS}
    ended = {about for what, about in seen if what in ENDS}
    if begun - ended:
        return Standing.GOING_ON
    offers = [place for place, (what, _) in enumerate(seen) if what is Happened.TIMES_OFFERED]
    booked = [place for place, (what, _) in enumerate(seen) if what is Happened.VISIT_BOOKED]
    if not ended or max(offers, default=-1) > max(booked, default=-1):
        return Standing.WAITING
    return Standing.OVER


class Troubled(Protocol):
    """What has a trouble: a case."""

    @property
    def trouble(self) -> str:
        """As the person said it."""

    @property
    def trouble_group(self) -> str:
        """What it is counted under."""


T = TypeVar("T", bound=Troubled)


def about_one_trouble(own: Troubled, earlier: Iterable[tuple[T, bool]]) -> list[tuple[T, bool]]:
    """Of earlier cases those that could be one matter with a contact's own, the likeliest first.

    The same trouble goes before one of the same group; what is in no group but "other" has nothing in common with the
    rest of it. Otherwise in the order given.
    """

    def distance(case: Troubled) -> int | None:
        if case.trouble == own.trouble:
            return 0
        return 1 if case.trouble_group == own.trouble_group != TroubleGroup.OTHER else None

    return sorted((each for each in earlier if distance(each[0]) is not None), key=lambda each: distance(each[0]) or 0)


def ground_of_joining(told: JoinGround, *, person: UUID | None, of_person: UUID | None) -> JoinGround:
    """What the joining of a contact to a case by a professional rests on.

    Args:
        told: what the professional says; where both persons are known, that they are one goes before it.
        person: of the contact; None when it is not identified.
        of_person: of the case.

    Raises:
        Refused: `different-persons`; `ground-missing`: somebody is not identified, and nobody says why they are one.
    """
    if person is not None and of_person is not None:
        must_be_one_person(person, of_person)
        return JoinGround.SAME_PERSON
    if told is not JoinGround.CLIENT_SAID:
        raise Refused("ground-missing", "not both are identified: expected that the client has said so")
    return told


def must_be_one_person(person: UUID, of_person: UUID) -> None:
    """Two persons are never in one case.

    Raises:
        Refused: `different-persons`.
    """
    if person != of_person:
        raise different_persons()


def different_persons() -> Refused:
    """What is said when a contact and a case are two persons'."""
    return Refused("different-persons", "the contact and the case belong to two persons")


def unknown_case() -> Refused:
    """What is said of a case that is not there, not for this viewer, or of another county than the contact."""
    return Refused("unknown-case", "no such case for this viewer and contact")


def case_not_offered() -> Refused:
    """What is said when a person goes on with a case that was not, or is no longer, offered."""
    return Refused("case-not-offered", "the case is not offered to this contact any more")


def not_joined() -> Refused:
    """What is said when there is no joining to undo."""
    return Refused("not-joined", "the contact is in the case it began; there is no joining to undo")
