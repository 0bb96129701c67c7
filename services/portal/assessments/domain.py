"""The rules of results from elsewhere: what is known by them, and what is refused. Pure: values in.

An answer counts only where the mapping says which of ours it is. What the mapping knows and leaves out is left out;
what it does not know is refused, for it might be a red flag that nobody here has read about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from chassis.errors import Refused
from contracts.base import Code, Language, MunicipalityCode
from contracts.intake import QuestionnaireView
from contracts.portal import AgeBand, Answer, Assessed
from services.portal.questionnaire import WrongAnswer

YES, DONT_KNOW = "yes", "dont_know"
"""Answers to our red flags that are not no."""
ASKED_HERE = ""
"""Stands in a mapping for an answer that is none to our question: we ask it."""

_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]")


def _as_written(told: Any) -> Any:
    """A moment is written as a date and a time: digits alone would be taken for seconds since 1970."""
    if not isinstance(told, datetime) and not (isinstance(told, str) and _WRITTEN.match(told)):
        raise ValueError("expected a time of RFC 3339")
    return told


Moment = Annotated[AwareDatetime, BeforeValidator(_as_written)]
"""A point in time, with its zone."""
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
"""A code of the maker's."""
Reference = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
"""What the maker calls a thing; digits, letters and signs, no words of anybody."""


class Told(BaseModel):
    """What another system tells, or a file of ours: closed, and never quoted in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Given(Told):
    """One answer, in the maker's codes."""

    question: Word
    answer: Word


class Result(Told):
    """What a symptom assessment elsewhere has come to, and what it lets us know."""

    result_id: Reference
    """The maker's own id of this result: the same again is the same."""
    assessment: Word
    """Which assessment it was."""
    version: Word
    """Of the maker's questions."""
    urgency: Assessed
    summary: Reference
    """Where a professional finds the summary in the maker's system: a reference, not its text."""
    consent: bool = False
    """Whether the person has said that the result may be handed over."""
    municipality: MunicipalityCode
    language: Language
    age_band: AgeBand
    answers: Annotated[tuple[Given, ...], Field(max_length=60)] = ()
    assessed_at: Moment


class Asked(Told):
    """A question of the maker's that answers one of ours."""

    code: Word
    ours: Code
    answers: Mapping[Word, Code | str]
    """Their answer -> ours; empty where ours is still to be asked."""


class Assessment(Told):
    """One assessment of the maker's, in some of its versions."""

    code: Word
    versions: Annotated[tuple[Word, ...], Field(min_length=1)]
    trouble: Code
    left_out: frozenset[Word] = frozenset()
    """Questions of theirs that answer none of ours."""
    questions: tuple[Asked, ...] = ()


def must_be_agreed(result: Result) -> None:
    """Let only a result pass that the person has agreed to hand over.

    Raises:
        Refused: `consent-missing`.
    """
    if not result.consent:
        raise Refused("consent-missing", "expected that the person has agreed to hand the result over")


def assessment_of(mapping: Sequence[Assessment], result: Result) -> Assessment:
    """The assessment a result is of.

    Raises:
        Refused: `unknown-assessment`, `unknown-assessment-version`.
    """
    named = [one for one in mapping if one.code == result.assessment]
    if not named:
        raise Refused("unknown-assessment", "the county takes no results of this assessment")
    found = next((one for one in named if result.version in one.versions), None)
    if found is None:
        raise Refused("unknown-assessment-version", "nobody has said yet what the answers of this version mean here")
    return found


def known(assessment: Assessment, given: Sequence[Given], asked: QuestionnaireView) -> tuple[Answer, ...]:
    """Which of our questions are answered by a result, in the order we ask.

    Args:
        assessment: what the maker's answers mean.
        given: as the maker sent them.
        asked: our questions about the trouble, of the version in force; what it does not ask or offer is left out.

    Raises:
        WrongAnswer: `unknown-question`, `unknown-answer`: neither in the mapping nor left out by it, or given twice.
    """
    by_theirs = _by_question(assessment, given)
    answers = []
    for question in asked.questions:
        sources = [one for one in assessment.questions if one.ours == question.code]
        answer = _joined([_ours(one, by_theirs) for one in sources])
        if answer in {option.code for option in question.options}:
            answers.append(Answer(question=question.code, answer=answer))
    return tuple(answers)


def is_red(result: Result, answers: Iterable[Answer], asked: QuestionnaireView) -> bool:
    """Whether what is known cannot wait: no closed door stands before it (rule 11)."""
    flags = {question.code for question in asked.questions if question.red_flag}
    found = any(one.question in flags and one.answer in (YES, DONT_KNOW) for one in answers)
    return found or result.urgency in (Assessed.EMERGENCY, Assessed.URGENT)


def _by_question(assessment: Assessment, given: Sequence[Given]) -> dict[str, str]:
    mapped = {one.code: one for one in assessment.questions}
    found: dict[str, str] = {}
    for each in given:
        if each.question in found or (each.question in mapped and each.answer not in mapped[each.question].answers):
            raise WrongAnswer("unknown-answer", each.question)
        if each.question not in mapped and each.question not in assessment.left_out:
            raise WrongAnswer("unknown-question", each.question)
        found[each.question] = each.answer
    return found


def _ours(asked: Asked, by_theirs: Mapping[str, str]) -> str:
    return asked.answers[by_theirs[asked.code]] if asked.code in by_theirs else ASKED_HERE


def _joined(answers: Sequence[str]) -> str:
    """One of ours from several of theirs: a yes counts alone, then a "don't know"; else what they all say."""
    if sure := [one for one in (YES, DONT_KNOW) if one in answers]:
        return sure[0]
    return answers[0] if len(set(answers)) == 1 else ASKED_HERE
