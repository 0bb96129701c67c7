"""`digi bus reconcile`: hold outboxes, streams and inboxes against each other, and put back what is missing."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from chassis import reconcile
from chassis.reconcile import Report
from services.saying import Said, command, on_the_bus
from services.unit import build_all


def add(whats: Any) -> None:
    """Declare the command under `digi bus`."""
    made = command(
        whats,
        "reconcile",
        _reconcile,
        help="name what an outbox has told and the bus has lost, or a service has missed; put it back with --repair",
        description="Hold every outbox (kept for a day after publishing) against the streams, and the stream of facts "
        "against what every service has acted on. Needs the databases of the settings as well as the bus. Work may go "
        "on meanwhile. Exit code 1 while something is missing.",
    )
    made.add_argument("--repair", action="store_true", help="publish again what is missing, in its order, once")


def _reconcile(arguments: argparse.Namespace) -> Said:
    report, put_back = on_the_bus(
        lambda bus, settings: reconcile.run(bus.jetstream(), settings, build_all(settings), repair=arguments.repair)
    )
    return said(report, put_back, repaired=arguments.repair)


def said(report: Report, put_back: int, *, repaired: bool = False) -> Said:
    """What is missing, and how many messages were put back."""
    data = {
        "told": report.told,
        "waiting": report.waiting,
        "lost": [{"service": row.service, "id": row.event_id, "subject": row.subject} for row in report.lost],
        "missed": [{"consumer": each.durable, "id": each.event_id} for each in report.missed],
        "put_back": put_back,
    }
    return Said(_text(report, put_back, repaired), data, code=0 if report.whole else 1)


def _text(report: Report, put_back: int, repaired: bool) -> str:
    lines = [f"{name}: {told} told, {report.waiting[name]} on their way" for name, told in report.told.items()]
    lost = Counter((row.service, row.stream) for row in report.lost)
    lines += [f"lost: {count} of {service} are no longer in {stream}" for (service, stream), count in lost.items()]
    missed = Counter(each.durable for each in report.missed)
    lines += [f"missed: {durable} has acknowledged {count} without acting" for durable, count in missed.items()]
    if put_back:
        lines.append(f"put back: {put_back}")
    if report.whole:
        return "\n".join([*lines, "nothing is missing"])
    if repaired:  # the server's memory of ids, or a consumer that has not come to it yet
        return "\n".join([*lines, "still missing: a server remembers an id for ten minutes; try again after that"])
    return "\n".join([*lines, "put it back with --repair"])
