"""Start time and memory of the whole unit, in one process and in one process per service."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil

from bench import rig
from bench.rig import Row
from services import NAMES

PATIENCE_SECONDS = 60.0
MEBIBYTE = 2**20


@asynccontextmanager
async def unit(folder: Path, *words: str) -> AsyncIterator[tuple[str, psutil.Process]]:
    """`digi up` in a process of its own, ready: its address and process."""
    port = rig.free_ports(len(NAMES) + 1)
    environment = os.environ | {
        "DIGI_DATA_DIR": str(folder),
        "DIGI_PORT": str(port),
        "DIGI_EMBEDDED_NATS_PORT": str(rig.free_ports(2)),
        "DIGI_LOG_LEVEL": "ERROR",
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),  # the first start compiles, as on a new machine
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services", "up", *words, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    ports = [port + (0 if name == "portal" else 1 + place) for place, name in enumerate(NAMES)] if words else [port]
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*(_ready(each, child) for each in ports))
        yield f"http://127.0.0.1:{port}", psutil.Process(child.pid)
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


async def _ready(port: int, child: asyncio.subprocess.Process) -> None:
    async with httpx.AsyncClient(timeout=2) as client:
        while child.returncode is None:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.02)
    raise RuntimeError(f"the unit ended with code {child.returncode} before it was ready")


async def measure() -> list[Row]:
    return [*await _shape("one process"), *await _shape("split", "--split")]


async def _shape(what: str, *words: str) -> list[Row]:
    with rig.new_folder() as folder:
        first, _ = await _started(folder, *words)
        second, memory = await _started(folder, *words)
    alone = not words
    return [
        Row("start", "sqlite", f"{what}, first start", "s", first),
        Row("start", "sqlite", f"{what}, second start", "s", second, at_most=3.0 if alone else None),
        Row("start", "sqlite", f"{what} + nats, memory", "MiB", memory, at_most=200.0 if alone else None),
    ]


async def _started(folder: Path, *words: str) -> tuple[float, float]:
    """Seconds until ready, and memory of the process and all it started: what they share counts once."""
    began = time.perf_counter()
    async with unit(folder, *words) as (_, process):
        seconds = time.perf_counter() - began
        await asyncio.sleep(1)  # what starting needs for a moment is given back
        family = [process, *process.children(recursive=True)]
        return seconds, sum(each.memory_full_info().pss for each in family) / MEBIBYTE
