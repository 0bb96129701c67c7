"""A rule table beside the one that decided: what it would have made of past cases. Pure, one case at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from contracts.intake import TriageOutcome
from contracts.portal import Answer
from services.intake.triage.domain import triage
from services.intake.triage.questionnaire import SEVERITY, Questionnaire

MOST_NAMED = 50
"""Contacts named of each kind; all are counted."""


@dataclass(frozen=True, slots=True)
class Past:
    """A case as it was weighed once."""

    contact_id: UUID
    trouble: str
    outcome: TriageOutcome
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A contact whose outcome would be another one."""

    contact_id: UUID
    was: TriageOutcome
    becomes: TriageOutcome


@dataclass(slots=True)
class Comparison:
    """Two rule tables over the same cases. It grows with the rule table, not with the cases."""

    matrix: Counter[tuple[TriageOutcome, TriageOutcome]] = field(default_factory=Counter)
    """How many went from which outcome to which, of the cases that answered everything the new table asks."""
    incomplete: Counter[tuple[TriageOutcome, TriageOutcome]] = field(default_factory=Counter)
    """The same of the others: what they were never asked counts as "don't know"."""
    unasked: Counter[str] = field(default_factory=Counter)
    """Questions of the new table that cases have no answer to."""
    unknown_troubles: Counter[str] = field(default_factory=Counter)
    """Troubles of cases that the new table does not have: nothing is weighed."""
    milder: int = 0
    """How many would become milder than they were."""
    named_milder: list[Change] = field(default_factory=list)
    """The first of these."""
    named_severer: list[Change] = field(default_factory=list)
    """The first of those that would become severer."""

    @property
    def cases(self) -> int:
        """All that were looked at."""
        return self.matrix.total() + self.incomplete.total() + self.unknown_troubles.total()

    @property
    def changed(self) -> int:
        """How many outcomes would be another."""
        return sum(
            count for table in (self.matrix, self.incomplete) for (was, now), count in table.items() if was != now
        )


def compare(past: Iterable[Past], rules: Questionnaire) -> Comparison:
    """Weigh past cases again by other rules."""
    found = Comparison()
    for case in past:
        _weigh(found, case, rules)
    return found


def _weigh(found: Comparison, case: Past, rules: Questionnaire) -> None:
    trouble = rules.trouble(case.trouble)
    if trouble is None:
        found.unknown_troubles[case.trouble] += 1
        return
    answered = {one.question for one in case.answers}
    unasked = [code for code in (*trouble.flags, *trouble.questions) if code not in answered]
    found.unasked.update(unasked)
    becomes = triage(rules, trouble, case.answers).outcome
    table = found.incomplete if unasked else found.matrix
    table[case.outcome, becomes] += 1
    if becomes is case.outcome:
        return
    milder = SEVERITY.index(becomes) > SEVERITY.index(case.outcome)
    found.milder += milder
    named = found.named_milder if milder else found.named_severer
    if len(named) < MOST_NAMED:
        named.append(Change(case.contact_id, case.outcome, becomes))
