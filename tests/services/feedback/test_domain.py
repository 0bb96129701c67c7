"""Rules of feedback, with the figures of mission.md section 3."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.feedback.domain import (
    MASK,
    Tally,
    net_promoter_interval,
    net_promoter_score,
    tally,
    wilson_interval,
    without_telltales,
)


@pytest.mark.parametrize("answers", [Tally(49, 5, 0), Tally(50, 3, 1), Tally(51, 1, 2)])
def test_54_answers_of_kymenlaakso_give_nps_91(answers: Tally) -> None:
    """Source: mission.md section 3: base 54, three ways to reach it."""
    assert (answers.answers, net_promoter_score(answers)) == (54, 91)


def test_13_answers_of_soite_give_nps_92() -> None:
    """Source: mission.md section 3: 12 promoters, 1 passive, 0 detractors."""
    assert net_promoter_score(Tally(12, 1, 0)) == 92


@pytest.mark.parametrize("promoters", [46, 47])
def test_nps_91_is_impossible_with_a_base_of_51(promoters: int) -> None:
    """Source: mission.md section 3."""
    assert net_promoter_score(Tally(promoters, 51 - promoters, 0)) != 91


def test_nobody_answered_gives_no_score() -> None:
    assert net_promoter_score(Tally(0, 0, 0)) is None


def test_a_half_is_rounded_away_from_zero() -> None:
    assert (net_promoter_score(Tally(1, 7, 0)), net_promoter_score(Tally(0, 7, 1))) == (13, -13)


def test_nine_promotes_seven_is_passive_six_detracts() -> None:
    """Source: rule 26."""
    assert tally({10: 1, 9: 2, 8: 4, 7: 8, 6: 16, 0: 32}) == Tally(promoters=3, passives=12, detractors=48)


@pytest.mark.parametrize(
    ("hits", "base", "interval"),
    [(9, 21, (24.5, 63.5)), (13, 21, (40.9, 79.2)), (19, 19, (83.2, 100.0))],
    ids=["identified", "feedback", "useful"],
)
def test_published_shares_have_their_95_percent_intervals(hits: int, base: int, interval: tuple[float, float]) -> None:
    """Source: mission.md section 3."""
    assert wilson_interval(hits, base) == interval


def test_a_share_without_a_base_has_no_interval() -> None:
    assert wilson_interval(0, 0) is None


def test_nps_92_of_13_answers_reaches_from_78_to_100() -> None:
    """Source: mission.md section 3."""
    assert net_promoter_interval(Tally(12, 1, 0)) == (78, 100)


@settings(deadline=None)  # a busy machine is not a broken rule
@given(st.builds(Tally, *[st.integers(0, 300)] * 3))
def test_the_score_lies_in_its_interval(answers: Tally) -> None:
    score, interval = net_promoter_score(answers), net_promoter_interval(answers)
    if score is None or interval is None:
        assert (score, interval) == (None, None)
        return
    assert -100 <= interval[0] <= score + 1
    assert score - 1 <= interval[1] <= 100


@pytest.mark.parametrize(
    "telltale",
    ["131052-308T", "131052A308T", "040 123 4567", "+358401234567", "050-1234567", "maija@example.fi", "010206y9991"],
)
def test_what_would_name_the_writer_is_masked(telltale: str) -> None:
    assert without_telltales(f"Olen {telltale}, kiitos.") == f"Olen {MASK}, kiitos."


@pytest.mark.parametrize(
    "text",
    ["Kipu väheni 8:sta 2:een 14 päivässä.", "Aika 24.11.2026 klo 10.00 sopi.", "Jono 112, 10-12 minuuttia", "0-10"],
)
def test_plain_words_and_figures_stay(text: str) -> None:
    assert without_telltales(text) == text
