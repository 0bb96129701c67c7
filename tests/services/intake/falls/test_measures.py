"""What a visit measures: ranges, units and signs. Figures: BMC Geriatrics 2014, FSQ scoring note."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.falls import BergBand, FallInstrument, FallSign, FsqItem, RecordFallMeasures
from services.intake.falls import domain
from tests.services.intake.falls.builders import refusal_of, the_rules

RULES = the_rules().measures
BASIC = ("self_care", "transfer", "walk_indoors")


def measured(**told: Any) -> domain.Measured:
    return domain.measure(RULES, RecordFallMeasures.model_validate({"contact_id": uuid4()} | told))


def refused(**told: Any) -> str:
    return refusal_of(lambda: measured(**told))


def items(*values: int, codes: tuple[str, ...] = BASIC) -> list[FsqItem]:
    return [FsqItem(code=code, value=value) for code, value in zip(codes, values, strict=False)]


def test_the_limits_are_those_of_the_sources() -> None:
    """Rule 25: 13.5 s, 0-56 points, below 45; SPPB 0-12."""
    assert (RULES.tug.sign_from_seconds, RULES.berg.most_points, RULES.berg.sign_below_points) == (
        Decimal("13.5"),
        56,
        45,
    )
    assert RULES.sppb.most_points == 12


@pytest.mark.parametrize(("seconds", "slow"), [("13.4", False), ("13.49", False), ("13.5", True), ("13.50", True)])
def test_a_timed_up_and_go_is_slow_from_13_5_seconds_on(seconds: str, *, slow: bool) -> None:
    """Rule 25."""
    assert (FallSign.TUG_SLOW in measured(tug_seconds=seconds).signs) == slow


@given(
    st.decimals(min_value="0.01", max_value=300, places=2),
    st.none() | st.integers(0, 56),
    st.none() | st.integers(0, 12),
)
def test_a_slow_timed_up_and_go_alone_never_speaks_for_a_raised_risk(
    tug: Decimal, berg: int | None, sppb: int | None
) -> None:
    """Rule 25: whatever else was measured, only a low Berg makes the difference."""
    found = measured(tug_seconds=tug, berg_points=berg, sppb_points=sppb)
    assert found.raised_risk == (berg is not None and berg < 45)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        ("0.01", ""),
        ("300", ""),
        ("0", "tug-out-of-range"),
        ("-1", "tug-out-of-range"),
        ("300.01", "tug-out-of-range"),
        ("12.345", "tug-out-of-range"),
    ],
)
def test_a_timed_up_and_go_takes_more_than_0_and_at_most_300_seconds(seconds: str, code: str) -> None:
    """Rule 25."""
    assert refused(tug_seconds=seconds) == code


@pytest.mark.parametrize(("points", "low"), [(44, True), (45, False), (0, True), (56, False)])
def test_a_berg_below_45_is_a_sign(points: int, *, low: bool) -> None:
    """Rule 25."""
    found = measured(berg_points=points)
    assert (FallSign.BERG_LOW in found.signs, found.raised_risk) == (low, low)


@pytest.mark.parametrize(
    ("points", "code"),
    [("0", ""), ("56", ""), ("57", "berg-out-of-range"), ("-1", "berg-out-of-range"), ("45.5", "berg-out-of-range")],
)
def test_a_berg_is_a_whole_number_from_0_to_56(points: str, code: str) -> None:
    """Rule 25."""
    assert refused(berg_points=points) == code


@pytest.mark.parametrize(
    ("points", "band"),
    [
        (0, BergBand.FROM_0_TO_20),
        (20, BergBand.FROM_0_TO_20),
        (21, BergBand.FROM_21_TO_40),
        (40, BergBand.FROM_21_TO_40),
        (41, BergBand.FROM_41_TO_56),
        (56, BergBand.FROM_41_TO_56),
    ],
)
def test_every_berg_is_in_a_band(points: int, band: BergBand) -> None:
    assert measured(berg_points=points).berg_band is band


@pytest.mark.parametrize(
    ("points", "code"), [("0", ""), ("12", ""), ("13", "sppb-out-of-range"), ("1.5", "sppb-out-of-range")]
)
def test_an_sppb_is_a_whole_number_from_0_to_12(points: str, code: str) -> None:
    assert refused(sppb_points=points) == code


@pytest.mark.parametrize(
    ("values", "score"),
    [
        ((4, 4, 4), 100.0),
        ((1, 1, 1), 0.0),
        ((4, 3, 2), 66.7),  # mean 3
        ((4, 0, 0), 100.0),
        ((2, 0, 1), 16.7),  # mean 1.5
        ((4, 3), 83.3),  # mean 3.5: what is not answered is not scored either
    ],
)
def test_a_scale_of_the_fsqfin_is_the_mean_of_its_scored_items_from_0_to_100(
    values: tuple[int, ...], score: float
) -> None:
    """(Mean - 1) / 3 * 100; 0 is "did not do it for other reasons" and not scored."""
    assert domain.fsq_scores(RULES.fsq, items(*values)) == {"basic": score}


def test_a_scale_without_a_scored_item_has_no_score() -> None:
    assert domain.fsq_scores(RULES.fsq, items(0, 0, 0)) == {}


def test_the_scales_of_the_fsqfin_are_scored_apart_and_no_score_is_a_sign() -> None:
    found = measured(fsq_items=[*items(1, 1, 1), *items(4, codes=("errands",))])
    assert found.fsq_scores == {"basic": 0.0, "intermediate": 100.0}
    assert (found.signs, found.raised_risk) == ((), False)


@pytest.mark.parametrize(
    "wrong",
    [items(5), items(-1), items(3, codes=("dancing",)), [*items(3), *items(4)]],
    ids=["5", "-1", "item", "twice"],
)
def test_an_item_of_the_fsqfin_is_known_and_answered_once_from_0_to_4(wrong: list[FsqItem]) -> None:
    assert refused(fsq_items=wrong) == "fsq-out-of-range"


def test_a_visit_without_a_measure_is_no_record() -> None:
    assert refused() == "nothing-measured"


def test_what_was_measured_is_named() -> None:
    found = measured(tug_seconds=12, sppb_points=0, berg_points=0, fsq_items=items(0))
    assert set(found.instruments) == set(FallInstrument)
    assert measured(sppb_points=3).instruments == (FallInstrument.SPPB,)
