"""`digi triage`: another rule table over the cases there were, before it takes effect."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from chassis import Settings
from chassis.db import Database, is_there
from contracts.intake import TriageOutcome
from services.intake.triage.questionnaire import read_questionnaire
from services.intake.triage.shadow import MOST_NAMED, Change, Comparison, compare
from services.intake.triage.store import past_cases
from services.saying import Said, command, day

Table = Counter[tuple[TriageOutcome, TriageOutcome]]


def add(triage: argparse.ArgumentParser) -> None:
    """Declare the commands under `digi triage`."""
    whats = triage.add_subparsers(required=True, metavar="what")
    made = command(
        whats,
        "shadow",
        _shadow,
        help="weigh past cases again by another rule table and show whose outcome would change",
        description="Weigh past cases again by another rule table and show how many go from which outcome to which, "
        "and the first contacts whose outcome changes, by id. Changes nothing. Needs the database of intake, not the "
        "bus; work may go on meanwhile. Exit code 1 when a case would become milder than it was.",
    )
    made.add_argument("--rules", type=Path, metavar="FILE", required=True, help="the rule table, 2026-12-01.toml")
    made.add_argument("--since", type=day, metavar="DAY", help="only cases from a day on: 2026-11-19")


def _shadow(arguments: argparse.Namespace) -> Said:
    rules = read_questionnaire(arguments.rules.stem, arguments.rules.read_text(encoding="utf-8"))
    url = Settings().database("intake")
    if not is_there(url):
        raise ValueError("intake has no database yet: there are no past cases")
    with closing(Database(url, "intake")) as database:
        found = database.read(lambda session: compare(past_cases(session, arguments.since), rules))
    return Said("\n".join(_lines(found, rules.version)), _data(found, rules.version), code=1 if found.milder else 0)


def _lines(found: Comparison, version: str) -> Iterator[str]:
    yield f"past cases weighed again by {version}: {found.cases}"
    yield from _table(found.matrix)
    if found.incomplete:
        yield f"\nnever asked what {version} asks, counted as don't know: {found.incomplete.total()}"
        yield from (f"  {code}: {count}" for code, count in found.unasked.most_common())
        yield from _table(found.incomplete)
    for code, count in found.unknown_troubles.most_common():
        yield f"\nnot weighed, {version} has no trouble {code}: {count}"
    for what, changes, total in (
        ("milder", found.named_milder, found.milder),
        ("severer", found.named_severer, found.changed - found.milder),
    ):
        yield f"\n{what} than they were: {total}"
        yield from (f"  {one.contact_id}  {one.was} -> {one.becomes}" for one in changes)
        if total > len(changes):
            yield f"  and {total - len(changes)} more, not named"


def _table(table: Table) -> Iterator[str]:
    """Rows: the outcome it was. Columns: what it becomes."""
    columns = [one for one in TriageOutcome if any(becomes is one for _, becomes in table)]
    if columns:
        yield "\n" + "was / becomes".ljust(20) + "".join(f"{one:>18}" for one in columns)
    for was in TriageOutcome:
        counts = [table[was, becomes] for becomes in columns]
        if any(counts):
            yield was.ljust(20) + "".join(f"{count or '–':>18}" for count in counts)


def _data(found: Comparison, version: str) -> dict[str, Any]:
    return {
        "rules": version,
        "cases": found.cases,
        "changed": found.changed,
        "milder": found.milder,
        "matrix": _cells(found.matrix),
        "incomplete": _cells(found.incomplete),
        "unasked": dict(found.unasked.most_common()),
        "unknown_troubles": dict(found.unknown_troubles.most_common()),
        "named_milder": _named(found.named_milder),
        "named_severer": _named(found.named_severer),
        "most_named": MOST_NAMED,
    }


def _cells(table: Table) -> list[dict[str, Any]]:
    order = list(TriageOutcome)
    cells = sorted(table.items(), key=lambda cell: tuple(order.index(outcome) for outcome in cell[0]))
    return [{"was": was, "becomes": becomes, "cases": count} for (was, becomes), count in cells]


def _named(changes: list[Change]) -> list[dict[str, str]]:
    return [{"contact_id": str(one.contact_id), "was": one.was, "becomes": one.becomes} for one in changes]
