"""The questionnaire as the web edge knows it: asked of intake, and whether answers fit it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import ValidationError

from chassis import Refused
from contracts.base import Language
from contracts.intake import ContactView, GetQuestionnaire, QuestionnaireView
from contracts.portal import Answer
from services.portal.edge import PASSER_BY, Reader


class WrongAnswer(Refused):
    """Answers do not fit the questionnaire. The refusal names the question by its code, never what was answered."""

    def __init__(self, code: str, question: str) -> None:
        super().__init__(code, "expected one of the offered answers to each question of this version, once")
        self.question = question


async def questionnaire(
    read: Reader, language: Language, trouble: str | None = None, *, version: str | None = None
) -> QuestionnaireView:
    """Troubles, safety signs and, of one trouble, the questions: of the version in force, or of one asked before.

    `read` is the edge's `read` for a part of a page, its patient `ask` where nothing is left without it.

    Raises:
        Refused: `unknown-trouble`, `unknown-questionnaire`, `service-unavailable`.
    """
    try:
        ask = GetQuestionnaire(language=language, trouble=trouble, version=version)
    except ValidationError as wrong:
        field = wrong.errors()[0]["loc"][0]
        raise Refused("unknown-questionnaire" if field == "version" else "unknown-trouble", "no code of ours") from None
    return await read(ask, viewer=PASSER_BY)


async def remaining(read: Reader, language: Language, contact: ContactView) -> QuestionnaireView:
    """What a contact is still to be asked, in the version it came with; no questions when nothing is left.

    Raises:
        Refused: `service-unavailable`.
    """
    asked = await questionnaire(read, language, contact.trouble, version=contact.questionnaire)
    left = tuple(one for one in asked.questions if one.code in contact.unanswered)
    return asked.model_copy(update={"questions": left})


async def must_fit(read: Reader, language: Language, trouble: str, version: str, answers: Sequence[Answer]) -> None:
    """Let answers pass only when they are complete and fit a version that is answered now.

    Raises:
        WrongAnswer: `unknown-question`, `unknown-answer`, `unanswered-question`.
        Refused: `unknown-questionnaire`: there is none such, or it went out of use more than 24 hours ago.
        Refused: `unknown-trouble`, `service-unavailable`.
    """
    asked = await questionnaire(read, language, trouble, version=version)
    if not asked.answerable:
        raise out_of_use()
    if wrong := wrong_answer(asked, answers):
        raise wrong


def out_of_use() -> Refused:
    """What is said of answers to a version that is no longer answered."""
    return Refused("unknown-questionnaire", "the version went out of use more than 24 hours ago; ask for the new one")


def wrong_answer(asked: QuestionnaireView, answers: Sequence[Answer]) -> WrongAnswer | None:
    """The first thing that is wrong with some answers; None when they are complete and fit."""
    offered = {question.code: {option.code for option in question.options} for question in asked.questions}
    times = Counter(one.question for one in answers)
    for one in answers:
        if one.question not in offered:
            return WrongAnswer("unknown-question", one.question)
        if one.answer not in offered[one.question] or times[one.question] > 1:
            return WrongAnswer("unknown-answer", one.question)
    return next((WrongAnswer("unanswered-question", code) for code in offered if code not in times), None)
