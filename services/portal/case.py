"""A resident's matter as one page shows it: what the owners say of it, put together, and what follows for the page.

`look` asks, everything else is pure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from chassis import Refused, Role, Viewer
from chassis.calendar import local_date
from contracts.areas import Area
from contracts.base import Ask, Language, View
from contracts.callbacks import CallbackState, GetPromise, PromiseView
from contracts.cases import MOST_IN_SESSION, CaseInBrief, GetOffer, OfferView
from contracts.chat import ConversationState, ConversationView, GetConversation, GetMessages, MessageView
from contracts.closings import Door
from contracts.falls import FallForm, FallPathwayView, GetFallPathway
from contracts.feedback import GetInvitations, InvitationView
from contracts.intake import (
    ContactState,
    ContactView,
    GetContact,
    GetQuestionnaire,
    Route,
    RouteReason,
    TriageOutcome,
)
from contracts.portal import EarlierText
from contracts.public import TroubleGroup
from contracts.scheduling import GetTimes, HoldView, SlotView, TimesView, VisitState, VisitView
from services.portal import sessions, store
from services.portal.doors import ClosedDoor, channel_of, doors_of, notice
from services.portal.edge import Edge
from services.portal.language import words

V = TypeVar("V", bound=View)

UNAVAILABLE = ("service-unavailable", "internal-error")
"""Refusals that say nothing of the matter: the page shows what it has and tries again."""


class Stage(StrEnum):
    """What is the case now: the heading of the page."""

    UNAVAILABLE = "unavailable"
    DECIDING = "deciding"
    QUESTIONS = "questions"
    DECLINED = "declined"
    ELSEWHERE = "elsewhere"
    QUEUED = "queued"
    OPEN = "open"
    ENDED = "ended"
    ABANDONED = "abandoned"
    LEAVE_MESSAGE = "leave_message"
    MESSAGE_LEFT = "message_left"
    PROMISED = "promised"
    KEPT = "kept"
    BOOKING = "booking"


WAITING = {Stage.UNAVAILABLE, Stage.DECIDING, Stage.QUEUED, Stage.MESSAGE_LEFT}
"""The person only waits: a page without JavaScript may load itself again without losing what is typed."""

_OF_CONVERSATION = {
    ConversationState.QUEUED: Stage.QUEUED,
    ConversationState.OPEN: Stage.OPEN,
    ConversationState.ENDED: Stage.ENDED,
    ConversationState.ABANDONED: Stage.ABANDONED,
}


class Step(StrEnum):
    """What the person can do next about identification and times."""

    IDENTIFY = "identify"
    PICK = "pick"
    BOOK = "book"
    BOOKED = "booked"
    VISITED = "visited"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where to go instead."""

    texts: tuple[str, ...]
    """Most urgent first."""
    severity: str
    """now, today or later: how the page says it."""
    emergency_number: str
    helpline: str


_SEVERITY = {
    TriageOutcome.EMERGENCY_112: "now",
    TriageOutcome.URGENT_NOW: "now",
    TriageOutcome.URGENT_SAME_DAY: "today",
}


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier matter of the person, in words."""

    case_id: UUID
    trouble: str
    begun_on: date


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the owners say of one contact, at one moment. None: they know nothing of it."""

    contact_id: UUID
    contact: ContactView | None = None
    conversation: ConversationView | None = None
    messages: tuple[MessageView, ...] = ()
    times: TimesView | None = None
    invitations: tuple[InvitationView, ...] = ()
    promise: PromiseView | None = None
    offered: Earlier | None = None
    """An earlier matter the person may go on with instead of a new one."""
    continued: Earlier | None = None
    """The earlier matter that this one goes on with, as the person has chosen."""
    passed_on: frozenset[str] = frozenset()
    """What the portal has told of this contact: a message, whose promise follows; answers, whose decision follows; that
    it goes on past a warning."""
    where: Elsewhere | None = None
    trouble: str = ""
    closed: ClosedDoor | None = None
    """The chat, closed out of the ordinary, when the person may leave a message instead."""
    opens_at: datetime | None = None
    fall_form: FallForm | None = None
    """The fall screen that an identified person of 70 or 75 is asked to fill in now."""
    sent: UUID | None = None
    """A contact of the same person that a professional's referral has opened, where a time is still to be chosen."""
    missing: bool = False
    """Somebody did not answer in time: the page shows the rest."""

    @property
    def stage(self) -> Stage:
        if self.contact is None:
            return Stage.UNAVAILABLE if self.missing else Stage.DECIDING
        if self.contact.state is ContactState.DECLINED:
            return Stage.DECLINED
        if self.contact.route is Route.ELSEWHERE:
            return Stage.ELSEWHERE
        if self.promise:
            return Stage.KEPT if self.promise.state is CallbackState.KEPT else Stage.PROMISED
        if self.conversation:
            return _OF_CONVERSATION[self.conversation.state]
        return self._stage_of_route(self.contact.route)

    def _stage_of_route(self, route: Route | None) -> Stage:
        if route is Route.CALLBACK:
            return Stage.MESSAGE_LEFT if store.MESSAGE in self.passed_on else Stage.LEAVE_MESSAGE
        if route is Route.QUESTIONS and store.ANSWERS not in self.passed_on:
            return Stage.QUESTIONS
        return Stage.BOOKING if route is Route.BOOKING else Stage.DECIDING

    @property
    def by_message(self) -> bool:
        """Whether a message is to be left though the chat is open: it is another door that is closed to the person."""
        if self.contact is None or self.stage is not Stage.LEAVE_MESSAGE:
            return False
        return not (self.closed or self.opens_at or RouteReason.CHAT_CLOSED in self.contact.reasons)

    @property
    def waiting(self) -> bool:
        decides = self.stage is Stage.ELSEWHERE and self.went_on
        return self.stage in WAITING or decides or (self.stage is Stage.BOOKING and self.step is None)

    @property
    def went_on(self) -> bool:
        """Whether the person has gone on past the warning that the page shows; another way follows."""
        return store.WARNING in self.passed_on

    @property
    def may_go_on(self) -> bool:
        """Whether the person may go on past the warning that the page shows."""
        warned = self.contact is not None and RouteReason.RED_FLAG in self.contact.reasons
        return self.stage is Stage.ELSEWHERE and warned and not self.went_on

    @property
    def warning(self) -> Elsewhere | None:
        """Where to turn in danger, for somebody who has gone on past it."""
        return self.where if self.contact and self.contact.alert else None

    @property
    def ahead(self) -> int:
        """How many wait before the person."""
        return (self.conversation.position or 1) - 1 if self.conversation else 0

    @property
    def identified(self) -> bool:
        return bool((self.contact and self.contact.identified) or (self.conversation and self.conversation.identified))

    @property
    def asks_of_earlier_text(self) -> bool:
        """Whether the person is to say if what they wrote before identifying may be kept: asked once, of a patient."""
        undecided = self.conversation is not None and self.conversation.earlier_text is EarlierText.UNDECIDED
        return undecided and self.stage is not Stage.DECLINED and store.EARLIER_TEXT not in self.passed_on

    @property
    def step(self) -> Step | None:
        if self.visit:
            return Step.BOOKED if self.visit.state is VisitState.BOOKED else Step.VISITED
        if self.hold:
            return Step.BOOK
        if self.times and self.times.offered:
            return Step.PICK
        asked = self.conversation is not None and self.conversation.identity_requested
        needed = self.stage is Stage.BOOKING or (asked and self.stage is Stage.OPEN)
        return Step.IDENTIFY if needed and not self.identified else None

    @property
    def slots(self) -> tuple[SlotView, ...]:
        return self.times.slots if self.times else ()

    @property
    def hold(self) -> HoldView | None:
        return self.times.hold if self.times else None

    @property
    def visit(self) -> VisitView | None:
        return self.times.visit if self.times else None

    @property
    def asked(self) -> InvitationView | None:
        """The newest invitation to give feedback that is not answered yet."""
        return next((one for one in self.invitations if not one.answered), None)

    @property
    def thanked(self) -> bool:
        return bool(self.invitations) and self.asked is None

    @property
    def last_sequence(self) -> int:
        return self.messages[-1].sequence if self.messages else 0


async def look(
    edge: Edge,
    viewer: Viewer,
    language: Language,
    *,
    after: int = 0,
    trouble: str = "",
    session: Collection[UUID] = (),
) -> Case:
    """Ask everybody who knows something of a contact.

    Args:
        edge: whom to ask.
        viewer: the resident; the contact is theirs.
        language: of the trouble and of where to go.
        after: only messages after this sequence.
        trouble: in words, when it is known already.
        session: contacts of the same browser session.
    """
    contact_id = viewer.id
    lacks: list[str] = []

    async def ask(question: Ask[V]) -> V | None:
        try:
            return await edge.read(question, viewer=viewer)
        except Refused as refused:
            if refused.code in UNAVAILABLE:
                lacks.append(refused.code)
            return None

    others = tuple(sorted(session, key=str))[:MOST_IN_SESSION]
    contact, conversation, times, invitations, promise, (offer, passed_on) = await asyncio.gather(
        ask(GetContact(contact_id=contact_id)),
        ask(GetConversation(contact_id=contact_id)),
        ask(GetTimes(contact_id=contact_id)),
        ask(GetInvitations(contact_id=contact_id)),
        ask(GetPromise(contact_id=contact_id)),
        asyncio.gather(
            ask(GetOffer(contact_id=contact_id, session=others)),
            edge.transact(lambda tx: store.passed_on(tx, contact_id)),
        ),
    )
    said = await messages(edge, viewer, conversation, after=after)
    area = edge.areas.get(contact.area) if contact else None
    case = Case(
        contact_id=contact_id,
        contact=contact,
        conversation=conversation,
        messages=said,
        times=times,
        invitations=invitations.invitations if invitations else (),
        promise=promise,
        passed_on=passed_on,
        where=elsewhere(contact, area, language) if contact and area else None,
        trouble=trouble or (await trouble_text(edge, viewer, contact.trouble, language) if contact else ""),
        missing=bool(lacks),
    )
    case = await _with_earlier(edge, viewer, case, offer, language)
    case = await _with_falls(edge, viewer, await _with_referral(edge, case, session), language)
    return await _with_opening(edge, case)


async def _with_earlier(edge: Edge, viewer: Viewer, case: Case, offer: OfferView | None, language: Language) -> Case:
    async def named(brief: CaseInBrief | None) -> Earlier | None:
        if brief is None:
            return None
        trouble = await trouble_text(edge, viewer, brief.trouble, language)
        return Earlier(brief.case_id, trouble, local_date(brief.begun_at))

    if offer is None:
        return case
    return replace(case, offered=await named(offer.offered), continued=await named(offer.continued))


async def _with_referral(edge: Edge, case: Case, session: Collection[UUID]) -> Case:
    """Whom a professional has sent is led to choose a time, until there is one; not in a matter of somebody else's."""
    if case.contact and case.contact.on_behalf:
        return case
    others = [one for one in session if one != case.contact_id]
    for contact_id in await edge.transact(lambda tx: sessions.sent(tx, others)) if others else ():
        try:
            times = await edge.read(GetTimes(contact_id=contact_id), viewer=Viewer(role=Role.CLIENT, id=contact_id))
        except Refused:
            continue
        if times.visit is None:
            return replace(case, sent=contact_id)
    return case


async def _with_falls(edge: Edge, viewer: Viewer, case: Case, language: Language) -> Case:
    """Whose age is known is asked about falls at 70 and 75."""
    if not (case.contact and case.contact.identified):
        return case
    try:
        falls = await edge.read(GetFallPathway(contact_id=viewer.id, language=language), viewer=viewer)
    except Refused:
        return case
    return replace(case, fall_form=asked_now(falls, today=local_date(edge.clock())))


def asked_now(falls: FallPathwayView, *, today: date) -> FallForm | None:
    """The fall screen to fill in now: of the person's age, not filled in yet or due again."""
    return None if falls.review_on and falls.review_on > today else falls.form


async def messages(
    edge: Edge, viewer: Viewer, conversation: ConversationView | None, *, after: int
) -> tuple[MessageView, ...]:
    """What was said after a sequence; asked only when there is something: a therapist's read is audited."""
    if conversation is None:
        return ()
    said: list[MessageView] = []
    try:
        while after < conversation.last_sequence:
            page = await edge.read(GetMessages(contact_id=conversation.contact_id, after=after), viewer=viewer)
            said += page.messages
            if not page.more or not page.messages:
                break
            after = page.messages[-1].sequence
    except Refused:
        return tuple(said)
    return tuple(said)


async def trouble_text(edge: Edge, viewer: Viewer, code: str, language: Language) -> str:
    """A trouble in plain words; empty when intake does not answer or the word has gone out of use.

    A referral tells a group of troubles, of which not every one is a trouble that a resident can choose.
    """
    if code == TroubleGroup.JOINT:
        return words(language)(f"reason.{code}")
    try:
        asked = await edge.read(GetQuestionnaire(language=language), viewer=viewer)
    except Refused:
        return ""
    return next((one.text for one in asked.troubles if one.code == code), "")


async def _with_opening(edge: Edge, case: Case) -> Case:
    """Who may leave a message is told when the chat opens next, and of a closing why."""
    area = edge.areas.get(case.contact.area) if case.contact else None
    if case.stage is not Stage.LEAVE_MESSAGE or area is None:
        return case
    channel, doors = await asyncio.gather(channel_of(edge, area.code), doors_of(edge, area.code))
    closed = notice(doors, area, channel).closed.get(Door.CHAT)
    opens_at = closed.opens_at if closed else channel.opens_at if channel else None
    return replace(case, closed=closed, opens_at=opens_at)


def elsewhere(contact: ContactView, area: Area, language: Language) -> Elsewhere | None:
    """Where a contact that is not ours should go, as its county says it.

    Who is in danger is told of that alone, too young or not: nothing may stand beside the number to ring. Who went on
    past a warning is told the same once more.
    """
    if contact.state is not ContactState.DECLINED and contact.route is not Route.ELSEWHERE and not contact.alert:
        return None
    outcome = TriageOutcome(contact.alert) if contact.alert else contact.outcome
    severity = _SEVERITY.get(outcome, "later") if outcome else "later"
    said = (outcome, contact.declined, *contact.reasons) if severity == "later" else (outcome,)
    texts = tuple(area.elsewhere[code].of(language) for code in said if code in area.elsewhere)
    return Elsewhere(texts, severity, area.emergency_number, area.helpline)
