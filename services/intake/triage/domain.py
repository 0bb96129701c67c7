"""The rules of triage: which outcome the answers to a questionnaire lead to, and why. Pure: values in, decision out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from contracts.intake import TraceKind, TraceStep, TriageOutcome
from contracts.portal import Answer, Assessed
from services.intake.triage.questionnaire import (
    DONT_KNOW,
    NO,
    SEVERITY,
    YES,
    Combination,
    Flag,
    Questionnaire,
    Rule,
    Subject,
    most_severe,
)


@dataclass(frozen=True, slots=True)
class Triage:
    """What the rules made of the answers."""

    outcome: TriageOutcome
    flags: tuple[str, ...]
    """Red flags answered yes or "don't know", in the order asked."""
    not_ours: bool
    """What the person wishes is nothing physiotherapy does."""
    trace: tuple[TraceStep, ...]
    """Everything that was looked at, in order: the severest hit of it is the outcome."""
    unanswered: tuple[str, ...] = ()
    """What is still to be asked; until then nothing is decided."""

    @property
    def red(self) -> bool:
        """Whether a red flag decided."""
        return bool(self.flags)

    @property
    def elsewhere(self) -> bool:
        """Whether others than physiotherapists should help."""
        return self.red or self.not_ours


def decided_by(trace: Sequence[TraceStep]) -> tuple[str, ...]:
    """Codes of the steps that asked for the outcome: several when they asked for the same."""
    hits = [step for step in trace if step.hit]
    outcome = most_severe(step.outcome for step in hits) if hits else None
    return tuple(step.code for step in hits if step.outcome is outcome)


def milder(outcome: TriageOutcome) -> TriageOutcome:
    """One class milder, but never below PHYSICIAN. Source: domain.md section 3, rule 10."""
    least = SEVERITY.index(TriageOutcome.PHYSICIAN)
    return SEVERITY[min(SEVERITY.index(outcome) + 1, least)]


ASSESSED: Mapping[Assessed, TriageOutcome] = {
    Assessed.EMERGENCY: TriageOutcome.EMERGENCY_112,
    Assessed.URGENT: TriageOutcome.URGENT_NOW,
}
"""What an assessment elsewhere means that found something urgent: it counts as a red flag. A milder one decides
nothing, our own questions do. To be agreed with the county."""


def unanswered(questionnaire: Questionnaire, trouble: Subject, answers: Sequence[Answer]) -> tuple[str, ...]:
    """Questions about a trouble that no answer of ours was given to, in the order asked."""
    given = _by_question(answers)
    offered = {code: {YES, NO, DONT_KNOW} for code in trouble.flags}
    offered |= {code: {one.code for one in questionnaire.question(code).options} for code in trouble.questions}
    return tuple(code for code, options in offered.items() if not given.get(code, {}).keys() & options)


def triage(
    questionnaire: Questionnaire,
    trouble: Subject,
    answers: Sequence[Answer],
    *,
    assessed: Assessed | None = None,
    waiting: Collection[str] = (),
) -> Triage:
    """Weigh answers against the rules: the most severe hit wins.

    "Don't know" to a red flag counts as yes, one class milder. The front end sends a questionnaire only when it is
    complete; a red flag that comes unanswered nevertheless, or with an unknown answer, counts as "don't know": nobody
    is left without a decision, and nobody slips through a gap. Answers to questions that were not asked are ignored.

    Args:
        questionnaire: the version that was answered.
        trouble: what the answers are about.
        answers: as given.
        assessed: what an assessment elsewhere found.
        waiting: red flags that are still to be asked: they say nothing yet.

    Source: domain.md section 3, rule 10.
    """
    weighing = _Weighing(questionnaire, trouble, _by_question(answers), assessed, waiting)
    trace = tuple(weighing.steps())
    return Triage(
        outcome=most_severe(step.outcome for step in trace if step.hit),
        flags=tuple(step.code for step in trace if step.hit and step.kind is TraceKind.FLAG),
        not_ours=weighing.not_ours(),
        trace=trace,
    )


def _by_question(answers: Sequence[Answer]) -> dict[str, dict[str, Answer]]:
    given: dict[str, dict[str, Answer]] = {}
    for one in answers:
        given.setdefault(one.question, {})[one.answer] = one
    return given


def _found_elsewhere(assessed: Assessed) -> TraceStep:
    return TraceStep(
        kind=TraceKind.FLAG,
        code=f"assessed_{assessed}",
        answers=(),
        hit=True,
        outcome=ASSESSED[assessed],
        sources=("assessment elsewhere",),
    )


@dataclass(frozen=True, slots=True)
class _Weighing:
    """One questionnaire, one trouble, what was answered."""

    questionnaire: Questionnaire
    trouble: Subject
    given: Mapping[str, Mapping[str, Answer]]
    assessed: Assessed | None
    waiting: Collection[str]

    def steps(self) -> Iterator[TraceStep]:
        """Everything there is to look at. No rule is as severe as a red flag, so none needs to be left out."""
        flags, asked = set(self.trouble.flags), set(self.trouble.questions)
        steps = [_found_elsewhere(self.assessed)] if self.assessed and self.assessed in ASSESSED else []
        steps += [self._flag(self.questionnaire.flag(code)) for code in self.trouble.flags]
        steps += [self._combination(one) for one in self.questionnaire.combinations if set(one.flags) <= flags]
        steps += [self._rule(one) for one in self.questionnaire.rules if one.when.keys() <= asked]
        yield from steps
        last = self.questionnaire.otherwise
        yield TraceStep(
            kind=TraceKind.OTHERWISE,
            code=last.code,
            answers=(),
            hit=not any(step.hit for step in steps),
            outcome=last.outcome,
            sources=last.sources,
        )

    def _flag(self, flag: Flag) -> TraceStep:
        weighed, whole = self._weighed(flag.code), self.questionnaire.outcome_of(flag)
        return TraceStep(
            kind=TraceKind.FLAG,
            code=flag.code,
            answers=self._answers([flag.code]),
            hit=weighed != NO,
            outcome=milder(whole) if weighed == DONT_KNOW else whole,
            milder=weighed == DONT_KNOW,
            sources=tuple(dict.fromkeys(one for sign in self.questionnaire.signs_of(flag) for one in sign.sources)),
        )

    def _combination(self, combination: Combination) -> TraceStep:
        weighed = [self._weighed(code) for code in combination.flags]
        unsure = NO not in weighed and DONT_KNOW in weighed
        return TraceStep(
            kind=TraceKind.COMBINATION,
            code=combination.code,
            answers=self._answers(combination.flags),
            hit=NO not in weighed,
            outcome=milder(combination.outcome) if unsure else combination.outcome,
            milder=unsure,
            sources=combination.sources,
        )

    def _rule(self, rule: Rule) -> TraceStep:
        return TraceStep(
            kind=TraceKind.RULE,
            code=rule.code,
            answers=self._answers(rule.when),
            hit=all(self.given.get(code, {}).keys() & set(fit) for code, fit in rule.when.items()),
            outcome=rule.outcome,
            sources=rule.sources,
        )

    def _weighed(self, flag: str) -> str:
        """The one answer to a red flag; of several the most severe."""
        answers = self.given.get(flag, {}).keys()
        if YES in answers:
            return YES
        if flag in self.waiting:
            return NO
        return NO if answers == {NO} else DONT_KNOW

    def _answers(self, questions: Collection[str]) -> tuple[Answer, ...]:
        return tuple(one for code in questions for _, one in sorted(self.given.get(code, {}).items()))

    def not_ours(self) -> bool:
        asked = [self.questionnaire.question(code) for code in self.trouble.questions]
        return any(one.not_ours and one.code in self.given.get(of.code, ()) for of in asked for one in of.options)
