"""The JSON API: what a resident does, for front ends that are no browser.

The contact's bearer secret opens it, its id alone nothing. Every change takes an `Idempotency-Key`, a UUID the caller
makes up: the same key again has no second effect. Errors are problems (RFC 9457) with a stable `code` and a sentence in
the language of `Accept-Language`.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from chassis import Refused, Viewer
from chassis.phones import phone
from contracts.base import Code, Id, Language, Message, MunicipalityCode, Version
from contracts.callbacks import LeftMessage, PromiseView
from contracts.chat import ConversationView, MessageView, Words
from contracts.feedback import TEXT_MAX, GiveFeedback, Given, InvitationView, Score
from contracts.intake import ContactView, GetContact
from contracts.non_disclosure import CONCEALED
from contracts.portal import AgeBand, Answer, InterpreterLanguage, OnBehalf, Origin, PromiseKind, WarningShown
from contracts.prose import below, of_fields
from contracts.scheduling import HoldView, TimesView, VisitView
from services.portal import acts, sessions
from services.portal.acts import Entry
from services.portal.assessments import routes as assessments
from services.portal.assessments.domain import Told
from services.portal.case import Stage, look
from services.portal.fhir import routes as fhir
from services.portal.forms import clean, email_address
from services.portal.language import preferred
from services.portal.neighbours import described
from services.portal.neighbours import routes as neighbours
from services.portal.pages.page import edge_of
from services.portal.sessions import Visitor

routes = APIRouter(prefix="/api/v1")
Key = Annotated[UUID, Header(alias="Idempotency-Key")]
Me = Annotated[Visitor, Depends(sessions.visitor)]
Cleaned = BeforeValidator(lambda typed: clean(typed) if isinstance(typed, str) else typed)
"""Cleans what a person typed before it is measured: words of control characters alone are no words."""


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Opening(_Body):
    """A resident comes in, safety page and questionnaire done."""

    municipality: MunicipalityCode
    language: Language
    trouble: Code
    age_band: AgeBand
    questionnaire: Version
    answers: Annotated[tuple[Answer, ...], Field(max_length=60)]
    origin: Literal[Origin.CHAT, Origin.BOOKING] = Origin.CHAT
    """The door: to talk, or to book a time."""
    on_behalf: OnBehalf | None = None
    """For whom the person acts, if not for themselves: age and answers are then the client's."""
    interpreter: InterpreterLanguage | None = None
    """Into which language an interpreter is needed."""
    warned: WarningShown | None = None
    """The person was shown this warning on the way in and went on."""


class Opened(_Body):
    """The contact, and the secret that alone opens it: sent as `Authorization: Bearer <secret>`."""

    contact_id: Id
    secret: str


class Rest(_Body):
    """Answers to what is still asked."""

    answers: Annotated[tuple[Answer, ...], Field(min_length=1, max_length=60)]


class Said(_Body):
    """Something to say."""

    words: Annotated[Words, Cleaned]


class Left(_Body):
    """A message that asks for a call."""

    phone: Annotated[str, Field(max_length=30)]
    words: Annotated[Words, Cleaned]
    kind: PromiseKind


class Picked(_Body):
    """A free time."""

    slot_id: Id


class Booking(_Body):
    """The held time is wanted."""

    hold_id: Id
    email: Annotated[str, Field(max_length=254)] | None = None


class Rating(_Body):
    """Feedback for an invitation."""

    invitation_id: Id
    recommend: Score
    useful: bool | None = None
    text: Annotated[str, Field(max_length=TEXT_MAX), Cleaned] = ""


NOWHERE = {"municipality": CONCEALED}
"""For everybody alike: a place that is gone one day would tell who looks on that the person is not to be found."""


class CaseState(_Body):
    """What is the case now."""

    contact_id: Id
    stage: Stage
    contact: ContactView | None
    conversation: ConversationView | None
    messages: tuple[MessageView, ...]
    times: TimesView | None
    promise: PromiseView | None
    invitations: tuple[InvitationView, ...]


def _language(request: Request) -> Language:
    return preferred(request.headers.get("accept-language", ""))


def bearer(contact_id: UUID, me: Me) -> Viewer:
    """The contact's own viewer; a cookie does not do, so no page of another site can act here.

    Raises:
        Refused: `session-expired`, `unknown-contact`.
    """
    if me.by_cookie:
        raise Refused("session-expired", "the API takes the bearer secret of the contact")
    return me.viewer(contact_id)


Mine = Annotated[Viewer, Depends(bearer)]


@routes.post("/contacts", status_code=201)
async def open_contact(request: Request, body: Opening, key: Key) -> Opened:
    """Open a contact. The same key and body again give the same contact and a new secret, until a secret was used.

    Answers that do not fit the questionnaire are refused in the body's language, and `question` names which.
    """
    request.state.language = body.language
    entry = Entry(**{name: getattr(body, name) for name in Opening.model_fields})
    me, contact_id = await acts.open_contact_by_api(edge_of(request), entry, key=str(key))
    return Opened(contact_id=contact_id, secret=me.secret)


@routes.get("/contacts/{contact_id}")
async def show(request: Request, mine: Mine, after: Annotated[int, Query(ge=0, le=999_999)] = 0) -> CaseState:
    """What is the case now; messages after the sequence `after`."""
    case = await look(edge_of(request), mine, _language(request), after=after)
    return CaseState(
        contact_id=mine.id,
        stage=case.stage,
        contact=case.contact and case.contact.model_copy(update=NOWHERE),
        conversation=case.conversation and case.conversation.model_copy(update=NOWHERE),
        messages=case.messages,
        times=case.times,
        promise=case.promise,
        invitations=case.invitations,
    )


@routes.post("/contacts/{contact_id}/answers", status_code=202)
async def answer_rest(request: Request, mine: Mine, body: Rest) -> Response:
    """Answer what is still asked: `contact.unanswered`, in the version `contact.questionnaire`. Told once."""
    edge = edge_of(request)
    contact = await edge.ask(GetContact(contact_id=mine.id), viewer=mine)
    if not contact.unanswered:
        raise Refused("already-decided", "nothing is asked any more")
    await acts.answer_rest(edge, contact, body.answers)
    return Response(status_code=202)


@routes.post("/contacts/{contact_id}/warning", status_code=202)
async def pass_warning(request: Request, mine: Mine) -> Response:
    """The person has read where to turn instead, and still wants a physiotherapist. Once more changes nothing."""
    await acts.pass_warning(edge_of(request), mine)
    return Response(status_code=202)


@routes.post("/contacts/{contact_id}/messages")
async def say(request: Request, mine: Mine, body: Said, key: Key) -> MessageView:
    """Say something."""
    return await acts.say(edge_of(request), mine, mine.id, body.words, key=str(key))


@routes.post("/contacts/{contact_id}/callback", status_code=202)
async def leave_message(request: Request, mine: Mine, body: Left, key: Key) -> Response:
    """Leave a message; the promise follows and is read with the contact."""
    left = LeftMessage(phone=phone(body.phone).number, words=body.words)
    await acts.leave_message(edge_of(request), mine, left, body.kind, key=str(key))
    return Response(status_code=202)


@routes.post("/contacts/{contact_id}/hold")
async def hold(request: Request, mine: Mine, body: Picked, key: Key) -> HoldView:
    """Keep a time for a while."""
    return await acts.hold(edge_of(request), mine, body.slot_id, key=str(key))


@routes.post("/contacts/{contact_id}/booking")
async def book(request: Request, mine: Mine, body: Booking, key: Key) -> VisitView:
    """Book the held time."""
    email = email_address(body.email) if body.email else None
    if body.email and email is None:
        raise Refused("email-not-valid", "expected one e-mail address")
    edge, language = edge_of(request), _language(request)
    return await acts.book(edge, mine, body.hold_id, email=email, language=language, key=str(key))


@routes.post("/contacts/{contact_id}/feedback")
async def give_feedback(request: Request, mine: Mine, body: Rating, key: Key) -> Given:
    """Answer an invitation once."""
    answer = GiveFeedback(contact_id=mine.id, language=_language(request), **body.model_dump())
    return await acts.give_feedback(edge_of(request), mine, answer, key=str(key))


@routes.post("/contacts/{contact_id}/end")
async def end(request: Request, mine: Mine, key: Key) -> ConversationView:
    """End the conversation, or leave the queue."""
    return await acts.end(edge_of(request), mine, mine.id, key=str(key))


@cache
def description() -> dict[str, Any]:
    """The OpenAPI document of these routes."""
    paths = [*routes.routes, *neighbours.routes.routes, *assessments.routes.routes, *fhir.routes.routes]
    made = get_openapi(title="Digiterapia", version="1", description=__doc__, routes=paths)
    made["components"]["schemas"] |= described.schemas()
    made["components"]["securitySchemes"] = described.SCHEMES
    messages = below(Message) | below(Told)
    for name, schema in made["components"]["schemas"].items():
        for field, text in of_fields(messages[name]).items() if name in messages else ():
            schema["properties"][field]["description"] = text
    return made


@routes.get("/openapi.json", include_in_schema=False)
async def describe() -> JSONResponse:
    return JSONResponse(description())
