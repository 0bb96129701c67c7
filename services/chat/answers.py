"""Answers to commands and queries of the chat.

A command decides on what it has read and changes it on that condition; when somebody was faster it decides again.
That ends: states only move forward.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis import Answers, Refused, Role, Transaction
from chassis.calendar import local_date
from contracts.areas import Areas, UnknownArea
from contracts.base import Language
from contracts.callbacks import (
    CallbackAttempted,
    CallbackKept,
    CallbacksView,
    CallbackView,
    CallOutcome,
    GetCallbacks,
    GetPromise,
    PromiseView,
    RecordCall,
)
from contracts.chat import (
    AcceptConversation,
    ChannelView,
    ConversationAbandoned,
    ConversationAccepted,
    ConversationEnded,
    ConversationState,
    ConversationView,
    EndConversation,
    GetChannel,
    GetConversation,
    GetMessages,
    GetQueue,
    IdentityRequested,
    MessagesView,
    MessageView,
    PostMessage,
    QueueView,
    RequestIdentity,
    Speaker,
)
from contracts.non_disclosure import CallNumberView, GetCallNumber
from contracts.public import CallbackCounted, ConversationCounted, ConversationEnding
from services.chat import domain, store
from services.chat.models import Callback, Contact, Conversation, Message
from services.chat.settings import ChatSettings

LANGUAGE_UNTIL_KNOWN = Language.FI
"""Shown for a promised call whose contact's routing has not come yet: the majority language of both counties."""

answers = Answers()


@answers(GetChannel)
def channel(ask: GetChannel, tx: Transaction, areas: Areas) -> ChannelView:
    try:
        return domain.channel_at(areas.area(ask.area), tx.now)
    except UnknownArea:
        raise Refused("unknown-area", f"no file describes area {ask.area}") from None


@answers(GetConversation)
def conversation(ask: GetConversation, tx: Transaction) -> ConversationView:
    return _view(tx, store.conversation(tx, ask.contact_id))


@answers(GetMessages)
def messages(ask: GetMessages, tx: Transaction, settings: ChatSettings) -> MessagesView:
    """What was said, as much as fits into one answer. A therapist's read is audited."""
    seen = store.conversation(tx, ask.contact_id)
    if tx.viewer.role is Role.STAFF:
        tx.audit("read", whom=ask.contact_id, what="messages")
    said = store.messages(tx, seen.conversation.conversation_id, ask.after)
    views = (_message_view(message, seen) for message in said[: store.MESSAGES_READ])
    shown = tuple(domain.fitting(views, settings.messages_bytes))
    return MessagesView(messages=shown, more=len(shown) < len(said))


@answers(GetQueue)
def queue(ask: GetQueue, tx: Transaction, settings: ChatSettings) -> QueueView:
    tx.viewer.must_be_staff()
    waiting = store.waiting(tx, settings.desk_rows)
    mine = store.mine(tx, settings.desk_rows)
    return QueueView(waiting=tuple(_view(tx, one) for one in waiting), mine=tuple(_view(tx, one) for one in mine))


@answers(GetCallbacks)
def callbacks(ask: GetCallbacks, tx: Transaction, settings: ChatSettings) -> CallbacksView:
    """Promised calls and, when asked for, those made after them. One audit row per person shown."""
    tx.viewer.must_be_staff()
    calls = store.calls_promised(tx, settings.desk_rows)
    if ask.include_kept:
        calls += store.calls_kept(tx, settings.desk_rows)
    for call in calls:
        tx.audit("read", whom=call.callback.contact_id, what="callback list")
    return CallbacksView(callbacks=tuple(_callback_view(tx, call) for call in calls))


@answers(GetCallNumber)
def call_number(ask: GetCallNumber, tx: Transaction) -> CallNumberView:
    """For therapists of the area alone."""
    tx.viewer.must_be_staff()
    found = store.promised_to(tx, ask.contact_id)
    tx.audit("read", whom=ask.contact_id, what="call number")
    return CallNumberView(contact_id=ask.contact_id, phone=found.phone)


@answers(GetPromise)
def promise(ask: GetPromise, tx: Transaction) -> PromiseView:
    return PromiseView.model_validate(store.promised_to(tx, ask.contact_id).model_dump())


@answers(AcceptConversation)
def accept(ask: AcceptConversation, tx: Transaction, settings: ChatSettings) -> ConversationView:
    seen = store.to_accept(tx, ask.conversation_id)
    tx.viewer.must_be_licensed()  # the talk is the assessment (rule 13)
    waited = seen.conversation
    if not domain.accepts(waited.state, holder=waited.therapist_id, by=tx.viewer.id):
        return _view(tx, seen)
    therapist = {"therapist_id": tx.viewer.id, "therapist_name": ask.therapist_name}
    taken = store.change(tx, waited, state=ConversationState.OPEN, accepted_at=tx.now, **therapist)
    if taken is None:
        return accept(ask, tx, settings)
    waited_seconds = domain.seconds_between(taken.queued_at, tx.now)
    tx.publish(ConversationAccepted.model_validate({**taken.model_dump(), "waited_seconds": waited_seconds}))
    hint_queue_moved(tx, taken, settings)
    return _view(tx, store.conversation(tx, taken.contact_id))


@answers(PostMessage)
def post(ask: PostMessage, tx: Transaction) -> MessageView:
    """Say something. The message's place is given by the row that is updated, so it is the same for both sides."""
    seen = store.as_side(tx, ask.contact_id)
    found = seen.conversation
    domain.must_be_open(found.state)
    message = Message(
        conversation_id=found.conversation_id,
        sequence=0,
        speaker=_speaker(tx),
        name=(found.therapist_name or "") if _speaker(tx) is Speaker.THERAPIST else "",
        words=ask.words,
        sent_at=tx.now,
    )
    if not store.say(tx, found, message):
        return post(ask, tx)
    tx.hint(contact=found.contact_id, area=found.area)
    return _message_view(message, seen)


@answers(RequestIdentity)
def request_identity(ask: RequestIdentity, tx: Transaction) -> ConversationView:
    """Ask the person to identify, once; nothing is asked of somebody who has done so already."""
    found = store.as_therapist(tx, ask.contact_id)
    domain.must_be_open(found.conversation.state)
    domain.must_be_the_client(found.contact.on_behalf if found.contact else None)
    if found.identified or found.conversation.identity_requested_at:
        return _view(tx, found)
    asked = store.change(tx, found.conversation, identity_requested_at=tx.now)
    if asked is None:
        return request_identity(ask, tx)
    tx.publish(IdentityRequested.model_validate({**asked.model_dump(), "requested_at": tx.now}))
    tx.hint(contact=asked.contact_id, area=asked.area)
    return _view(tx, store.conversation(tx, asked.contact_id))


@answers(EndConversation)
def end(ask: EndConversation, tx: Transaction, areas: Areas, settings: ChatSettings) -> ConversationView:
    """End an open conversation; who still waits leaves the queue by it."""
    found = store.as_side(tx, ask.contact_id).conversation
    if tx.viewer.role is Role.STAFF:
        tx.viewer.must_be_licensed()
    ended = store.change(tx, found, state=domain.end(found.state), ended_at=tx.now)
    if ended is None:
        return end(ask, tx, areas, settings)
    seen = store.conversation(tx, ended.contact_id)
    tell_ended(tx, seen, areas)
    hint_queue_moved(tx, ended, settings)
    return _view(tx, seen)


def tell_ended(tx: Transaction, seen: store.Seen, areas: Areas) -> None:
    """ConversationEnded for what a therapist had taken, ConversationAbandoned for what nobody had; counted as well."""
    over = seen.conversation
    waited_seconds = domain.seconds_between(over.queued_at, over.accepted_at or tx.now)
    common = {**over.model_dump(), "waited_seconds": waited_seconds}
    ending = ConversationEnding.LEFT if over.accepted_at is None else ConversationEnding.MET
    waited = domain.wait_band(waited_seconds)
    tx.publish(ConversationCounted(**_counted(tx, over, areas), ending=ending, waited=waited))
    if over.accepted_at is None:
        tx.publish(ConversationAbandoned.model_validate({**common, "abandoned_at": tx.now}))
        return
    about_talk = {
        "identified": seen.identified,
        "talk_seconds": domain.seconds_between(over.accepted_at, tx.now),
        "messages": over.last_sequence,
        "ended_by": _speaker(tx),
    }
    tx.publish(ConversationEnded.model_validate({**common, **about_talk}))


@answers(RecordCall)
def record_call(ask: RecordCall, tx: Transaction, areas: Areas) -> CallbackView:
    """A call was made. Reached keeps the promise, anything else counts as an attempt."""
    before, contact = store.call(tx, ask.callback_id)
    domain.must_be_promised(before.state)
    if ask.outcome is CallOutcome.REACHED:
        tx.viewer.must_be_licensed()  # the call is the assessment (rule 13)
    after = store.count_call(tx, ask.callback_id, kept_at=tx.now if ask.outcome is CallOutcome.REACHED else None)
    if after is None:
        return record_call(ask, tx, areas)
    call = store.Call(after, contact)
    _tell_called(tx, call, ask.outcome, areas)
    tx.audit("change", whom=after.contact_id, what="callback")
    tx.hint(contact=after.contact_id, area=after.area)
    return _callback_view(tx, call)


def _tell_called(tx: Transaction, call: store.Call, outcome: CallOutcome, areas: Areas) -> None:
    callback = call.callback
    if callback.kept_at is not None:
        tell_kept(tx, callback, areas, therapist_id=tx.viewer.id, language=_language(call))
        return
    about_try = {"outcome": outcome, "attempt": callback.attempts, "attempted_at": tx.now}
    told = {**callback.model_dump(), "therapist_id": tx.viewer.id, **about_try}
    tx.publish(CallbackAttempted.model_validate(told))


def tell_kept(tx: Transaction, callback: Callback, areas: Areas, *, therapist_id: UUID, language: Language) -> None:
    """The person was reached by a therapist: for whoever goes on with it, and counted."""
    on_time = callback.kept_at is not None and domain.is_on_time(callback.kept_at, callback.due_on)
    told = {"therapist_id": therapist_id, "language": language, "on_time": on_time}
    tx.publish(CallbackKept.model_validate({**callback.model_dump(), **told}))
    tx.publish(CallbackCounted(**_counted(tx, callback, areas), on_time=on_time))


def _counted(tx: Transaction, about: Conversation | Callback, areas: Areas) -> dict[str, Any]:
    """Where and when something is counted in public."""
    return {
        "area": about.area,
        "municipality": areas.counted(about.area, about.municipality),
        "day": local_date(tx.now),
    }


def _speaker(tx: Transaction) -> Speaker:
    return Speaker.RESIDENT if tx.viewer.role is Role.CLIENT else Speaker.THERAPIST


def _language(call: store.Call) -> Language:
    return (call.contact and call.contact.language) or LANGUAGE_UNTIL_KNOWN


def hint_queue_moved(tx: Transaction, left: Conversation, settings: ChatSettings) -> None:
    """A conversation has left the queue or its end: its own page, the desk, and everybody who moves up."""
    tx.hint(contact=left.contact_id, area=left.area)
    for contact_id in store.behind(tx, left, settings.desk_rows):
        tx.hint(contact=contact_id)


def _view(tx: Transaction, seen: store.Seen) -> ConversationView:
    found = seen.conversation
    earlier = domain.earlier_text(wrote=seen.wrote_before, accepted=seen.agreed) if seen.identified else None
    beside = _needs(tx, seen.contact) | {
        "position": seen.position,
        "identity_requested": found.identity_requested_at is not None,
        "identified": seen.identified,
        "identified_at": seen.identified_at,
        "earlier_text": earlier,
    }
    return ConversationView.model_validate({**found.model_dump(), **beside})


def _message_view(message: Message, seen: store.Seen) -> MessageView:
    kept = domain.in_record(message.sent_at, identified_at=seen.identified_at, accepted=seen.agreed)
    return MessageView.model_validate({**message.model_dump(), "in_record": kept})


def _callback_view(tx: Transaction, call: store.Call) -> CallbackView:
    callback = call.callback
    late = not domain.is_on_time(callback.kept_at or tx.now, callback.due_on)
    beside = _needs(tx, call.contact) | {
        "language": _language(call),
        "alert": call.contact and call.contact.alert,
        "late": late,
    }
    concealed = {"phone": ""} if beside["non_disclosure"] else {}
    return CallbackView.model_validate({**callback.model_dump(), **beside, **concealed})


def _needs(tx: Transaction, contact: Contact | None) -> dict[str, Any]:
    """What whoever meets a contact must know, beside a warning. No page of a resident tells of non-disclosure."""
    told = {name: contact and getattr(contact, name) for name in ("on_behalf", "interpreter")}
    return told | {"non_disclosure": tx.viewer.role is Role.STAFF and contact is not None and contact.non_disclosure}
