"""What intake answers."""

from __future__ import annotations

from chassis import Answers, Refused, Role, Transaction
from chassis.calendar import local_date
from contracts.base import Language
from contracts.intake import (
    ContactView,
    GetContact,
    GetPerson,
    GetQuestionnaire,
    Option,
    PersonView,
    Question,
    QuestionnaireView,
    Trouble,
)
from services.intake import store
from services.intake.models import Contact, TriageRun
from services.intake.questionnaire import Choice, Questionnaire, Questionnaires, Subject
from services.intake.vault import Vault

answers = Answers()


@answers(GetQuestionnaire)
def questionnaire(ask: GetQuestionnaire, tx: Transaction, questionnaires: Questionnaires) -> QuestionnaireView:
    current = questionnaires.current(local_date(tx.now))
    trouble = current.trouble(ask.trouble) if ask.trouble else None
    if ask.trouble and trouble is None:
        raise Refused("unknown-trouble", "the present questionnaire has no such trouble")
    return QuestionnaireView(
        version=current.version,
        trouble=ask.trouble,
        troubles=tuple(Trouble(code=one.code, text=one.text.of(ask.language)) for one in current.troubles),
        safety_signs=tuple(sign.text.of(ask.language) for sign in current.emergency_signs()),
        questions=_questions(current, trouble, ask.language) if trouble else (),
    )


def _questions(current: Questionnaire, trouble: Subject, language: Language) -> tuple[Question, ...]:
    """Red flags first."""
    flags = [current.flag(code) for code in trouble.flags]
    others = [current.question(code) for code in trouble.questions]
    yes_no = _options(current.flag_options, language)
    return (
        *(Question(code=f.code, text=current.flag_text(f, language), options=yes_no, red_flag=True) for f in flags),
        *(Question(code=q.code, text=q.text.of(language), options=_options(q.options, language)) for q in others),
    )


def _options(choices: tuple[Choice, ...], language: Language) -> tuple[Option, ...]:
    return tuple(Option(code=choice.code, text=choice.text.of(language)) for choice in choices)


@answers(GetContact)
def contact(ask: GetContact, tx: Transaction) -> ContactView:
    found = store.contact(tx.session, ask.contact_id, tx.viewer)
    if found is None:
        raise _unknown()
    if tx.viewer.role is Role.STAFF:
        tx.audit("read", whom=ask.contact_id, what="contact")
    return _view(found, store.last_run(tx.session, ask.contact_id, tx.viewer))


def _view(found: Contact, run: TriageRun | None) -> ContactView:
    return ContactView.model_validate(
        {
            **found.model_dump(),
            "outcome": run.outcome if run else None,
            "flags": run.flags if run else (),
            "identified": found.person_id is not None,
        }
    )


@answers(GetPerson)
def person(ask: GetPerson, tx: Transaction, vault: Vault) -> PersonView:
    """For staff of the contact's area alone: to everybody else there is no such contact."""
    if tx.viewer.role is not Role.STAFF or store.contact(tx.session, ask.contact_id, tx.viewer) is None:
        raise _unknown()
    who = store.person(tx.session, vault, ask.contact_id, tx.viewer)
    if who is None:
        raise Refused("not-identified", "nobody has identified for this contact")
    tx.audit("read", whom=ask.contact_id, what="identity")
    return PersonView(
        contact_id=ask.contact_id,
        display_name=who.display_name,
        birth_year=who.birth_date.year,
        personal_identity_code=who.personal_identity_code or "",
    )


def _unknown() -> Refused:
    return Refused("unknown-contact", "no such contact for this viewer")
