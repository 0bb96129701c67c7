"""Soite's pilot, replayed through the real services, gives its report's figures. Source: mission.md sections 2, 3."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from services import simulate
from services.feedback.domain import Tally, net_promoter_score
from services.simulate import Reading, pilot_cases


@pytest.mark.parametrize(
    ("reading", "mean", "shortest"), [(Reading.MINUTES_SECONDS, 1257, 326), (Reading.DECIMAL_MINUTES, 1234, 316)]
)
def test_talk_times_add_up_to_the_reports_mean_and_range_in_both_readings(reading, mean, shortest) -> None:
    talks = [case.talks_seconds for case in pilot_cases(reading) if case.talks_seconds is not None]
    assert (len(talks), sum(talks) / 21, min(talks), max(talks)) == (21, mean, shortest, 2641)


def test_every_case_opens_on_an_opening_day_of_the_pilot() -> None:
    assert {case.opens_at.weekday() for case in pilot_cases(Reading.MINUTES_SECONDS)} == {1, 3}


@pytest.mark.live
@pytest.mark.timeout(180)
def test_the_pilot_replayed_gives_the_figures_of_its_report(tmp_path: Path) -> None:
    told = asyncio.run(simulate.replay(Reading.MINUTES_SECONDS, tmp_path))
    report = simulate.report_of(told)
    assert (report.conversations, report.abandoned, report.messages) == (21, 2, 4)
    assert report.identified == 9  # 42.9 % of 21
    assert report.scores == Tally(promoters=12, passives=1, detractors=0)  # 13/21 = 61.9 %
    assert net_promoter_score(report.scores) == 92
    assert sum(report.waits) / 21 == 33
    assert (sum(report.talks) / 21, min(report.talks), max(report.talks)) == (1257, 326, 2641)
    assert report.kept_on_time == 4  # called back within 1-5 business days
    printed = simulate.printed(report, Reading.MINUTES_SECONDS)
    for figure in ("9/21 = 42.9 %", "13/21 = 61.9 %", "NPS            92", "33 s", "20:57", "5:26-44:01"):
        assert figure in printed
