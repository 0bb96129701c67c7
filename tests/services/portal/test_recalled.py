"""What is the same for everybody is asked once a minute, however many pages need it."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from chassis import Refused, Viewer
from contracts.base import Ask, Language
from contracts.intake import GetQuestionnaire, QuestionnaireView
from services.portal.edge import MOST_RECALLED, PASSER_BY, RECALLED
from tests.factories import staff
from tests.services.portal.town import Town

KNEE = GetQuestionnaire(language=Language.FI, trouble="knee")


@pytest.fixture
def asked(town: Town, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often what was asked of the services."""
    counts: Counter[str] = Counter()
    really = town._ask

    async def counting(ask: Ask[Any], *, viewer: Viewer, key: str | None = None) -> Any:
        counts[type(ask).__name__] += 1
        return await really(ask, viewer=viewer, key=key)

    object.__setattr__(town.edge, "ask", counting)  # an edge is frozen
    return counts


def recalls(town: Town, ask: GetQuestionnaire = KNEE) -> QuestionnaireView:
    return asyncio.run(town.edge.recall(ask, viewer=PASSER_BY))


def test_an_answer_is_a_minute_old_at_most(town: Town, asked: Counter[str]) -> None:
    assert recalls(town) == recalls(town)
    town.clock.advance(RECALLED - timedelta(seconds=1))
    recalls(town)
    assert asked["GetQuestionnaire"] == 1
    town.clock.advance(timedelta(seconds=1))
    recalls(town)
    assert asked["GetQuestionnaire"] == 2


def test_each_ask_has_its_own_answer(town: Town, asked: Counter[str]) -> None:
    in_swedish = recalls(town, GetQuestionnaire(language=Language.SV, trouble="knee"))
    assert in_swedish.questions[0].text != recalls(town).questions[0].text
    assert asked["GetQuestionnaire"] == 2


def test_a_refusal_is_asked_again(town: Town, asked: Counter[str]) -> None:
    town.away.add("intake")
    with pytest.raises(Refused, match="away"):
        recalls(town)
    town.away.clear()
    assert recalls(town).questions
    assert asked["GetQuestionnaire"] == 2


def test_not_more_is_kept_than_fits(town: Town) -> None:
    """A version that nobody has is refused; made-up ones fill nothing either."""
    town.edge.recalled.update(
        {GetQuestionnaire(language=Language.FI, trouble=f"t{n}"): (town.clock(), recalls(town)) for n in range(600)}
    )
    recalls(town, GetQuestionnaire(language=Language.EN))
    assert len(town.edge.recalled) <= MOST_RECALLED


def test_what_is_somebodys_own_is_never_recalled(town: Town) -> None:
    with pytest.raises(AssertionError, match="the same for everybody"):
        asyncio.run(town.edge.recall(KNEE, viewer=staff()))


def test_a_case_page_that_is_opened_again_asks_for_no_words(town: Town, asked: Counter[str]) -> None:
    case, desk = town.comes_in(), town.therapist()
    address = f"/fi/desk/cases/{case.rpartition('/')[2]}"
    desk.get(address)
    before = asked["GetQuestionnaire"]
    assert desk.get(address).status_code == 200
    assert (asked["GetQuestionnaire"], asked["GetCase"]) == (before, 2)
