"""The rules of triage: which outcome the answers to a questionnaire lead to. Pure: values in, decision out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from contracts.intake import TriageOutcome
from contracts.portal import Answer
from services.intake.triage.questionnaire import DONT_KNOW, NO, SEVERITY, YES, Questionnaire, Subject, most_severe


@dataclass(frozen=True, slots=True)
class Triage:
    """What the rules made of the answers."""

    outcome: TriageOutcome
    flags: tuple[str, ...]
    """Red flags answered yes or "don't know", in the order asked."""
    not_ours: bool
    """What the person wishes is nothing physiotherapy does."""

    @property
    def red(self) -> bool:
        """Whether a red flag decided."""
        return bool(self.flags)


def milder(outcome: TriageOutcome) -> TriageOutcome:
    """One class milder, but never below PHYSICIAN. Source: domain.md section 3, rule 10."""
    least = SEVERITY.index(TriageOutcome.PHYSICIAN)
    return SEVERITY[min(SEVERITY.index(outcome) + 1, least)]


def triage(questionnaire: Questionnaire, trouble: Subject, answers: Sequence[Answer]) -> Triage:
    """Weigh answers against the rules: the most severe hit wins.

    "Don't know" to a red flag counts as yes, one class milder. The front end sends a questionnaire only when it is
    complete; a red flag that comes unanswered nevertheless, or with an unknown answer, counts as "don't know": nobody
    is left without a decision, and nobody slips through a gap. Answers to questions that were not asked are ignored.
    Source: domain.md section 3, rule 10.
    """
    given = _by_question(answers)
    flagged = {code: answer for code in trouble.flags if (answer := _flag_answer(given.get(code, ()))) != NO}
    return Triage(
        outcome=most_severe(_flag_hits(questionnaire, flagged) or _rule_hits(questionnaire, trouble, given)),
        flags=tuple(flagged),
        not_ours=_not_ours(questionnaire, trouble, given),
    )


def _by_question(answers: Sequence[Answer]) -> dict[str, set[str]]:
    given: dict[str, set[str]] = {}
    for one in answers:
        given.setdefault(one.question, set()).add(one.answer)
    return given


def _flag_answer(answers: Collection[str]) -> str:
    """The one answer to a red flag; of several the most severe."""
    if YES in answers:
        return YES
    return NO if set(answers) == {NO} else DONT_KNOW


def _flag_hits(questionnaire: Questionnaire, flagged: Mapping[str, str]) -> list[TriageOutcome]:
    def weighed(outcome: TriageOutcome, codes: Sequence[str]) -> TriageOutcome:
        return milder(outcome) if any(flagged[code] == DONT_KNOW for code in codes) else outcome

    alone = [weighed(questionnaire.outcome_of(questionnaire.flag(code)), [code]) for code in flagged]
    together = [one for one in questionnaire.combinations if set(one.flags) <= flagged.keys()]
    return alone + [weighed(one.outcome, one.flags) for one in together]


def _rule_hits(questionnaire: Questionnaire, trouble: Subject, given: Mapping[str, set[str]]) -> list[TriageOutcome]:
    def applies(when: Mapping[str, Collection[str]]) -> bool:
        return all(code in trouble.questions and given.get(code, set()) & set(fit) for code, fit in when.items())

    return [one.outcome for one in questionnaire.rules if applies(one.when)] or [questionnaire.otherwise]


def _not_ours(questionnaire: Questionnaire, trouble: Subject, given: Mapping[str, set[str]]) -> bool:
    asked = [questionnaire.question(code) for code in trouble.questions]
    return any(choice.not_ours and choice.code in given.get(one.code, ()) for one in asked for choice in one.options)
