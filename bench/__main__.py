"""`python -m bench [case ...]`: measure, print the table, write results.json. Only ratios of one run compare."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvloop

from bench import asking, cases, drain, footprint, language, latency, pages, relay, rig, triage
from chassis import telemetry
from chassis.embedded import server_binary

ON_BOTH_DATABASES = {
    "latency": latency.measure,
    "drain": drain.measure,
    "relay": relay.measure,
    "language": language.measure,
    "ask": asking.measure,
    "shadow": triage.shadow,
}
WHOLE_UNIT = {
    "triage": triage.measure,
    "start": footprint.measure,
    "pages": pages.measure,
    "cases": cases.measure,
}
RESULTS = Path(__file__).with_name("results.json")
PACKAGES = ("faststream", "nats-py", "sqlalchemy", "sqlmodel", "pydantic", "psycopg", "uvloop", "fastapi")
LINE = "{:<9}{:<12}{:<26}{:>10}{:>10}{:>8}  {:<9}{:<22}{}"


async def _measure(wanted: Iterable[str]) -> list[rig.Row]:
    print(LINE.format("case", "database", "what", "ours", "bare", "ratio", "unit", "goal", ""))
    rows = []
    with rig.postgres_server() as postgres:
        for name in [name for name in ON_BOTH_DATABASES if name in wanted]:
            for server in (None, postgres):
                async with rig.place(server) as place:
                    rows += _shown(await ON_BOTH_DATABASES[name](place))
    for name in [name for name in WHOLE_UNIT if name in wanted]:
        rows += _shown(await WHOLE_UNIT[name]())
    return rows


def _shown(rows: list[rig.Row]) -> list[rig.Row]:
    for row in rows:
        bare = "" if row.bare is None else _short(row.bare)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        verdict = {None: "", True: "pass", False: "FAIL"}[row.met]
        print(
            LINE.format(row.case, row.database, row.what, _short(row.ours), bare, ratio, row.unit, row.goal, verdict),
            flush=True,
        )
    return rows


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _machine() -> dict[str, Any]:
    """What the figures depend on; nothing that says whose machine it is."""
    server = subprocess.run([server_binary(), "--version"], capture_output=True, text=True, check=True).stdout
    return {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "nats-server": server.strip().rpartition(" ")[2],
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in PACKAGES},
    }


def _spins_per_second() -> int:
    """How fast this machine is right now: compare before and after, a quiet one gives the same twice."""
    count, until = 0, time.perf_counter() + 0.2
    while time.perf_counter() < until:
        count += 1
    return count * 5


def main() -> None:
    """Run the wanted cases; exit 1 when a goal is missed."""
    wanted = sys.argv[1:] or [*ON_BOTH_DATABASES, *WHOLE_UNIT]
    telemetry.configure_logs("ERROR")
    telemetry.start("bench")
    before, load, began = _spins_per_second(), os.getloadavg()[0], time.perf_counter()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows = runner.run(_measure(wanted))
    machine = _machine() | {
        "load_before": round(load, 2),
        "spins_per_second": [before, _spins_per_second()],
        "seconds": round(time.perf_counter() - began),
    }
    results = {"machine": machine, "rows": [asdict(row) | {"goal": row.goal, "met": row.met} for row in rows]}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(" ".join(f"{name} {value}" for name, value in machine.items()))
    sys.exit(1 if any(row.met is False for row in rows) else 0)


if __name__ == "__main__":
    main()
