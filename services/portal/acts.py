"""What a person does: one function per act, the same for pages and for the JSON API.

Each takes a one-time key: an act that arrives twice is done once. What is wrong with an act is a Refused with its code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4, uuid5

from chassis import Refused, Transaction, Viewer
from chassis.calendar import HELSINKI
from contracts.base import Ask, Language
from contracts.callbacks import CallbackView, CallOutcome, LeftMessage, RecordCall
from contracts.cases import MOST_IN_SESSION, ContinueCase, KeepNewCase, OfferView
from contracts.chat import (
    AcceptConversation,
    ConversationView,
    EndConversation,
    GetConversation,
    MessageView,
    PostMessage,
    RequestIdentity,
)
from contracts.closings import CloseDoor, DoorsView, ReopenDoor, SetCap
from contracts.demand import ReasonView, RecordReason
from contracts.feedback import GiveFeedback, Given
from contracts.intake import ContactView, GetContact, Route, RouteReason
from contracts.matching import MatchedView
from contracts.notifications import Recipient
from contracts.portal import (
    AgeBand,
    Answer,
    Assessed,
    CallbackRequested,
    ContactOpened,
    EarlierText,
    EarlierTextDecided,
    InterpreterLanguage,
    OnBehalf,
    Origin,
    PromiseKind,
    QuestionsAnswered,
    WarningPassed,
    WarningShown,
)
from contracts.public import TroubleGroup
from contracts.scheduling import (
    BookVisit,
    CalendarView,
    CompleteVisit,
    GetTimes,
    HoldSlot,
    HoldView,
    Modality,
    OfferTimes,
    PublishSlots,
    TimesView,
    VisitView,
)
from services.portal import drafts, points, sessions, store
from services.portal.edge import Edge
from services.portal.forms import must_name_nobody
from services.portal.questionnaire import must_fit, remaining, wrong_answer
from services.portal.sending import area_of
from services.portal.sessions import Visitor


@dataclass(frozen=True, slots=True)
class Entry:
    """What a resident tells when coming in."""

    municipality: str
    language: Language
    trouble: str
    age_band: AgeBand
    questionnaire: str
    answers: tuple[Answer, ...]
    origin: Origin = Origin.CHAT
    on_behalf: OnBehalf | None = None
    """For whom they act, if not for themselves: then age and answers are those of the client."""
    interpreter: InterpreterLanguage | None = None
    warned: WarningShown | None = None
    """The warning they were shown on the way in and went on from."""
    assessed: Assessed | None = None
    """What the symptom assessment made of it that they come from."""
    summary: str | None = None
    """Where that assessment is found; travels sealed."""


# A resident


async def open_contact(edge: Edge, visitor: Visitor, entry: Entry, *, key: str) -> tuple[Visitor, UUID]:
    """Tell that a resident has come in; the contact becomes the session's own.

    A fall form that was taken along was filled in for this contact: it comes in under the id the form has. Unless they
    act for somebody else: it tells of themselves.

    Raises:
        Refused: `unknown-municipality`: it belongs to no county served here.
    """
    opened, session = opened_of(edge, entry, uuid5(visitor.session_id, key)), str(visitor.session_id)

    def tell(tx: Transaction) -> tuple[Visitor, UUID]:
        along = None if entry.on_behalf else store.brought(tx, visitor.contacts)
        contact_id = along or opened.contact_id
        if store.first_sent(tx, who=session, key=key, contact_id=contact_id, what=store.CONTACT):
            tx.publish(opened.model_copy(update={"contact_id": contact_id}))
        contact_id = store.contact_sent(tx, who=session, key=key)
        drafts.forget(tx, visitor.session_id, entry.municipality, entry.trouble)
        return sessions.own(tx, visitor, contact_id), contact_id

    return await edge.transact(tell)


async def open_contact_by_api(edge: Edge, entry: Entry, *, key: str) -> tuple[Visitor, UUID]:
    """The same without a browser: begins a session whose secret is the caller's bearer token.

    The same key and content again give the same contact and a new secret, while nobody has used the first one: the
    caller has lost the answer.

    Raises:
        Refused: `unknown-municipality`, `unknown-questionnaire`, `unknown-trouble`, `idempotency-key-reused`,
            `session-expired`.
        WrongAnswer: the answers do not fit the questionnaire.
    """
    opened = opened_of(edge, entry, uuid4())
    await must_fit(edge.ask, entry.language, entry.trouble, entry.questionnaire, entry.answers)
    content = opened.model_dump_json(exclude={"contact_id", "opened_at"})

    def tell(tx: Transaction) -> tuple[Visitor, UUID]:
        contact_id = opened.contact_id
        if store.first_sent(tx, who="api", key=key, contact_id=contact_id, what=store.CONTACT, content=content):
            tx.publish(opened)
            return sessions.own(tx, sessions.open_visitor(tx), contact_id), contact_id
        contact_id = store.contact_of(tx, who="api", key=key, content=content)
        return sessions.renew(tx, contact_id), contact_id

    return await edge.transact(tell)


def opened_of(edge: Edge, entry: Entry, contact_id: UUID) -> ContactOpened:
    """The fact that somebody has come in.

    Raises:
        MergedMunicipality: `merged-municipality`.
        Refused: `unknown-municipality`.
    """
    return ContactOpened(
        contact_id=contact_id,
        area=area_of(edge, entry.municipality).code,
        municipality=entry.municipality,
        origin=entry.origin,
        language=entry.language,
        trouble=entry.trouble,
        age_band=entry.age_band,
        on_behalf=entry.on_behalf,
        interpreter=entry.interpreter,
        questionnaire=entry.questionnaire,
        answers=entry.answers,
        warned=entry.warned,
        assessed=entry.assessed,
        summary=edge.seal("intake", {"summary": entry.summary}) if entry.summary else None,
        opened_at=edge.clock(),
    )


async def answer_rest(edge: Edge, contact: ContactView, answers: Sequence[Answer]) -> None:
    """Tell the answers that a contact was still to give: once, whatever is sent after them.

    Raises:
        WrongAnswer: they are not complete, or do not fit what is still asked.
        Refused: `service-unavailable`.
    """
    asked = await remaining(edge.ask, contact.language, contact)
    if wrong := wrong_answer(asked, answers):
        raise wrong
    answered = QuestionsAnswered(
        contact_id=contact.contact_id,
        area=contact.area,
        municipality=contact.municipality,
        questionnaire=asked.version,
        answers=tuple(answers),
        answered_at=edge.clock(),
    )

    def tell(tx: Transaction) -> None:
        who = contact.contact_id
        if store.first_sent(tx, who=str(who), key=store.ANSWERS, contact_id=who, what=store.ANSWERS):
            tx.publish(answered)

    await edge.transact(tell)


async def pass_warning(edge: Edge, viewer: Viewer) -> None:
    """Tell that a resident has read where to turn instead, and still wants a physiotherapist. Once: needs no key.

    Raises:
        Refused: `unknown-contact`: intake has not decided about the contact yet.
        Refused: `no-warning`: no red flag has sent the contact elsewhere.
    """
    contact = await edge.ask(GetContact(contact_id=viewer.id), viewer=viewer)
    if contact.alert:
        return
    if contact.route is not Route.ELSEWHERE or RouteReason.RED_FLAG not in contact.reasons or not contact.outcome:
        raise Refused("no-warning", "no red flag has sent the contact elsewhere")
    passed = WarningPassed(
        contact_id=viewer.id,
        area=contact.area,
        municipality=contact.municipality,
        outcome=WarningShown(contact.outcome),
        passed_at=edge.clock(),
    )

    def tell(tx: Transaction) -> None:
        if store.first_sent(tx, who=str(viewer.id), key=store.WARNING, contact_id=viewer.id, what=store.WARNING):
            tx.publish(passed)

    await edge.transact(tell)


async def say(edge: Edge, viewer: Viewer, contact_id: UUID, words: str, *, key: str) -> MessageView:
    """Say something; the resident and the therapist alike. Refused: `identity-code-in-text`."""
    must_name_nobody(words)
    return await edge.ask(PostMessage(contact_id=contact_id, words=words), viewer=viewer, key=key)


async def end(edge: Edge, viewer: Viewer, contact_id: UUID, *, key: str) -> ConversationView:
    """End the conversation, or leave the queue."""
    return await edge.ask(EndConversation(contact_id=contact_id), viewer=viewer, key=key)


async def continue_case(edge: Edge, visitor: Visitor, contact_id: UUID, case_id: UUID, *, key: str) -> OfferView:
    """Go on with the earlier matter that was offered, instead of a new one."""
    others = tuple(sorted(visitor.contacts, key=str))[:MOST_IN_SESSION]
    ask = ContinueCase(contact_id=contact_id, case_id=case_id, session=others)
    return await edge.ask(ask, viewer=visitor.viewer(contact_id), key=key)


async def keep_new_case(edge: Edge, viewer: Viewer, *, key: str) -> OfferView:
    """Keep this as a new matter, also after having gone on with an earlier one."""
    return await edge.ask(KeepNewCase(contact_id=viewer.id), viewer=viewer, key=key)


async def leave_message(edge: Edge, viewer: Viewer, left: LeftMessage, kind: PromiseKind, *, key: str) -> None:
    """Tell that a resident wants to be called; phone number and words travel sealed for the chat service alone.

    Raises:
        Refused: `unknown-contact`: intake has not decided about the contact yet.
        Refused: `not-by-message`: it has decided something else than a call.
        Refused: `identity-code-in-text`.
    """
    must_name_nobody(left.words)
    contact = await edge.ask(GetContact(contact_id=viewer.id), viewer=viewer)
    if contact.route is not Route.CALLBACK:
        raise Refused("not-by-message", "the contact is not one that is called back")
    requested = CallbackRequested(
        contact_id=viewer.id,
        area=contact.area,
        municipality=contact.municipality,
        callback_id=uuid4(),
        kind=kind,
        message=edge.seal("chat", left.model_dump()),
        requested_at=edge.clock(),
    )
    point = points.point(edge, contact, phone=left.phone) if contact.identified else None

    def tell(tx: Transaction) -> None:
        if store.first_sent(tx, who=str(viewer.id), key=key, contact_id=viewer.id, what=store.MESSAGE):
            tx.publish(requested)
            if point:
                tx.publish(point)

    await edge.transact(tell)


async def decide_earlier_text(edge: Edge, viewer: Viewer, *, accepted: bool) -> None:
    """Tell whether what the person wrote before identifying may be kept in their patient record; the first word counts.

    Raises:
        Refused: `unknown-conversation`; `nothing-to-decide`: nobody has identified, or nothing was written before.
    """
    conversation = await edge.ask(GetConversation(contact_id=viewer.id), viewer=viewer)
    if conversation.earlier_text in (None, EarlierText.NONE):
        raise Refused("nothing-to-decide", "there is no text from before an identification")
    decided = EarlierTextDecided(
        contact_id=viewer.id,
        area=conversation.area,
        municipality=conversation.municipality,
        accepted=accepted,
        decided_at=edge.clock(),
    )

    def tell(tx: Transaction) -> None:
        what = store.EARLIER_TEXT  # the key as well: of all the pages of a contact one answers
        if store.first_sent(tx, who=str(viewer.id), key=what, contact_id=viewer.id, what=what):
            tx.publish(decided)

    await edge.transact(tell)


async def hold(edge: Edge, viewer: Viewer, slot_id: UUID, *, key: str) -> HoldView:
    """Keep a time for a while."""
    return await edge.ask(HoldSlot(contact_id=viewer.id, slot_id=slot_id), viewer=viewer, key=key)


async def book(
    edge: Edge, viewer: Viewer, hold_id: UUID, *, email: str | None, language: Language, key: str
) -> VisitView:
    """Book the held time; the e-mail address travels sealed, for notifications and for the identity vault."""
    recipient = edge.seal("notifications", Recipient(email=email).model_dump()) if email else None
    ask = BookVisit(contact_id=viewer.id, hold_id=hold_id, recipient=recipient, language=language)
    try:
        visit = await edge.ask(ask, viewer=viewer, key=key)
    except Refused as refused:
        if refused.code != "idempotency-key-reused":
            raise
        visit = await _booked(edge, viewer)
    if email:
        await points.reach_by_mail(edge, viewer, email, key=key)
    return visit


async def book_together(
    edge: Edge, viewer: Viewer, contact_id: UUID, slot_id: UUID, *, language: Language, key: str
) -> VisitView:
    """Book a time that a professional has agreed on with the person; no letter goes out.

    Raises:
        Refused: what `HoldSlot` and `BookVisit` promise.
    """
    held = await edge.ask(HoldSlot(contact_id=contact_id, slot_id=slot_id), viewer=viewer, key=f"{key} hold")
    ask = BookVisit(contact_id=contact_id, hold_id=held.hold_id, language=language)
    return await edge.ask(ask, viewer=viewer, key=key)


async def _booked(edge: Edge, viewer: Viewer) -> VisitView:
    """The visit of a form that was sent twice: sealed anew, its address looks like another content of the same key."""
    times = await edge.ask(GetTimes(contact_id=viewer.id), viewer=viewer)
    if times.visit is None:
        raise Refused("idempotency-key-reused", "the same key came with another content; take a new key")
    return times.visit


async def give_feedback(edge: Edge, viewer: Viewer, answer: GiveFeedback, *, key: str) -> Given:
    """Answer an invitation once. Refused: `identity-code-in-text`."""
    must_name_nobody(answer.text)
    return await edge.ask(answer, viewer=viewer, key=key)


# A therapist


async def accept(edge: Edge, viewer: Viewer, conversation_id: UUID, *, key: str) -> ConversationView:
    """Take a waiting conversation."""
    ask = AcceptConversation(conversation_id=conversation_id, therapist_name=viewer.name)
    return await edge.ask(ask, viewer=viewer, key=key)


async def ask_identity(edge: Edge, viewer: Viewer, contact_id: UUID, *, key: str) -> ConversationView:
    """Ask the resident to identify."""
    return await edge.ask(RequestIdentity(contact_id=contact_id), viewer=viewer, key=key)


async def record_reason(
    edge: Edge, viewer: Viewer, contact_id: UUID, reason: TroubleGroup, code: str | None, *, key: str
) -> ReasonView:
    """Say why a contact came."""
    return await edge.ask(RecordReason(contact_id=contact_id, reason=reason, code=code), viewer=viewer, key=key)


async def offer_times(edge: Edge, viewer: Viewer, contact_id: UUID, *, key: str) -> TimesView:
    """Offer the resident of one's own conversation the free remote times.

    Raises:
        Refused: `not-yours`: nobody has taken the conversation yet; `unknown-conversation`: somebody else has.
    """
    conversation = await edge.ask(GetConversation(contact_id=contact_id), viewer=viewer)
    if conversation.therapist_id != viewer.id:
        raise Refused("not-yours", "the conversation is not the viewer's")
    return await edge.ask(OfferTimes(contact_id=contact_id), viewer=viewer, key=key)


async def close_door(edge: Edge, viewer: Viewer, closing: CloseDoor, *, key: str) -> DoorsView:
    """Close a door of one's county for a while."""
    return await edge.ask(closing, viewer=viewer, key=key)


async def reopen_door(edge: Edge, viewer: Viewer, opening: ReopenDoor, *, key: str) -> DoorsView:
    """Open a closed door of one's county."""
    return await edge.ask(opening, viewer=viewer, key=key)


async def set_cap(edge: Edge, viewer: Viewer, cap: SetCap, *, key: str) -> DoorsView:
    """Set the daily cap of a door of one's county, or take it away."""
    return await edge.ask(cap, viewer=viewer, key=key)


async def decide_match(edge: Edge, viewer: Viewer, decision: Ask[MatchedView], *, key: str) -> MatchedView:
    """Decide who somebody without a personal identity code is, or take that back."""
    return await edge.ask(decision, viewer=viewer, key=key)


async def record_call(edge: Edge, viewer: Viewer, callback_id: UUID, outcome: CallOutcome, *, key: str) -> CallbackView:
    """Record how a promised call went."""
    return await edge.ask(RecordCall(callback_id=callback_id, outcome=outcome), viewer=viewer, key=key)


async def complete_visit(edge: Edge, viewer: Viewer, visit_id: UUID, *, held_early: bool, key: str) -> VisitView:
    """Record that a visit took place, `held_early` before its time."""
    return await edge.ask(CompleteVisit(visit_id=visit_id, held_early=held_early), viewer=viewer, key=key)


@dataclass(frozen=True, slots=True)
class Times:
    """Free times one after the other on one local day."""

    area: str
    modality: Modality
    on: date
    first: time
    count: int
    minutes: int
    direct_access: bool

    def starts(self) -> tuple[datetime, ...]:
        """When each begins, UTC."""
        first = datetime.combine(self.on, self.first, tzinfo=HELSINKI).astimezone(UTC)
        return tuple(first + timedelta(minutes=self.minutes * place) for place in range(self.count))


async def publish_times(edge: Edge, viewer: Viewer, times: Times, *, key: str) -> CalendarView:
    """Publish free times of one's own."""
    ask = PublishSlots(
        area=times.area,
        therapist_name=viewer.name,
        modality=times.modality,
        starts_at=times.starts(),
        minutes=times.minutes,
        direct_access=times.direct_access,
    )
    return await edge.ask(ask, viewer=viewer, key=key)
