"""`digi bus reconcile`: hold outboxes, streams and inboxes against each other, and put back what is missing."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from typing import Any

from chassis import Settings, reconcile
from chassis.bus import Bus
from chassis.reconcile import Report
from services.unit import build_all


def add(whats: Any) -> argparse.ArgumentParser:
    """Declare the command under `digi bus`."""
    command: argparse.ArgumentParser = whats.add_parser(
        "reconcile",
        help="name what an outbox has told and the bus has lost, or a service has missed; put it back with --repair",
        description="Hold every outbox (kept for a day after publishing) against the streams, and the stream of facts "
        "against what every service has acted on. Needs the databases of the settings as well as the bus. Work may go "
        "on meanwhile. Exit code 1 while something is missing.",
    )
    command.add_argument("--repair", action="store_true", help="publish again what is missing, in its order, once")
    command.add_argument("--json", action="store_true", help="for a program to read")
    return command


async def reconciled(bus: Bus, settings: Settings, *, repair: bool) -> tuple[Report, int]:
    """What is missing in this installation, and how many messages were put back."""
    return await reconcile.run(bus.jetstream(), settings, build_all(settings), repair=repair)


def as_json(report: Report, put_back: int) -> str:
    """The report for a program."""
    return json.dumps(
        {
            "told": report.told,
            "waiting": report.waiting,
            "lost": [{"service": row.service, "id": row.event_id, "subject": row.subject} for row in report.lost],
            "missed": [{"consumer": each.durable, "id": each.event_id} for each in report.missed],
            "put_back": put_back,
        },
        indent=1,
    )


def as_text(report: Report, put_back: int) -> str:
    """The report for a person."""
    lines = [f"{name}: {told} told, {report.waiting[name]} on their way" for name, told in report.told.items()]
    lost = Counter((row.service, row.stream) for row in report.lost)
    lines += [f"lost: {count} of {service} are no longer in {stream}" for (service, stream), count in lost.items()]
    missed = Counter(each.durable for each in report.missed)
    lines += [f"missed: {durable} has acknowledged {count} without acting" for durable, count in missed.items()]
    if put_back:
        return "\n".join([*lines, f"put back: {put_back}"])
    return "\n".join([*lines, "nothing is missing" if report.whole else "put it back with --repair"])
