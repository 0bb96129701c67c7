"""A full questionnaire weighed, every trouble in turn: milliseconds."""

from __future__ import annotations

import time

from bench import rig
from bench.rig import Row
from contracts.portal import Answer
from services.intake.settings import QUESTIONNAIRES
from services.intake.triage import domain
from services.intake.triage.questionnaire import load_questionnaires

ROUNDS = 500


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
