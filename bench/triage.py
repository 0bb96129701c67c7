"""A full questionnaire weighed, every trouble in turn: milliseconds."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import psutil
from sqlalchemy import insert
from sqlmodel import Session

from bench import rig
from bench.rig import Row
from chassis.db import Database
from contracts.portal import Answer
from services.intake import migrations
from services.intake.models import Contact
from services.intake.settings import QUESTIONNAIRES
from services.intake.triage import domain
from services.intake.triage.models import TriageRun
from services.intake.triage.questionnaire import Questionnaire, load_questionnaires
from services.intake.triage.shadow import Past, compare
from services.intake.triage.store import past_cases

ROUNDS = 500
CASES, BATCH = 100_000, 5_000
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
CONTACT = {
    "area": "10",
    "municipality": "285",
    "origin": "chat",
    "language": "fi",
    "age_band": "23_74",
    "state": "routed",
    "route": "chat",
    "reasons": ["no_red_flag"],
}


async def measure() -> list[Row]:
    versions = load_questionnaires(QUESTIONNAIRES)
    questionnaire = versions.version("2026-11-01")
    assert questionnaire is not None
    seconds = []
    for _ in range(ROUNDS):
        for trouble in questionnaire.troubles:
            flags = [Answer(question=code, answer="no") for code in trouble.flags]
            others = [
                Answer(question=code, answer=questionnaire.question(code).options[0].code) for code in trouble.questions
            ]
            began = time.perf_counter()
            domain.triage(questionnaire, trouble, [*flags, *others])
            seconds.append(time.perf_counter() - began)
    p50, p99 = rig.milliseconds(seconds)
    return [
        Row("triage", "–", "full questionnaire p50", "ms", p50),
        Row("triage", "–", "full questionnaire p99", "ms", p99, at_most=2.0),
    ]


async def shadow(place: rig.Place) -> list[Row]:
    """Past cases weighed again by another version, as `digi triage shadow` does: seconds, and memory that it takes."""
    rules = load_questionnaires(QUESTIONNAIRES).current(date(2026, 11, 24))
    database = Database(place.url("intake"), "intake")
    database.migrate(Path(migrations.__file__).parent)
    database.write(lambda session: _fill(session, rules))
    gc.collect()
    resident, began = [_resident_mib()], time.perf_counter()
    found = database.read(lambda session: compare(_watched(past_cases(session, None), resident), rules))
    seconds, grown = time.perf_counter() - began, max(resident) - resident[0]
    database.close()
    assert (found.cases, found.changed) == (CASES, 0)
    return [
        Row("shadow", place.database, f"{CASES:,} past cases", "s", seconds, at_most=60.0),
        Row("shadow", place.database, "most memory it takes", "MiB", grown, at_most=64.0),
    ]


def _fill(session: Session, rules: Questionnaire) -> None:
    random = Random(4)
    for _ in range(0, CASES, BATCH):
        contacts, runs = zip(*(_case(rules, random) for _ in range(BATCH)), strict=True)
        session.connection().execute(insert(Contact), contacts)
        session.connection().execute(insert(TriageRun), runs)


def _case(rules: Questionnaire, random: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Rows of a contact of any trouble, each question answered at random."""
    contact_id, trouble = UUID(int=random.getrandbits(128), version=4), random.choice(rules.troubles)
    options = {code: ["no", "no", "no", "yes", "dont_know"] for code in trouble.flags}
    options |= {code: [each.code for each in rules.question(code).options] for code in trouble.questions}
    answers = [Answer(question=code, answer=random.choice(each)) for code, each in options.items()]
    found = domain.triage(rules, trouble, answers)
    run = {
        "contact_id": contact_id,
        "number": 1,
        "rules": rules.version,
        "mode": "routing_only",
        "answers": [one.model_dump() for one in answers],
        "outcome": found.outcome,
        "flags": list(found.flags),
        "trace": [step.model_dump(mode="json") for step in found.trace],
        "ran_at": AT,
    }
    return {"contact_id": contact_id, "trouble": trouble.code, "opened_at": AT, "decided_at": AT} | CONTACT, run


def _watched(cases: Iterator[Past], resident: list[float]) -> Iterator[Past]:
    for number, case in enumerate(cases):
        if number % BATCH == 0:
            resident.append(_resident_mib())
        yield case


def _resident_mib() -> float:
    return psutil.Process().memory_info().rss / 2**20
