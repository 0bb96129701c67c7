"""The whole unit, started, used and stopped as people do it."""

from __future__ import annotations

import re
import signal
from itertools import pairwise
from pathlib import Path

import pytest

from services.smoke import EXPECTED
from tests.whole import WholeUnit, whole_unit

pytestmark = [pytest.mark.system, pytest.mark.timeout(150)]

FACT = re.compile(r"^ *(\d+)  (\S+) +trace ([0-9a-f]{32})$", re.MULTILINE)
"""Sequence in the stream, name, trace."""
CAUSES = [
    "contact_opened triage_completed contact_routed conversation_queued conversation_accepted identity_requested",
    "identity_requested identity_verified times_offered visit_booked visit_completed",
    "visit_booked notification_sent",
    "conversation_accepted conversation_ended",
]
"""What cannot come before what; the rest may overtake each other."""


def facts(report: str) -> list[tuple[int, str, str]]:
    """Sequence, short name and trace of every line of a smoke report."""
    return [(int(at), key.split(".")[1], trace) for at, key, trace in FACT.findall(report)]


def test_a_unit_serves_a_journey_and_drains_on_ctrl_c_and_serves_on_after_a_restart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with whole_unit(tmp_path) as unit:
        smoke = unit.smoke()
    assert smoke.returncode == 0, smoke.stdout + smoke.stderr
    with whole_unit(tmp_path) as again:
        second = again.smoke()
    assert second.returncode == 0, second.stdout + second.stderr
    with capsys.disabled():
        print(f"\n{smoke.stdout}ready after {unit.ready_seconds:.1f} s, with data {again.ready_seconds:.1f} s")


def test_a_journey_is_told_in_order_each_fact_with_its_trace(whole: WholeUnit) -> None:
    told = facts(whole.smoke().stdout)
    assert set(EXPECTED) <= {name for _, name, _ in told}
    sequences = [at for at, _, _ in told]
    assert sequences == sorted(set(sequences))
    at = {name: sequence for sequence, name, _ in told}
    for chain in CAUSES:
        for cause, effect in pairwise(chain.split()):
            assert at[cause] < at[effect], f"{effect} before {cause}"


def test_what_follows_from_one_act_has_one_trace(whole: WholeUnit) -> None:
    trace = {name: trace for _, name, trace in facts(whole.smoke().stdout)}
    assert len({trace[name] for name in "contact_opened triage_completed contact_routed conversation_queued".split()}) == 1
    assert trace["visit_booked"] == trace["notification_sent"]
    assert trace["contact_opened"] != trace["visit_booked"]


def test_a_unit_split_into_processes_serves_a_journey_and_drains_on_sigterm(tmp_path: Path) -> None:
    unit = WholeUnit(tmp_path, "--split")
    try:
        smoke = unit.smoke()
        assert smoke.returncode == 0, smoke.stdout + smoke.stderr
        assert unit.ends(signal.SIGTERM) == 0, unit.said()
    finally:
        unit.kill()
