"""The whole unit as people start it: `digi up` as a process of its own, with a folder and ports of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
from sqlalchemy import Engine, create_engine

from chassis import clock
from chassis.calendar import local_date
from chassis.settings import ROOT, Settings
from services import NAMES
from tests import child
from tests.stack import PATIENCE_SECONDS, free_ports

START_SECONDS = 120.0
"""Deadline of a start: six processes read their code at once, on a machine that may be busy."""
DRAIN_SECONDS = 30.0
OK = 200


class WholeUnit:
    """One `digi up`. `folder` may hold what an earlier one has left.

    Args:
        folder: data directory.
        words: further words of the command line.
        said: further settings, as environment variables.
    """

    def __init__(self, folder: Path, *words: str, **said: str) -> None:
        port, *_, nats, _, mail = free_ports(len(NAMES) + 4)
        self.settings = Settings(data_dir=folder, port=port, embedded_nats_port=nats, practice_mail_port=mail)
        self.address = self.settings.base_url
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("DIGI_")} | {
            "DIGI_DATA_DIR": str(folder),
            "DIGI_PORT": str(port),
            "DIGI_PUBLIC_URL": self.address,
            "DIGI_EMBEDDED_NATS_PORT": str(nats),
            "DIGI_PRACTICE_MAIL_PORT": str(mail),
            "NOTIFICATIONS_SMTP_PORT": str(mail),
            **said,
        }
        self._log = folder / "unit.log"
        started = time.monotonic()
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "services", "up", *words]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        # Split, each service answers on a port of its own, in the order of their names after the portal's.
        others = [port + 1 + place for place, name in enumerate(NAMES) if name != "portal"] if words else []
        self._must_get_ready([port, *others])
        self.ready_seconds = time.monotonic() - started

    def _must_get_ready(self, ports: list[int]) -> None:
        deadline = time.monotonic() + START_SECONDS
        with httpx.Client(trust_env=False) as client:
            while not all(_is_ready(client, port) for port in ports):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.kill()
                    raise AssertionError(f"the unit does not get ready:\n{self.said()}")
                time.sleep(0.05)  # between two looks at the condition

    def said(self) -> str:
        """The last of what it has logged."""
        return "\n".join(self._log.read_text("utf-8").splitlines()[-40:])

    @property
    def nats(self) -> str:
        """Address of its bus."""
        return f"nats://127.0.0.1:{self.settings.embedded_nats_port}"

    def digi(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another `digi` command against this unit, as its operator."""
        environment = self.environment | {"DIGI_NATS_URL": self.nats}
        return child.digi(*words, environment=environment, seconds=PATIENCE_SECONDS)

    def smoke(self) -> subprocess.CompletedProcess[str]:
        """Drive one journey through this unit."""
        return self.digi("smoke", "--address", self.address, "--nats", self.nats)

    @contextmanager
    def database(self, service: str) -> Iterator[Engine]:
        """A connection of the test's own to a service's database."""
        engine = create_engine(self.settings.database(service))
        try:
            yield engine
        finally:
            engine.dispose()

    def ends(self, by: signal.Signals = signal.SIGINT) -> int:
        """Tell it to stop; returns its exit code once it has drained."""
        if self.process.poll() is None:
            self.process.send_signal(by)
        try:
            return self.process.wait(DRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the unit does not drain:\n{self.said()}") from None

    def kill(self) -> None:
        """End it whatever it is doing."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def closed_chats(areas: Path) -> dict[str, str]:
    """Settings of a unit whose chats are closed today and tomorrow, by its counties' own files.

    Args:
        areas: an empty folder for those files.
    """
    today = local_date(clock.now())
    days = ", ".join(str(today + timedelta(days=n)) for n in range(2))
    for file in (ROOT / "deploy" / "areas").glob("*.toml"):
        text = file.read_text("utf-8").replace("closed_on = []", f"closed_on = [{days}]")
        (areas / file.name).write_text(text, "utf-8")
    return {"DIGI_PRACTICE_HOURS": "false", "DIGI_AREAS_DIR": str(areas)}


def _is_ready(client: httpx.Client, port: int) -> bool:
    try:
        return client.get(f"http://127.0.0.1:{port}/readyz").status_code == OK
    except httpx.TransportError:
        return False


@contextmanager
def whole_unit(folder: Path, *words: str, by: signal.Signals = signal.SIGINT, **said: str) -> Iterator[WholeUnit]:
    """A whole unit while the block runs; told to stop, it must drain and exit with 0."""
    unit = WholeUnit(folder, *words, **said)
    try:
        yield unit
    except BaseException:
        unit.kill()
        raise
    assert unit.ends(by) == 0, unit.said()
