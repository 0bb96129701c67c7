"""Effects of facts on the chat."""

from __future__ import annotations

from uuid import UUID, uuid4

from pydantic import ValidationError

from chassis import Handlers, Transaction, Unprocessable
from contracts.areas import Area, Areas, UnknownArea
from contracts.callbacks import CallbackLifted, CallbackPromised, CallbackState, LeftMessage
from contracts.chat import ConversationQueued, ConversationState
from contracts.due import DueKind, DueTimeSet
from contracts.intake import ContactDeclined, ContactRouted, Route
from contracts.non_disclosure import NonDisclosureChanged
from contracts.portal import CallbackRequested, EarlierTextDecided, IdentityVerified, PromiseKind
from contracts.referrals import ReferralReceived
from contracts.scheduling import VisitBooked
from services.chat import domain, store
from services.chat.answers import hint_queue_moved, tell_ended, tell_kept
from services.chat.models import Callback, Conversation
from services.chat.settings import ChatSettings

on = Handlers()


@on(ContactRouted)
def queue_conversation(fact: ContactRouted, tx: Transaction, areas: Areas, settings: ChatSettings) -> None:
    """A contact routed to chat waits in its channel's queue, once; of any other what a call needs is remembered."""
    store.remember_route(
        tx,
        fact.contact_id,
        fact.language,
        alert=fact.alert,
        on_behalf=fact.on_behalf,
        interpreter=fact.interpreter,
    )
    if fact.route is not Route.CHAT or (contact := store.known(tx, fact.contact_id)).declined_at:
        return
    conversation = Conversation(
        conversation_id=uuid4(),
        channel=_area(areas, fact.area).chat.code,
        state=ConversationState.QUEUED,
        queued_at=tx.now,
        municipality=domain.home(fact.municipality, non_disclosure=contact.non_disclosure),
        **fact.model_dump(include={"contact_id", "area", "language", "trouble", "alert"}),
    )
    if store.queue(tx, conversation):
        _tell_queued(tx, store.conversation(tx, fact.contact_id), settings)


def _tell_queued(tx: Transaction, seen: store.Seen, settings: ChatSettings) -> None:
    joined = seen.conversation
    tx.publish(ConversationQueued.model_validate({**joined.model_dump(), "position": seen.position}))
    tx.hint(contact=joined.contact_id, area=joined.area)
    for contact_id in store.behind(tx, joined, settings.desk_rows) if joined.alert else ():
        tx.hint(contact=contact_id)


@on(ContactDeclined)
def leave_queue(fact: ContactDeclined, tx: Transaction, areas: Areas, settings: ChatSettings) -> None:
    """Who waits and is declined leaves the queue, or is called no more.

    A talk that has begun is the therapist's to end, with a good word.
    """
    store.remember_declined(tx, fact.contact_id, fact.declined_at)
    waiting = store.still_queued(tx, fact.contact_id)
    left = store.change(tx, waiting, state=ConversationState.ABANDONED, ended_at=tx.now) if waiting else None
    if left:
        tell_ended(tx, store.conversation(tx, fact.contact_id), areas)
        hint_queue_moved(tx, left, settings)
    _lift_call(tx, fact.contact_id)
    tx.hint(contact=fact.contact_id, area=fact.area)


def _lift_call(tx: Transaction, contact_id: UUID) -> None:
    lifted = store.lift_promise(tx, contact_id)
    if lifted:
        tx.publish(CallbackLifted.model_validate({**lifted.model_dump(), "lifted_at": tx.now}))


@on(IdentityVerified)
def mark_identified(fact: IdentityVerified, tx: Transaction) -> None:
    """The contact is identified, now and in a conversation it may have later.

    Needs no conversation: it is stored by contact, so the order of this fact and of ContactRouted does not matter, and
    a contact that never chats waits for nothing.
    """
    # A clock that is ahead of ours must not put what is said from now on before the identification.
    store.remember_identity(tx, fact.contact_id, min(fact.verified_at, tx.now))
    tx.hint(contact=fact.contact_id, area=fact.area)


@on(EarlierTextDecided)
def remember_decision(fact: EarlierTextDecided, tx: Transaction) -> None:
    """What the person says of the text from before identifying, in whatever order it is heard."""
    store.remember_decision(tx, fact)
    tx.hint(contact=fact.contact_id, area=fact.area)


@on(CallbackRequested)
def promise_call(fact: CallbackRequested, tx: Transaction, areas: Areas) -> None:
    """A left message gets a due day, counted from when it was sent; one before the call keeps the first promise."""
    callback = Callback(
        state=CallbackState.PROMISED,
        due_on=domain.callback_due(fact.kind, fact.requested_at, _area(areas, fact.area)),
        **_opened(fact.message, tx).model_dump(),
        **fact.model_dump(exclude={"message"}),
    )
    _promise(tx, callback)


@on(ReferralReceived)
def promise_call_to_referred(fact: ReferralReceived, tx: Transaction, areas: Areas) -> None:
    """Whom a professional has sent to be called is assessed the same office day; others choose a time themselves."""
    if fact.call is None:
        return
    store.remember_route(tx, fact.contact_id, fact.language)
    callback = Callback(
        callback_id=fact.referral_id,
        kind=PromiseKind.ASSESSMENT,
        state=CallbackState.PROMISED,
        due_on=domain.callback_due(PromiseKind.ASSESSMENT, fact.received_at, _area(areas, fact.area)),
        requested_at=fact.received_at,
        **_opened(fact.call, tx).model_dump(),
        **fact.model_dump(include={"contact_id", "area", "municipality"}),
    )
    _promise(tx, callback)


def _promise(tx: Transaction, callback: Callback) -> None:
    store.hold(tx, callback.contact_id)
    contact = store.known(tx, callback.contact_id)
    callback.municipality = domain.home(callback.municipality, non_disclosure=contact.non_disclosure)
    if store.promise(tx, callback):
        tx.publish(CallbackPromised.model_validate({**callback.model_dump(), "promised_at": tx.now}))
    if contact.declined_at:
        _lift_call(tx, callback.contact_id)
    tx.hint(contact=callback.contact_id, area=callback.area)


@on(VisitBooked)
def agree_a_time(fact: VisitBooked, tx: Transaction, areas: Areas) -> None:
    """With whom a therapist has agreed a time has been reached: a promised call is kept by it."""
    kept = store.keep_promise(tx, fact.contact_id, fact.booked_at) if fact.booked_by else None
    if kept and fact.booked_by:
        tell_kept(tx, kept, areas, therapist_id=fact.booked_by, language=fact.language)
        tx.hint(contact=fact.contact_id, area=fact.area)


@on(NonDisclosureChanged)
def conceal(fact: NonDisclosureChanged, tx: Transaction) -> None:
    """Where somebody under non-disclosure lives is forgotten, in whatever order it is heard (rule 9)."""
    version = tx.fact.version if tx.fact else 1
    store.remember_non_disclosure(tx, fact.contact_id, in_force=fact.in_force, version=version)
    tx.hint(contact=fact.contact_id, area=fact.area)


@on(DueTimeSet)
def move_promise(fact: DueTimeSet, tx: Transaction) -> None:
    """A promised call is due when intake says: sooner by what the person answered, or as a professional corrects it."""
    if fact.kind is DueKind.TREATMENT or tx.fact is None:
        return
    kind = PromiseKind(fact.kind.value)
    if store.move_promise(tx, fact.due_id, kind=kind, due_on=fact.due_on, version=tx.fact.version):
        tx.hint(contact=fact.contact_id, area=fact.area)


def _opened(sealed: str, tx: Transaction) -> LeftMessage:
    try:
        return LeftMessage.model_validate(tx.unseal(sealed))
    except ValidationError:
        # From None: pydantic's text would show the person's words.
        raise Unprocessable("bad-message", "the sealed message does not fit LeftMessage") from None


def _area(areas: Areas, code: str) -> Area:
    try:
        return areas.area(code)
    except UnknownArea:
        raise Unprocessable("unknown-area", f"no file describes area {code}") from None
