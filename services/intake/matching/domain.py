"""The rules of matching. Pure: values in, decision out."""

from __future__ import annotations

from collections.abc import Collection

from chassis.errors import Refused
from contracts.matching import MatchReason
from services.intake.identity.domain import Identity


def must_fit(reason: MatchReason, reasons: Collection[MatchReason]) -> None:
    """Let a decision rest only on what can carry it.

    Raises:
        Refused: `reason-does-not-fit`.
    """
    if reason not in reasons:
        raise Refused("reason-does-not-fit", f"expected one of {', '.join(reasons)}")


def must_be_without_code(who: Identity) -> None:
    """Let only somebody be matched who identified without a code.

    Raises:
        Refused: `nothing-to-match`.
    """
    if who.personal_identity_code is not None:
        raise Refused("nothing-to-match", "the person identified with a personal identity code")


def must_be_born_alike(told: Identity, candidate: Identity) -> None:
    """Never link two who were born on different days: a code that was typed wrong is somebody else's.

    Raises:
        Refused: `birth-dates-differ`.
    """
    if told.birth_date != candidate.birth_date:
        raise Refused("birth-dates-differ", "the two were born on different days")


def already_matched() -> Refused:
    """What is said when a decision holds already."""
    return Refused("already-matched", "somebody has decided about this person meanwhile")
