"""The subscriber kit does what its page says: on a real bus with accounts, and by copy and paste on a whole unit."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from nats.errors import Error as NatsError

from chassis import clock, provision
from chassis.neighbours import Neighbour
from chassis.settings import ROOT
from contracts import EVENTS, Event, check
from contracts.public import VisitCounted
from contracts.scheduling import VisitBooked, VisitCompleted
from tests.county import County, county
from tests.golden import HEARD, WRONG, OnTheBus
from tests.node import NODE
from tests.stack import PATIENCE_SECONDS, eventually
from tests.whole import WholeUnit, whole_unit

pytestmark = [pytest.mark.live, pytest.mark.system, pytest.mark.timeout(180)]

KIT = ROOT / "contracts" / "kit"
PYTHON, JAVASCRIPT = (sys.executable, KIT / "subscriber.py"), (NODE, KIT / "subscriber.mjs")
each_language = pytest.mark.parametrize(
    "example", [pytest.param(PYTHON, id="python"), pytest.param(JAVASCRIPT, id="javascript", marks=pytest.mark.node)]
)
README = (KIT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
UNREADABLE = ("bad-json", "bad-envelope", "content-type")
"""Codes of what an example that takes any kind of event can see."""
SMOKE_TELLS = {"visit_completed", "contact_counted", "conversation_counted", "visit_counted"}
"""Of the facts of one journey, those that the page grants and that are told at once."""


class Subscriber:
    """An example as a process of its own; it can be killed and started again with what it remembers."""

    def __init__(self, command: list[str], printed: Path, memory: Path | None = None, **said: str) -> None:
        self._command, self._printed, self._environment = command, printed, os.environ | said
        self._memory = memory
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._printed.open("ab") as out, self._printed.with_suffix(".err").open("ab") as err:
            self.process = subprocess.Popen(self._command, cwd=ROOT, env=self._environment, stdout=out, stderr=err)

    def end(self, by: signal.Signals = signal.SIGKILL) -> int:
        assert self.process
        self.process.send_signal(by)
        return self.process.wait(PATIENCE_SECONDS)

    @property
    def lines(self) -> list[str]:
        return self._printed.read_text(encoding="utf-8").splitlines() if self._printed.exists() else []

    @property
    def ids(self) -> list[str]:
        """`ce-id`s it has printed, in order."""
        return [json.loads(line)["id"] for line in self.lines]

    @property
    def acted(self) -> list[str]:
        """`ce-id`s it has acted on, in order: what it remembers."""
        assert self._memory
        if not self._memory.exists():
            return []
        if self._memory.read_bytes()[:6] != b"SQLite":
            return [json.loads(line)["id"] for line in self._memory.read_text(encoding="utf-8").splitlines()]
        with closing(sqlite3.connect(self._memory)) as memory:
            return [event_id for (event_id,) in memory.execute("SELECT id FROM acted ORDER BY rowid")]

    def complaints(self) -> str:
        return self._printed.with_suffix(".err").read_text(encoding="utf-8")


@pytest.fixture
def around(tmp_path: Path) -> Iterator[County]:
    with county(tmp_path) as made:
        yield made


@pytest.fixture
def subscribe(around: County) -> Iterator[Callable[..., Subscriber]]:
    """Start an example as a neighbour of the county."""
    started: list[Subscriber] = []

    def start(example: tuple[str, Path], name: str, *streams: str) -> Subscriber:
        folder = around.settings.data_dir
        memory = folder / f"{name}.acted"
        command = [str(each) for each in (*example, name, around.seed(name), memory, *streams)]
        started.append(Subscriber(command, folder / f"{name}.jsonl", memory, NATS_URL=around.url))
        started[-1].start()
        return started[-1]

    yield start
    for each in started:
        if each.process and each.process.poll() is None:
            each.end()


def visits(count: int) -> list[Event]:
    return [VisitCompleted.example] * count


def crash_of_the_bus(around: County) -> None:
    """Kill the server; who keeps it starts it again."""
    config = str(around.settings.data_dir / "nats.conf")
    (server,) = (each for each in psutil.Process().children() if config in each.cmdline())
    server.kill()


async def bus_is_back(around: County) -> bool:
    try:
        await around.bus.stream_info("EVT")
    except (NatsError, TimeoutError):
        return False
    return True


async def acts_on(reader: Subscriber, told: list[str]) -> None:
    """It comes to have acted on just these, in this order; if not, what it did and complained of is said."""
    with suppress(AssertionError):
        await eventually(lambda: reader.acted == told)
    assert reader.acted == told, reader.complaints()


async def nobody_reads(around: County, granted: Neighbour) -> bool:
    return not (await around.bus.consumer_info("EVT", granted.durable)).num_waiting


@each_language
def test_an_example_acts_once_on_each_event_in_order_through_crashes_of_the_bus_and_its_own(
    around: County, subscribe: Callable[..., Subscriber], example: tuple[str, Path]
) -> None:
    async def case() -> None:
        granted = await around.grant("my-system", "visit_completed")
        reader = subscribe(example, "my-system", "EVT")
        told = await around.tell(*visits(3))
        await acts_on(reader, told)
        crash_of_the_bus(around)
        await eventually(lambda: bus_is_back(around), "the bus is back")
        told += await around.tell(*visits(3))
        await acts_on(reader, told)
        reader.end()
        # What is sent to who has died a moment ago comes again later, behind what was told after it.
        await eventually(lambda: nobody_reads(around, granted), "the server knows that it is gone")
        told += (await around.tell(VisitBooked.example, *visits(3)))[1:]
        reader.start()
        await acts_on(reader, told)
        again = granted.model_copy(update={"since": clock.now() - timedelta(days=7)})
        await provision.serve(around.bus, again, anew=True)
        told += await around.tell(*visits(1))
        await eventually(lambda: reader.acted[-1:] == told[-1:], "it reads everything again")
        assert reader.acted == told

    around.run(case())


@each_language
def test_an_example_prints_every_event_as_a_cloudevent_that_the_checker_takes(
    around: County, subscribe: Callable[..., Subscriber], example: tuple[str, Path]
) -> None:
    """The one in JavaScript shares no code with ours: client, headers and bodies are read by others."""

    async def case() -> None:
        read = [kind for kind in EVENTS.values() if not kind.within]
        await around.grant("my-system", *(kind.key for kind in read))
        reader = subscribe(example, "my-system")
        told = await around.tell(*(kind.cls.example for kind in read))
        await eventually(lambda: len(reader.ids) >= len(told), f"all are read: {reader.complaints()}")
        printed: dict[str, Any] = {each["id"]: each for each in map(json.loads, reader.lines)}
        for event_id, kind in zip(told, read, strict=True):
            assert printed[event_id]["type"] == kind.ce_type
            assert printed[event_id]["data"] == kind.cls.example.model_dump(mode="json")
        assert list(check.check(reader.lines).lines()) == [f"events: {len(read)}, bad: 0"]

    around.run(case())


@each_language
def test_an_example_says_which_stream_was_not_granted_and_reads_the_other(
    around: County, subscribe: Callable[..., Subscriber], example: tuple[str, Path]
) -> None:
    async def case() -> None:
        await around.grant("my-system", "pub")
        reader = subscribe(example, "my-system")
        told = await around.tell(VisitCounted.example)
        await eventually(lambda: reader.ids == told, "what was granted is read")
        await eventually(
            lambda: "permissions violation" in reader.complaints().lower(), "the rest is said to be denied"
        )

    around.run(case())


@each_language
def test_an_example_complains_about_what_cannot_be_read_settles_it_and_goes_on(
    around: County, subscribe: Callable[..., Subscriber], example: tuple[str, Path]
) -> None:
    async def case() -> None:
        granted = await around.grant("my-system", HEARD)
        reader = subscribe(example, "my-system", "EVT")
        unreadable = [OnTheBus.of(each["event"]) for each in WRONG if each["code"] in UNREADABLE]
        assert len(unreadable) >= 7
        for wrong in (*unreadable, OnTheBus(unreadable[0].subject, {}, b"")):
            await around.bus.publish(wrong.subject, wrong.body, headers=wrong.headers)
        good = await around.tell(EVENTS[HEARD].cls.example)
        await eventually(lambda: reader.acted == good, f"it goes on: {reader.complaints()}")

        async def settled() -> bool:
            return await provision.waiting(around.bus, granted) == 0

        await eventually(settled, "nothing of it comes again")
        complaints = re.findall("^(?:ValueError|JSONDecodeError|SyntaxError): ", reader.complaints(), re.MULTILINE)
        assert (reader.acted, len(complaints)) == (good, len(unreadable) + 1)
        assert reader.process
        assert reader.process.poll() is None

    around.run(case())


# By copy and paste


def literally(unit: WholeUnit, line: str) -> str:
    """A command of the page for a unit of the test's own: other folder, other ports, the same words."""
    nats = str(unit.settings.embedded_nats_port)
    other = {
        "14222": nats,
        ".venv/bin/digi": f"{sys.executable} -m services",
        ".venv/bin/python": sys.executable,
        " .data/": f" {unit.settings.data_dir}/",
        "make smoke": f"{sys.executable} -m services smoke --address {unit.address} --nats nats://127.0.0.1:{nats}",
    }
    return re.sub("|".join(map(re.escape, other)), lambda found: other[found[0]], line)


def paste(unit: WholeUnit, line: str) -> str:
    """Run a command to its end in a shell; what it prints."""
    ended = subprocess.run(
        ["bash", "-c", literally(unit, line)], cwd=ROOT, env=unit.environment, capture_output=True, text=True,
        timeout=2 * PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def leave_running(unit: WholeUnit, line: str) -> Subscriber:
    nats = f"nats://127.0.0.1:{unit.settings.embedded_nats_port}"
    command = ["bash", "-c", f"exec {literally(unit, line)}"]
    started = Subscriber(command, unit.settings.data_dir / f"pasted-{len(line)}.jsonl", NATS_URL=nats)
    started.start()
    return started


@pytest.mark.node
def test_both_examples_run_from_the_page_by_copy_and_paste(tmp_path: Path) -> None:
    begins, *rest = COMMANDS
    assert begins == "make run"
    running = []
    with whole_unit(tmp_path) as unit:
        try:
            for line in rest:
                if "contracts/kit/subscriber." in line:
                    running.append(leave_running(unit, line))
                elif not line.startswith("npm ci"):  # .ci/run has done so; a test leaves the machine alone
                    paste(unit, line)
            assert len(running) == 2
            for reader in running:
                must_have_read(reader)
        finally:
            for reader in running:
                reader.end()


def must_have_read(reader: Subscriber) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    names: set[str] = set()
    while not names >= SMOKE_TELLS:
        assert time.monotonic() < deadline, f"read {names}: {reader.complaints()}"
        time.sleep(0.1)  # between two looks at the condition
        names = {json.loads(line)["type"].split(".")[-2] for line in reader.lines}
    assert len(set(reader.ids)) == len(reader.ids)
    assert check.check(reader.lines).findings == []
