"""Callbacks: calls that chat has promised, when they are due, and what becomes of them. Answered by chat."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.base import (
    AreaCode,
    Ask,
    Event,
    Id,
    Instant,
    Language,
    Message,
    MunicipalityCode,
    View,
    command,
    event,
    query,
)
from contracts.chat import MESSAGE_MAX
from contracts.portal import _CONTACT, Needs, PromiseKind

_THERAPIST = Id("9a3d5c10-77a4-4c8b-9d41-2f9a5a0c1e01")
_CALLBACK = Id("0d0fbb1c-52e5-4f59-8c8f-62a0a3a2b0f1")


class LeftMessage(Message):
    """What is sealed in `CallbackRequested.message`, its number checked by the front end. Only chat opens it."""

    phone: Annotated[str, StringConstraints(min_length=3, max_length=32, strip_whitespace=True)]
    words: Annotated[str, StringConstraints(max_length=MESSAGE_MAX, strip_whitespace=True)] = ""


class CallbackState(StrEnum):
    """Life of a callback."""

    PROMISED = "promised"
    KEPT = "kept"
    LIFTED = "lifted"
    """The unit does not take the person after all: nobody calls."""


class CallOutcome(StrEnum):
    """How a call went."""

    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    REACHED = "reached"


@event(
    owner="chat",
    version=1,
    about="callback_id",
    external="the health-station chat and the county's switchboard: what has been promised",
)
class CallbackPromised(Event):
    """A left message has a due date.

    Sent: once per callback, when the message has been taken in.
    Source: rules 14-16.
    """

    callback_id: Id
    contact_id: Id
    kind: PromiseKind
    due_on: date
    """Last day of the promise, Europe/Helsinki."""
    promised_at: Instant


CallbackPromised.example = CallbackPromised.shown(
    callback_id=_CALLBACK, contact_id=_CONTACT, kind="advice", due_on="2026-12-01", promised_at="2026-11-24T18:20:01Z"
)


@event(owner="chat", version=1, about="callback_id", external="the unit lead's reports: calls that nobody answered")
class CallbackAttempted(Event):
    """A therapist called and did not reach the person; the promise stands.

    Sent: after each call that did not reach the person.
    """

    callback_id: Id
    contact_id: Id
    therapist_id: Id
    outcome: CallOutcome
    attempt: Annotated[int, Field(ge=1)]
    """Which call this was, 1 = first."""
    attempted_at: Instant


CallbackAttempted.example = CallbackAttempted.shown(
    callback_id=_CALLBACK, contact_id=_CONTACT, therapist_id=_THERAPIST, outcome="no_answer", attempt=1,
    attempted_at="2026-11-25T07:10:00Z",
)  # fmt: skip


@event(owner="chat", version=1, about="callback_id")
class CallbackKept(Event):
    """The person was reached: the promise is kept.

    Sent: once per callback, when a therapist has recorded the call or has agreed a time with the person.
    """

    callback_id: Id
    contact_id: Id
    therapist_id: Id
    language: Language
    on_time: bool
    """Reached on the promised day or before."""
    attempts: Annotated[int, Field(ge=1)]
    """Calls made, the last one included."""
    kept_at: Instant


CallbackKept.example = CallbackKept.shown(
    callback_id=_CALLBACK, contact_id=_CONTACT, therapist_id=_THERAPIST, language="fi", on_time=True, attempts=2,
    kept_at="2026-11-25T12:40:00Z",
)  # fmt: skip


@event(
    owner="chat",
    version=1,
    about="callback_id",
    external="the health-station chat and the county's switchboard: what is promised no more",
)
class CallbackLifted(Event):
    """Nobody calls after all: the unit does not take the person, who has been told where to turn.

    Sent: once per callback that was promised and not kept, when its contact is declined or its referral returned.
    """

    callback_id: Id
    contact_id: Id
    lifted_at: Instant


CallbackLifted.example = CallbackLifted.shown(
    callback_id=_CALLBACK, contact_id=_CONTACT, lifted_at="2026-11-25T08:00:00Z"
)


class CallbackView(Needs):
    """A promised call, with what the caller needs. With an alert, a warning the person went on from, it is first."""

    callback_id: Id
    contact_id: Id
    area: AreaCode
    municipality: MunicipalityCode
    language: Language
    kind: PromiseKind
    state: CallbackState
    due_on: date
    late: bool
    phone: str
    """Empty under non-disclosure: GetCallNumber tells it."""
    words: str
    attempts: int
    requested_at: Instant
    kept_at: Instant | None


class CallbacksView(View):
    """Promised calls, most urgent first."""

    callbacks: tuple[CallbackView, ...]


@query(owner="chat", version=1)
class GetCallbacks(Ask[CallbacksView]):
    """The callback list of the viewer's areas; every read is audited. Therapists only: `not-yours`."""

    include_kept: bool = False


class PromiseView(View):
    """What a person who left a message was promised."""

    callback_id: Id
    kind: PromiseKind
    state: CallbackState
    due_on: date


@query(owner="chat", version=1)
class GetPromise(Ask[PromiseView]):
    """A contact's promised call. Refused: `unknown-callback` (none yet, or not yours)."""

    contact_id: Id


@command(owner="chat", version=1)
class RecordCall(Ask[CallbackView]):
    """Reached keeps the promise, else an attempt. Refused: `callback-kept`, `licence-needed`, `unknown-callback`."""

    callback_id: Id
    outcome: CallOutcome
