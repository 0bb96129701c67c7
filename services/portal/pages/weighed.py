"""What a resident answered and how it was weighed, in words: for the professional who assesses."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.intake import ContactView, Question, QuestionnaireView
from services.portal.language import Words


@dataclass(frozen=True, slots=True)
class Told:
    """One question as it was asked, and the answer as it was given."""

    question: str
    signs: tuple[str, ...]
    """What a red-flag question asks about, one by one."""
    answer: str
    hit: bool
    """A red flag that counted."""


def lines(question: Question) -> tuple[str, tuple[str, ...]]:
    """A question as a page shows it: what is asked, and the signs it asks about on lines of their own."""
    lead, mark, rest = question.text.partition("?")
    signs = tuple(line for line in rest.strip().removesuffix(".").split(". ") if line) if question.red_flag else ()
    return (lead + mark if signs else question.text), signs


def told(asked: QuestionnaireView, contact: ContactView, t: Words) -> tuple[Told, ...]:
    """Every question with its answer, in the order asked; none where the answers are not the viewer's to see."""
    if contact.trace is None:
        return ()
    given: dict[str, list[str]] = {}
    for one in contact.trace.answers:
        given.setdefault(one.question, []).append(one.answer)
    return tuple(_told(question, given.get(question.code, []), contact, t) for question in asked.questions)


def _told(question: Question, answers: list[str], contact: ContactView, t: Words) -> Told:
    text, signs = lines(question)
    options = {option.code: option.text for option in question.options}
    answer = ", ".join(options.get(code, t("desk.answer_unknown")) for code in answers)
    return Told(text, signs, answer or t("desk.unanswered"), hit=question.code in contact.flags)
