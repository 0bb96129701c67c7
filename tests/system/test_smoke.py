"""The whole unit, started, used and stopped as people do it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from subprocess import CompletedProcess

import psutil
import pytest

from chassis.settings import ROOT
from services.smoke import EXPECTED
from tests.stack import free_ports
from tests.whole import WholeUnit, whole_unit

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

FACT = re.compile(r"^ *(\d+)  \w+\.(\w+)\.v\d+ +trace ([0-9a-f]{32})$", re.MULTILINE)
"""Sequence in the stream, name, trace."""
CAUSES = [
    "contact_opened triage_completed contact_routed conversation_queued conversation_accepted identity_requested",
    "identity_requested identity_verified times_offered visit_booked visit_completed",
    "visit_booked notification_sent",
    "conversation_accepted conversation_ended",
]
"""What cannot come before what; the rest may overtake each other."""


@dataclass(frozen=True)
class Run:
    """A unit that was started in `folder`, served one smoke journey and was told to stop."""

    folder: Path
    smoke: CompletedProcess[str]
    ready_seconds: float
    exit_code: int
    said: str

    @property
    def facts(self) -> list[tuple[int, str, str]]:
        """Sequence, name and trace of every fact that was printed."""
        return [(int(sequence), name, trace) for sequence, name, trace in FACT.findall(self.smoke.stdout)]


def run(folder: Path) -> Run:
    unit = WholeUnit(folder)
    try:
        smoke = unit.smoke()
        exit_code = unit.ends(signal.SIGINT)
    finally:
        unit.kill()
    return Run(folder, smoke, unit.ready_seconds, exit_code, unit.said())


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(tmp_path_factory.mktemp("unit"))


def test_a_unit_that_was_just_started_serves_a_whole_journey(first: Run) -> None:
    assert first.smoke.returncode == 0, first.smoke.stdout + first.smoke.stderr
    assert set(EXPECTED) <= {name for _, name, _ in first.facts}


def test_every_fact_is_printed_with_its_trace_in_the_order_of_the_stream(first: Run) -> None:
    lines = first.smoke.stdout.splitlines()
    sequences = [sequence for sequence, _, _ in first.facts]
    assert len(sequences) == len(lines) - 1, first.smoke.stdout  # the last line counts them
    assert sequences == sorted(set(sequences))


def test_no_fact_comes_before_what_it_follows_from(first: Run) -> None:
    at = {name: sequence for sequence, name, _ in first.facts}
    for chain in CAUSES:
        for cause, effect in pairwise(chain.split()):
            assert at[cause] < at[effect], f"{effect} before {cause}"


def test_what_follows_from_one_act_has_one_trace_and_another_act_another(first: Run) -> None:
    traces = {name: trace for _, name, trace in first.facts}
    assert len({traces[name] for name in CAUSES[0].split()[:4]}) == 1
    assert traces["contact_opened"] != traces["visit_booked"]


def test_ctrl_c_drains_the_unit_and_it_exits_with_0(first: Run) -> None:
    assert first.exit_code == 0, first.said


def test_a_unit_started_again_on_its_data_serves_on(first: Run, capsys: pytest.CaptureFixture[str]) -> None:
    second = run(first.folder)
    with capsys.disabled():
        sys.stdout.write(f"(ready after {first.ready_seconds:.1f} s, with data after {second.ready_seconds:.1f} s) ")
    assert second.smoke.returncode == 0, second.smoke.stdout + second.smoke.stderr
    assert second.facts[0][0] > first.facts[-1][0]
    assert second.exit_code == 0, second.said


def test_a_unit_split_into_processes_serves_a_journey_and_drains_on_sigterm(tmp_path: Path) -> None:
    with whole_unit(tmp_path, "--split", by=signal.SIGTERM) as unit:
        smoke = unit.smoke()
        assert smoke.returncode == 0, smoke.stdout + smoke.stderr


@pytest.mark.parametrize("words", [(), ("--split",)], ids=["one process", "split"])
def test_a_taken_address_is_said_at_once_and_nothing_is_left_running(words: tuple[str, ...], tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", port)):
        ended = subprocess.run(
            [sys.executable, "-m", "services", "up", *words],
            env=os.environ | {"DIGI_DATA_DIR": str(tmp_path), "DIGI_PORT": str(port),
                              "DIGI_EMBEDDED_NATS_PORT": str(free_ports(2)[0])},
            capture_output=True, text=True, timeout=60, cwd=ROOT, check=False,
        )  # fmt: skip
    assert ended.returncode == 2
    assert f"digi: cannot listen on 127.0.0.1:{port}" in ended.stderr
    running = [each.info["cmdline"] or [] for each in psutil.process_iter(["cmdline"])]
    assert not [words for words in running if any(str(tmp_path) in word for word in words)]
