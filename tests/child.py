"""A service, or a `digi` command, as a process of its own, started quickly: forked from one that has read the code.

It is the same as `python -m services …`; a service can be told to die at a named point, as if the power had gone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory
from typing import Any

from services import NAMES

PRELOADED = [
    "tests.child",
    *("services.cli", "services.operating", "services.operating_triage", "services.operating_vault"),
    *(f"services.{name}.app" for name in NAMES),
    *("alembic.command", "alembic.config", "psycopg", "uvloop", "uvicorn.lifespan.on", "uvicorn.protocols.http.auto"),
    *("sqlalchemy.dialects.sqlite.pysqlite", "sqlalchemy.dialects.postgresql.psycopg"),
]
"""What a service would read at its start or with its first piece of work."""


def context() -> ForkServerContext:
    """Where children are forked from."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(PRELOADED)
    return found


def warm_up() -> None:
    """Let the process that children are forked from read the code, while the caller goes on."""
    context()
    forkserver.ensure_running()


def start(
    name: str, environment: dict[str, str], log: Path, *, dies: str = "", ack_wait: float = 0
) -> ForkServerProcess:
    """Start a service.

    Args:
        environment: all of it.
        log: where what it writes goes.
        dies: a point of POINTS or OWN_POINTS at which it kills itself, the first time it comes there.
        ack_wait: what its consumers must have instead of the contract's, seconds.
    """
    child = context().Process(target=_run, args=(name, environment, log, dies, ack_wait))
    child.start()
    return child


def digi(*words: str, environment: dict[str, str], seconds: float) -> CompletedProcess[str]:
    """Run a `digi` command to its end.

    Args:
        environment: all of it.
        seconds: after which it is killed, and the test fails.
    """
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        child = context().Process(target=_do, args=(words, environment, out, err))
        child.start()
        child.join(seconds)
        if child.exitcode is None:
            child.kill()
            child.join()
            raise AssertionError(f"digi {' '.join(words)} takes longer than {seconds:.0f} s")
        return CompletedProcess(words, child.exitcode, out.read_text("utf-8"), err.read_text("utf-8"))


def _do(words: tuple[str, ...], environment: dict[str, str], out: Path, err: Path) -> None:
    _become(environment, out, err)
    from services.cli import main

    main(words)


def _become(environment: dict[str, str], out: Path, err: Path) -> None:
    """Write where it is told, in the environment it is told."""
    for descriptor, file in ((1, out), (2, err)):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8")
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8")
    os.environ.clear()
    os.environ.update(environment)


def _run(name: str, environment: dict[str, str], log: Path, dies: str, ack_wait: float) -> None:
    _become(environment, log, log)
    if ack_wait:
        import chassis.provision

        chassis.provision.ACK_WAIT_SECONDS = ack_wait
    if dies:
        (POINTS | OWN_POINTS)[dies]()
    from services.cli import main

    main(["run", name])


def _die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _before_commit() -> None:
    from chassis import inbox

    assert inbox._set_aside
    inbox._set_aside = _die


def _before_publish() -> None:
    from chassis.outbox import Relay

    assert Relay._publish
    Relay._publish = _die  # type: ignore[method-assign]  # that is how it dies


def _before_mark() -> None:
    from chassis import outbox

    assert outbox._settle
    outbox._settle = _die


def _before_ack() -> None:
    from nats.aio.msg import Msg

    assert Msg.ack
    Msg.ack = _die  # type: ignore[method-assign]  # that is how it dies


def _before_record() -> None:
    from services.notifications.webhooks import jobs

    assert jobs.end
    jobs.end = _die


POINTS: dict[str, Callable[[], None]] = {
    "before the commit": _before_commit,
    "between commit and publish": _before_publish,
    "between publish and mark": _before_mark,
    "between commit and acknowledgement": _before_ack,
}
"""Where a process can die. Nothing of the production code knows of them."""
OWN_POINTS: dict[str, Callable[[], None]] = {"between post and record": _before_record}
"""Where one service alone can."""
