"""The nats-server that runs beside the services when no other bus is given: a child process, loopback only."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import signal
import sys
import sysconfig
from pathlib import Path

from chassis import telemetry
from chassis.errors import TryLater
from chassis.settings import ROOT, Settings

CONFIG = ROOT / "deploy" / "nats" / "dev.conf"
START_SECONDS = 10.0


def server_binary() -> str:
    """Where nats-server is: of this environment first, then on PATH.

    Raises:
        FileNotFoundError: neither has one.
    """
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if not found:
        raise FileNotFoundError("nats-server: install the locked dependencies, or set DIGI_NATS_URL to a running one")
    return found


def die_with_parent() -> None:
    """Run in a child before it starts: it is told to end when this process is killed, so that nothing is orphaned."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class EmbeddedNats:
    """A nats-server of our own.

    Args:
        settings: data folder.
        port: where it listens; the monitoring address is the port after it.
        authorization: who may do what, in the server's own words (chassis.permissions); empty: everybody everything.
    """

    def __init__(self, settings: Settings, port: int, authorization: str = "") -> None:
        self.url = f"nats://127.0.0.1:{port}"
        self.monitor_url = f"http://127.0.0.1:{port + 1}"
        self._port = port
        self._authorization = authorization
        self._folder = settings.data_dir.resolve()
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start the server, wait until it accepts connections, and start it again whenever it dies.

        Raises:
            TryLater: `bus-does-not-start`: the port is taken, or the store cannot be opened; see nats.log.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        await self._start_once()
        self._keeper = asyncio.create_task(self._keep())

    def reload(self, authorization: str) -> None:
        """Let other people in, or the same to other things. Who is connected and still may be stays connected."""
        self._authorization = authorization
        self._configure()
        if self._process and self._process.returncode is None:
            self._process.send_signal(signal.SIGHUP)

    def _configure(self) -> Path:
        config = self._folder / "nats.conf"
        config.write_text(CONFIG.read_text("utf-8") + self._authorization, "utf-8")
        return config

    async def _start_once(self) -> None:
        log_file, config = self._folder / "nats.log", self._configure()
        environment = os.environ | {
            "DIGI_NATS_PORT": str(self._port),
            "DIGI_NATS_MONITOR_PORT": str(self._port + 1),
            "DIGI_NATS_STORE": str(self._folder / "nats"),
        }
        self._process = await asyncio.create_subprocess_exec(
            server_binary(), "-c", str(config), "-l", str(log_file), env=environment,
            start_new_session=True, preexec_fn=die_with_parent,
        )  # fmt: skip
        for _ in range(int(START_SECONDS / 0.05)):
            await asyncio.sleep(0.05)
            if self._process.returncode is not None:
                break
            if await self._accepts():
                return
        await self._end()
        raise TryLater("bus-does-not-start", f"nats-server does not start on port {self._port}; see {log_file}")

    async def _accepts(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        return True

    async def _keep(self) -> None:
        while True:
            assert self._process is not None
            code = await self._process.wait()
            telemetry.log("nats").error("nats-server ended, started again", code=str(code))
            try:
                await self._start_once()
            except TryLater as error:
                telemetry.log("nats").error("nats-server does not start", code=error.code)
                await asyncio.sleep(1)

    async def _end(self) -> None:
        if self._process and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def stop(self) -> None:
        """Stop the server; what it acknowledged is on disk."""
        if self._keeper:
            self._keeper.cancel()
        await self._end()
