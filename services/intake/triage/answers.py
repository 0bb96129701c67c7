"""What triage answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from chassis import Answers, Refused, Transaction
from chassis.calendar import local_date
from contracts.base import Language
from contracts.intake import (
    ContactView,
    FindTroubles,
    FoundTroubles,
    GetQuestionnaire,
    Option,
    Question,
    QuestionnaireView,
    Route,
    Trace,
    TraceStep,
    Trouble,
)
from contracts.portal import Answer
from services.intake.models import Contact
from services.intake.triage.domain import decided_by, unanswered
from services.intake.triage.finding import Finders
from services.intake.triage.models import TriageRun
from services.intake.triage.questionnaire import Choice, Questionnaire, Questionnaires, Subject

answers = Answers()


LINGERS = timedelta(hours=24)
"""How long answers to a version are taken after another has come into force: as long as a resident's session lives."""


@answers(GetQuestionnaire)
def questionnaire(ask: GetQuestionnaire, tx: Transaction, questionnaires: Questionnaires) -> QuestionnaireView:
    today, days = local_date(tx.now), (local_date(tx.now - LINGERS), local_date(tx.now))
    asked = questionnaires.version(ask.version) if ask.version else questionnaires.current(today)
    if asked is None:
        raise Refused("unknown-questionnaire", "there is no questionnaire of this version")
    trouble = asked.trouble(ask.trouble) if ask.trouble else None
    if ask.trouble and trouble is None:
        raise Refused("unknown-trouble", "the questionnaire has no such trouble")
    return QuestionnaireView(
        version=asked.version,
        trouble=ask.trouble,
        troubles=tuple(Trouble(code=one.code, text=one.text.of(ask.language)) for one in asked.troubles),
        safety_signs=tuple(sign.text.of(ask.language) for sign in asked.emergency_signs()),
        questions=_questions(asked, trouble, ask.language) if trouble else (),
        answerable=questionnaires.in_force(asked.version, days),
    )


@answers(FindTroubles)
def find_troubles(ask: FindTroubles, tx: Transaction, finders: Finders) -> FoundTroubles:
    found = finders.current(local_date(tx.now)).find(ask.words)
    troubles = tuple(Trouble(code=one.code, text=one.text.of(ask.language)) for one in found.troubles)
    signs = tuple(sign.text.of(ask.language) for sign in found.signs)
    return FoundTroubles(alert=found.alert, signs=signs, troubles=troubles)


def _questions(asked: Questionnaire, trouble: Subject, language: Language) -> tuple[Question, ...]:
    """Red flags first."""
    flags = [asked.flag(code) for code in trouble.flags]
    others = [asked.question(code) for code in trouble.questions]
    yes_no = _options(asked.flag_options, language)
    return (
        *(Question(code=f.code, text=asked.flag_text(f, language), options=yes_no, red_flag=True) for f in flags),
        *(Question(code=q.code, text=q.text.of(language), options=_options(q.options, language)) for q in others),
    )


def _options(choices: tuple[Choice, ...], language: Language) -> tuple[Option, ...]:
    return tuple(Option(code=choice.code, text=choice.text.of(language)) for choice in choices)


def _trace(run: TriageRun) -> Trace:
    """How a run weighed its answers."""
    steps = tuple(TraceStep.model_validate(step) for step in run.trace or ())
    told = run.model_dump(include={"rules", "mode", "answers", "ran_at"})
    return Trace.model_validate({**told, "steps": steps, "decided_by": decided_by(steps)})


def _unanswered(contact: Contact, run: TriageRun | None, questionnaires: Questionnaires) -> Sequence[str]:
    """What a contact is still to be asked; nothing unless it waits for answers."""
    asked = questionnaires.version(run.rules) if run and contact.route == Route.QUESTIONS else None
    trouble = asked.trouble(contact.trouble) if asked else None
    if run is None or asked is None or trouble is None:
        return ()
    return unanswered(asked, trouble, [Answer.model_validate(each) for each in run.answers])


def view_of(found: Contact, run: TriageRun | None, questionnaires: Questionnaires, *, traced: bool) -> ContactView:
    """A contact as intake knows it, with how its answers were weighed where that is the viewer's to see."""
    unanswered = _unanswered(found, run, questionnaires)
    return ContactView.model_validate(
        {
            **found.model_dump(),
            "outcome": run.outcome if run and not unanswered else None,
            "flags": run.flags if run else (),
            "questionnaire": run.rules if run else None,
            "unanswered": unanswered,
            "identified": found.identified_at is not None,
            "trace": _trace(run) if run and traced else None,
        }
    )
