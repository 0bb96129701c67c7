"""Forms that the tests of fall prevention speak of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from chassis import Refused, Viewer
from contracts.areas import load_areas
from contracts.falls import FallForm, FallScreenView, GetFallPathway, ScreenFallRisk
from contracts.portal import Answer
from services.intake.falls.ruleset import FallRules, load_fall_rules
from services.intake.settings import FALL_RULES
from tests.architecture.rules import ROOT
from tests.factories import client
from tests.unit import START, Unit

VERSION = "2024-09-01"
FALLS = ("none", "one", "two", "three_or_more")
HELP = ("none", "watching", "some", "all")
BALANCE = ("steady", "slightly", "clearly", "very")


def the_rules() -> FallRules:
    areas = load_areas(ROOT / "deploy" / "areas", practice=False)
    return load_fall_rules(FALL_RULES, areas).current(START.date())


def short(falls: int, help_at_home: int, balance: int) -> tuple[Answer, ...]:
    """The short screen by points, an item each."""
    picked = {"falls": FALLS[falls], "daily_help": HELP[help_at_home], "balance": BALANCE[balance]}
    return tuple(Answer(question=question, answer=answer) for question, answer in picked.items())


def at_70(fallen: str, fear: str) -> tuple[Answer, ...]:
    return (Answer(question="fallen", answer=fallen), Answer(question="fear", answer=fear))


def screens(unit: Unit, *, viewer: Viewer | None = None, **over: Any) -> FallScreenView:
    """A short screen of 7 points, filled in by a resident of Kotka who has not come in yet."""
    told: dict[str, Any] = {
        "contact_id": uuid4(),
        "municipality": "285",
        "form": FallForm.SHORT_SCREEN,
        "rules": VERSION,
        "answers": short(3, 2, 2),
    } | over
    view: FallScreenView = unit.asks(ScreenFallRisk.model_validate(told), viewer=viewer or client(told["contact_id"]))
    return view


def pathway(unit: Unit, contact_id: UUID, viewer: Viewer) -> Any:
    return unit.asks(GetFallPathway(contact_id=contact_id, language="fi"), viewer=viewer)


def refusal_of(check: Callable[[], object]) -> str:
    """The code something is refused with; empty when it passes."""
    try:
        check()
    except Refused as refused:
        return refused.code
    return ""
