"""Fall prevention as a person does it: one function per act, for pages of residents and of the desk."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

from chassis import Refused, Transaction, Viewer
from contracts.base import Language, Version
from contracts.falls import (
    ChooseFallRoute,
    FallForm,
    FallFormsView,
    FallFormView,
    FallMeasuresView,
    FallPathwayView,
    FallRoute,
    FallRouteReason,
    FallRouteView,
    FallScreenView,
    GetFallForms,
    GetFallPathway,
    RecordFallMeasures,
    ScreenFallRisk,
)
from contracts.intake import ContactView, GetContact
from contracts.portal import Answer
from services.portal import sessions, store
from services.portal.edge import Edge
from services.portal.forms import Form
from services.portal.language import Words
from services.portal.sessions import Visitor


def form_of(forms: FallFormsView, code: str) -> FallFormView | None:
    """A form by its code; None when there is none such."""
    return next((one for one in forms.forms if one.form == code), None)


def field_of(question: str) -> str:
    """Name of a question's field: apart from our own fields."""
    return f"q_{question}"


def answers_of(asked: FallFormView, form: Form, t: Words) -> tuple[Answer, ...]:
    """The answers, in order; errors in the form for what is missing or no answer at all."""
    given = []
    for number, question in enumerate(asked.questions, start=1):
        answer = form[field_of(question.code)]
        if answer in {option.code for option in question.options}:
            given.append(Answer(question=question.code, answer=answer))
        else:
            form.errors[field_of(question.code)] = t("error.answer", number=number)
    return tuple(given)


async def forms(edge: Edge, viewer: Viewer, language: Language) -> FallFormsView:
    """The forms of today.

    Raises:
        Refused: `service-unavailable`.
    """
    return await edge.read(GetFallForms(language=language), viewer=viewer)


async def pathway(edge: Edge, viewer: Viewer, contact_id: UUID, language: Language) -> FallPathwayView:
    """What has been done about the risk of falling.

    Raises:
        Refused: `unknown-contact`, `service-unavailable`.
    """
    return await edge.read(GetFallPathway(contact_id=contact_id, language=language), viewer=viewer)


async def begin(edge: Edge, visitor: Visitor, *, key: str) -> tuple[Visitor, UUID]:
    """Let a session own a contact that has not come in yet: what its form is filled in for."""
    contact_id = uuid5(visitor.session_id, f"falls {key}")
    return await edge.transact(lambda tx: sessions.own(tx, visitor, contact_id)), contact_id


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled form."""

    municipality: str
    form: FallForm
    rules: Version
    answers: tuple[Answer, ...]
    source: str = "self"


async def fill_in(edge: Edge, viewer: Viewer, contact_id: UUID, filled: Filled, *, key: str) -> FallScreenView:
    """Fill in a form; the resident and staff alike.

    Raises:
        Refused: what `ScreenFallRisk` promises.
    """
    ask = ScreenFallRisk(
        contact_id=contact_id,
        municipality=filled.municipality,
        form=filled.form,
        rules=filled.rules,
        answers=filled.answers,
        source=filled.source,
    )
    return await edge.ask(ask, viewer=viewer, key=key)


async def measure(edge: Edge, viewer: Viewer, told: RecordFallMeasures, *, key: str) -> FallMeasuresView:
    """Record what a visit measured.

    Raises:
        Refused: what `RecordFallMeasures` promises.
    """
    return await edge.ask(told, viewer=viewer, key=key)


async def choose(
    edge: Edge, viewer: Viewer, contact_id: UUID, route: FallRoute, reason: FallRouteReason, *, key: str
) -> FallRouteView:
    """Choose where somebody goes on.

    Raises:
        Refused: `unknown-contact`, `nothing-recorded`.
    """
    return await edge.ask(ChooseFallRoute(contact_id=contact_id, route=route, reason=reason), viewer=viewer, key=key)


async def come_in(edge: Edge, viewer: Viewer) -> ContactView | None:
    """A resident's contact that has come in; None where only a form is filled in for it."""
    try:
        return await edge.read(GetContact(contact_id=viewer.id), viewer=viewer)
    except Refused:
        return None


async def bring(edge: Edge, visitor: Visitor, contact_id: UUID) -> None:
    """Take a filled form along: the next contact that the session opens is the one it was filled in for.

    Raises:
        Refused: `unknown-contact`: the form is another session's.
    """
    visitor.viewer(contact_id)
    session = str(visitor.session_id)

    def note(tx: Transaction) -> None:
        store.first_sent(tx, who=session, key=f"bring {contact_id}", contact_id=contact_id, what=store.BROUGHT)

    await edge.transact(note)
