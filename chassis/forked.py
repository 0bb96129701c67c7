"""A service as a process of its own, forked from one that has read the code: it starts in a third of the time.

What it has read, it shares with the others. The process they are forked from has one thread and no connection; it ends
with its last child. See docs/adr/0016.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import runpy
import signal
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver, parent_process
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from threading import Thread
from typing import Any

from chassis.embedded import die_with_parent


def warm_up(modules: Sequence[str]) -> None:
    """Let the process that others are forked from read `modules`, while the caller goes on. Call it first."""
    _context.set_forkserver_preload(["chassis.forked_from", *modules])
    forkserver.ensure_running()


async def start(module: str, environment: Mapping[str, str]) -> ForkServerProcess:
    """Run a module as `python -m` would, with `environment` and no more, in a session of its own.

    It is told to end when this process or the one it is forked from is gone, so that nothing is orphaned.
    """
    child = _context.Process(target=_become, args=(module, dict(environment)), name=module, daemon=True)
    await asyncio.to_thread(child.start)  # it waits until the code is read
    return child


async def ended(child: ForkServerProcess) -> int:
    """Wait until a child has ended; its exit code, or its signal below zero."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(child.sentinel, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(child.sentinel)
    child.join()
    assert child.exitcode is not None
    return child.exitcode


def _become(module: str, environment: dict[str, str]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # it was ignored where we come from
    os.setsid()
    die_with_parent()
    Thread(target=_end_with, args=(parent_process(),), name="supervised", daemon=True).start()
    os.environ.clear()
    os.environ.update(environment)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with(supervisor: Any) -> None:
    wait([supervisor.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)


_context = multiprocessing.get_context("forkserver")
