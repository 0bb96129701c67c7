"""Chat: queues and conversations. The words of a conversation stay here, read by query."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.base import (
    AreaCode,
    Ask,
    Code,
    Event,
    Id,
    Instant,
    Language,
    MunicipalityCode,
    View,
    command,
    event,
    query,
)
from contracts.portal import _CONTACT, EarlierText, Needs

_CONVERSATION = Id("b7b1a3f2-6d0b-4f35-8d8e-6c2f0b9d7a10")
_THERAPIST = Id("9a3d5c10-77a4-4c8b-9d41-2f9a5a0c1e01")

MESSAGE_MAX = 2000
"""Longest message, characters."""

Words = Annotated[str, StringConstraints(min_length=1, max_length=MESSAGE_MAX, strip_whitespace=True)]
"""What a person writes. Only in commands, queries and views: never in an event."""

FirstName = Annotated[str, StringConstraints(min_length=1, max_length=80)]
"""How a therapist is called in the chat."""


class ConversationState(StrEnum):
    """Life of a conversation."""

    QUEUED = "queued"
    OPEN = "open"
    ENDED = "ended"
    ABANDONED = "abandoned"


class Speaker(StrEnum):
    """Who wrote a message."""

    RESIDENT = "resident"
    THERAPIST = "therapist"


@event(owner="chat", version=1, about="conversation_id", external="the health-station chat: how busy the queue is")
class ConversationQueued(Event):
    """A contact waits in its channel's queue for a therapist.

    Sent: once per conversation, when the contact has joined the queue.
    """

    conversation_id: Id
    contact_id: Id
    channel: Code
    """Chat channel of the area."""
    position: Annotated[int, Field(ge=1)]
    """Place in the queue at the time of joining, 1 = next."""
    queued_at: Instant


ConversationQueued.example = ConversationQueued.shown(
    conversation_id=_CONVERSATION, contact_id=_CONTACT, channel="physiotherapy", position=1,
    queued_at="2026-11-24T08:01:01Z",
)  # fmt: skip


@event(owner="chat", version=1, about="conversation_id", external="the unit lead's reports: pick-up time")
class ConversationAccepted(Event):
    """A therapist has taken a waiting conversation.

    Sent: once per conversation, by whoever was first.
    """

    conversation_id: Id
    contact_id: Id
    therapist_id: Id
    waited_seconds: Annotated[int, Field(ge=0)]
    """From queued to accepted."""
    accepted_at: Instant


ConversationAccepted.example = ConversationAccepted.shown(
    conversation_id=_CONVERSATION, contact_id=_CONTACT, therapist_id=_THERAPIST, waited_seconds=33,
    accepted_at="2026-11-24T08:01:34Z",
)  # fmt: skip


@event(owner="chat", version=1, about="conversation_id", external="the unit lead's reports: who was asked to identify")
class IdentityRequested(Event):
    """A therapist asked the person to identify: a time or personal guidance needs it.

    Sent: when a therapist asks; asking again tells nothing new.
    """

    conversation_id: Id
    contact_id: Id
    therapist_id: Id
    requested_at: Instant


IdentityRequested.example = IdentityRequested.shown(
    conversation_id=_CONVERSATION, contact_id=_CONTACT, therapist_id=_THERAPIST, requested_at="2026-11-24T08:08:00Z"
)


@event(owner="chat", version=1, about="conversation_id")
class ConversationEnded(Event):
    """A conversation that a therapist had taken is over.

    Sent: once per conversation, when either side has ended it.
    """

    conversation_id: Id
    contact_id: Id
    therapist_id: Id
    language: Language
    channel: Code
    """Chat channel of the area."""
    identified: bool
    """The person was strongly identified before the end."""
    waited_seconds: Annotated[int, Field(ge=0)]
    """From queued to accepted."""
    talk_seconds: Annotated[int, Field(ge=0)]
    """From accepted to ended."""
    messages: Annotated[int, Field(ge=0)]
    """How many were said, both sides together."""
    ended_by: Speaker
    """Who ended it."""
    ended_at: Instant


ConversationEnded.example = ConversationEnded.shown(
    conversation_id=_CONVERSATION, contact_id=_CONTACT, therapist_id=_THERAPIST, language="fi", channel="physiotherapy",
    identified=True, waited_seconds=33, talk_seconds=1234, messages=24, ended_by="therapist",
    ended_at="2026-11-24T08:22:08Z",
)  # fmt: skip


@event(owner="chat", version=1, about="conversation_id", external="the unit lead's reports: who left before being met")
class ConversationAbandoned(Event):
    """The person left the queue before a therapist came, or was declined while waiting.

    Sent: once per conversation, instead of ConversationEnded.
    """

    conversation_id: Id
    contact_id: Id
    waited_seconds: Annotated[int, Field(ge=0)]
    """From queued to left."""
    abandoned_at: Instant


ConversationAbandoned.example = ConversationAbandoned.shown(
    conversation_id=_CONVERSATION, contact_id=_CONTACT, waited_seconds=140, abandoned_at="2026-11-24T08:03:21Z"
)


class ChannelView(View):
    """Whether an area's chat is open, and when it opens next."""

    area: AreaCode
    channel: Code
    open: bool
    closes_at: Instant | None
    opens_at: Instant | None
    """Next opening when closed."""
    hours: tuple[tuple[int, str, str], ...]
    """Opening periods: ISO weekday 1-7, from, to (HH:MM, Europe/Helsinki)."""
    practice: bool


@query(owner="chat", version=1)
class GetChannel(Ask[ChannelView]):
    """The chat channel of an area. Refused: `unknown-area`."""

    area: AreaCode


class MessageView(View):
    """One message, with its place in the conversation."""

    sequence: int
    """1, 2, 3 …: given in the owner's transaction, the same for everybody."""
    speaker: Speaker
    name: str
    """The therapist's first name; empty for the resident."""
    words: str
    sent_at: Instant
    in_record: bool = False
    """Whether it belongs to the patient record: as `ConversationView.earlier_text` says."""


class ConversationView(Needs):
    """A conversation as one of its two sides sees it. With an alert, a warning the person went on from, it is first."""

    conversation_id: Id
    contact_id: Id
    area: AreaCode
    municipality: MunicipalityCode
    language: Language
    trouble: Code
    channel: Code
    state: ConversationState
    position: int | None
    """Place in the queue now, 1 = next; None when not queued."""
    therapist_id: Id | None
    therapist_name: str | None
    identity_requested: bool
    identified: bool
    identified_at: Instant | None = None
    """From then on what is said belongs to the patient record."""
    earlier_text: EarlierText | None = None
    """What becomes of the text from before; None while nobody has identified."""
    queued_at: Instant
    accepted_at: Instant | None
    ended_at: Instant | None
    last_sequence: int


@query(owner="chat", version=1)
class GetConversation(Ask[ConversationView]):
    """A contact's conversation. Refused: `unknown-conversation` (none, or not yours)."""

    contact_id: Id


class MessagesView(View):
    """Messages after a sequence, in order; `more` when the answer was getting too long for the bus: ask on."""

    messages: tuple[MessageView, ...]
    more: bool = False


@query(owner="chat", version=1)
class GetMessages(Ask[MessagesView]):
    """What was said after `after` in a contact's conversation (0 = all). Refused: `unknown-conversation`."""

    contact_id: Id
    after: Annotated[int, Field(ge=0)] = 0


class QueueView(View):
    """A therapist's desk: who waits, and which conversations are theirs."""

    waiting: tuple[ConversationView, ...]
    mine: tuple[ConversationView, ...]


@query(owner="chat", version=1)
class GetQueue(Ask[QueueView]):
    """The queue of the viewer's areas. Therapists only: `not-yours`."""


@command(owner="chat", version=1)
class AcceptConversation(Ask[ConversationView]):
    """Take it. Refused: `already-accepted`, `conversation-closed`, `licence-needed`, `unknown-conversation`."""

    conversation_id: Id
    therapist_name: FirstName


@command(owner="chat", version=1)
class PostMessage(Ask[MessageView]):
    """Say something. Refused: `conversation-closed`, `not-yet-accepted`, `unknown-conversation`."""

    contact_id: Id
    words: Words


@command(owner="chat", version=1)
class RequestIdentity(Ask[ConversationView]):
    """Ask the person to identify. Refused: `acting-for`, `conversation-closed`, `unknown-conversation`."""

    contact_id: Id


@command(owner="chat", version=1)
class EndConversation(Ask[ConversationView]):
    """End it, or leave the queue. Refused: `conversation-closed`, `licence-needed` (staff), `unknown-conversation`."""

    contact_id: Id
