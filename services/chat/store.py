"""Every statement of the chat service.

A change is one UPDATE that names the state it was decided on. When another process was faster it finds no row, and the
caller decides again on what is true now; so it holds on every database, whatever locks it takes. Not yours = not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, not_, or_, tuple_, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.sql.expression import Select

from chassis import Refused, Role, Transaction
from chassis.db import Statement, prepared, upsert
from contracts.base import Language
from contracts.callbacks import CallbackState
from contracts.chat import MESSAGE_MAX, ConversationState, Speaker
from contracts.non_disclosure import CONCEALED
from contracts.portal import EarlierTextDecided, InterpreterLanguage, OnBehalf, PromiseKind, WarningShown
from services.chat.domain import agreed
from services.chat.models import Callback, Contact, Conversation, Message

MESSAGES_READ = 500
"""Most messages in one answer, however short."""

LEFT_MAX = 2 * MESSAGE_MAX
"""Most characters kept of the messages that one promise answers; what is cut ends in an ellipsis."""

_FRESH = {"populate_existing": True}
"""Believe the database, not what this session read before."""


class Seen(NamedTuple):
    """A conversation and what its row does not hold."""

    conversation: Conversation
    position: int | None
    """Place in the queue, 1 = next; None when not queued."""
    contact: Contact | None
    wrote_before: bool
    """Whether the person wrote something before identifying."""

    @property
    def identified_at(self) -> datetime | None:
        """When the client was identified; None when nobody was, or only somebody who acts for them."""
        return self.contact.identified_at if self.contact and not self.contact.on_behalf else None

    @property
    def identified(self) -> bool:
        """Whether the person behind it was identified."""
        return self.identified_at is not None

    @property
    def agreed(self) -> bool | None:
        """What the person has said of the text from before identifying, as far as it counts."""
        if self.contact is None:
            return None
        told, decided_at = self.contact.earlier_accepted, self.contact.earlier_decided_at
        return agreed(told, decided_at=decided_at, identified_at=self.identified_at)


class Call(NamedTuple):
    """A promised call and what is known of its contact; None while the contact's routing has not come yet."""

    callback: Callback
    contact: Contact | None


def remember_route(
    tx: Transaction,
    contact_id: UUID,
    language: Language,
    *,
    alert: WarningShown | None = None,
    on_behalf: OnBehalf | None = None,
    interpreter: InterpreterLanguage | None = None,
) -> None:
    """Store what whoever meets a contact must know of it; what is known already stays."""
    needs = {"alert": alert, "on_behalf": on_behalf, "interpreter": interpreter}
    tx.write(_ROUTE, contact_id=contact_id, language=language, **needs)


def remember_identity(tx: Transaction, contact_id: UUID, at: datetime) -> None:
    """Store that the person behind a contact was identified; the earliest time stays, whichever is heard first."""
    tx.write(_IDENTIFIED, contact_id=contact_id, identified_at=at)


def remember_decision(tx: Transaction, fact: EarlierTextDecided) -> None:
    """Store what a person said of the text from before identifying. Of a yes and a no, from two pages, the no stays."""
    told = {"earlier_accepted": fact.accepted, "earlier_decided_at": fact.decided_at}
    tx.write(_DECIDED, contact_id=fact.contact_id, **told)


def remember_declined(tx: Transaction, contact_id: UUID, at: datetime) -> None:
    """Store that the unit does not take a contact; the first time stays."""
    tx.write(_DECLINED, contact_id=contact_id, declined_at=at)


def hold(tx: Transaction, contact_id: UUID) -> None:
    """Hold what is known of a contact until the commit, if only that there is one."""
    tx.write(_HELD, contact_id=contact_id)


def known(tx: Transaction, contact_id: UUID) -> Contact:
    """What is known of a contact. Asked after its row was written or held, so nothing passes by."""
    return tx.session.exec(select(Contact).where(Contact.contact_id == contact_id), execution_options=_FRESH).one()


def remember_non_disclosure(tx: Transaction, contact_id: UUID, *, in_force: bool, version: int) -> None:
    """Store whether the person behind a contact is under non-disclosure; where they live is forgotten with it."""
    tx.write(_CONCEALED, contact_id=contact_id, non_disclosure=in_force, non_disclosure_version=version)
    if known(tx, contact_id).non_disclosure:
        for table in (Conversation, Callback):
            theirs = col(table.contact_id) == contact_id
            tx.session.connection().execute(update(table).where(theirs).values(municipality=CONCEALED))


def _first_stay(*names: str) -> Statement:
    return prepared(
        Contact,
        lambda insert: insert.on_conflict_do_update(
            index_elements=["contact_id"],
            set_={name: func.coalesce(getattr(Contact, name), insert.excluded[name]) for name in names},
        ),
    )


def _take_the_place(*names: str, where: Callable[[Any], ColumnElement[bool]]) -> Statement:
    return prepared(
        Contact,
        lambda insert: insert.on_conflict_do_update(
            index_elements=["contact_id"],
            set_={name: insert.excluded[name] for name in names},
            where=where(insert.excluded),
        ),
    )


def _goes_before(told: Any) -> ColumnElement[bool]:
    """Whether a decision takes the place of the stored one: a no before a yes, of two alike the later."""
    stored, stored_at = col(Contact.earlier_accepted), col(Contact.earlier_decided_at)
    alike_and_later = and_(stored == told.earlier_accepted, stored_at < told.earlier_decided_at)
    return or_(stored.is_(None), and_(stored.is_(True), not_(told.earlier_accepted)), alike_and_later)


def _is_earlier(told: Any) -> ColumnElement[bool]:
    return or_(col(Contact.identified_at).is_(None), col(Contact.identified_at) > told.identified_at)


def _is_newer(told: Any) -> ColumnElement[bool]:
    return and_(col(Contact.non_disclosure_version) < told.non_disclosure_version)


_HELD, _DECLINED = _first_stay("contact_id"), _first_stay("declined_at")
_ROUTE = _first_stay("language", "alert", "on_behalf", "interpreter")
_IDENTIFIED = _take_the_place("identified_at", where=_is_earlier)
_CONCEALED = _take_the_place("non_disclosure", "non_disclosure_version", where=_is_newer)
_DECIDED = _take_the_place("earlier_accepted", "earlier_decided_at", where=_goes_before)


def queue(tx: Transaction, conversation: Conversation) -> bool:
    """Put a conversation at the end of its queue; False when the contact has one already."""
    row = conversation.model_dump(exclude={"number"})
    statement = upsert(tx.session, Conversation).values(row).on_conflict_do_nothing()
    return tx.session.connection().execute(statement.returning(col(Conversation.number))).first() is not None


def still_queued(tx: Transaction, contact_id: UUID) -> Conversation | None:
    """A contact's conversation while nobody has taken it."""
    which = (col(Conversation.contact_id) == contact_id, col(Conversation.state) == ConversationState.QUEUED)
    return tx.session.exec(select(Conversation).where(*which), execution_options=_FRESH).first()


def conversation(tx: Transaction, contact_id: UUID) -> Seen:
    """A contact's conversation: for the resident, the area's therapists while it waits, then the one who took it.

    Raises:
        Refused: `unknown-conversation`.
    """
    seen = _one(tx, col(Conversation.contact_id) == contact_id)
    taken_by = seen.conversation.therapist_id
    if tx.viewer.role is Role.STAFF and taken_by not in (None, tx.viewer.id):
        raise _unknown_conversation()
    return seen


def as_side(tx: Transaction, contact_id: UUID) -> Seen:
    """A contact's conversation, for its two sides alone: the resident and the therapist who took it.

    Raises:
        Refused: `unknown-conversation`.
    """
    seen = conversation(tx, contact_id)
    if tx.viewer.role is Role.CLIENT or seen.conversation.therapist_id == tx.viewer.id:
        return seen
    raise _unknown_conversation()


def as_therapist(tx: Transaction, contact_id: UUID) -> Seen:
    """A contact's conversation, for the therapist who took it.

    Raises:
        Refused: `unknown-conversation`.
    """
    if tx.viewer.role is not Role.STAFF:
        raise _unknown_conversation()
    return as_side(tx, contact_id)


def to_accept(tx: Transaction, conversation_id: UUID) -> Seen:
    """A conversation of the viewer's areas, taken or not, for therapists.

    Raises:
        Refused: `unknown-conversation`.
    """
    if tx.viewer.role is not Role.STAFF:
        raise _unknown_conversation()
    return _one(tx, col(Conversation.conversation_id) == conversation_id)


def _one(tx: Transaction, which: ColumnElement[bool]) -> Seen:
    row = tx.session.exec(_seen().where(which), execution_options=_FRESH).first()
    if row is None or not tx.viewer.may_see(row[0].contact_id, row[0].area):
        raise _unknown_conversation()
    return Seen(*row)


def _unknown_conversation() -> Refused:
    return Refused("unknown-conversation", "there is no such conversation for this viewer")


@cache  # putting it together takes longer than running it
def _seen() -> Select[Conversation, int | None, Contact | None, bool]:
    before = aliased(Conversation)
    position = (
        select(func.count())
        .where(
            col(before.area) == col(Conversation.area),
            col(before.channel) == col(Conversation.channel),
            col(before.state) == ConversationState.QUEUED,
            tuple_(*_order(before)) <= tuple_(*_order(Conversation)),
        )
        .scalar_subquery()
    )
    queued = col(Conversation.state) == ConversationState.QUEUED
    wrote_before = exists().where(
        col(Message.conversation_id) == col(Conversation.conversation_id),
        col(Message.speaker) == Speaker.RESIDENT,
        col(Message.sent_at) < col(Contact.identified_at),
    )
    seen = select(Conversation, case((queued, position)), Contact, wrote_before)
    return seen.outerjoin(Contact, col(Contact.contact_id) == col(Conversation.contact_id))


def _order(conversation: Any) -> tuple[Any, Any]:
    """Who comes first: whoever went on past a warning, then whoever waits longest."""
    return case((col(conversation.alert).is_(None), 1), else_=0), col(conversation.number)


def waiting(tx: Transaction, limit: int) -> list[Seen]:
    """Who waits in the viewer's areas, in the order of the queue."""
    return _some(tx, limit, col(Conversation.state) == ConversationState.QUEUED, _in(tx, Conversation.area))


def mine(tx: Transaction, limit: int) -> list[Seen]:
    """The open conversations the viewer has taken, in the order of the queue."""
    is_open = col(Conversation.state) == ConversationState.OPEN
    return _some(tx, limit, is_open, col(Conversation.therapist_id) == tx.viewer.id)


def _some(tx: Transaction, limit: int, *which: ColumnElement[bool]) -> list[Seen]:
    statement = _seen().where(*which).order_by(*_order(Conversation)).limit(limit)
    return [Seen(*row) for row in tx.session.exec(statement)]


def _in(tx: Transaction, area: Any) -> ColumnElement[bool]:
    return col(area).in_(sorted(tx.viewer.areas))


def behind(tx: Transaction, moved: Conversation, limit: int) -> Sequence[UUID]:
    """Contacts whose place changes when a conversation joins or leaves its queue, nearest first."""
    statement = (
        select(Conversation.contact_id)
        .where(
            Conversation.area == moved.area,
            Conversation.channel == moved.channel,
            Conversation.state == ConversationState.QUEUED,
            tuple_(*_order(Conversation)) > (int(moved.alert is None), moved.number),
        )
        .order_by(*_order(Conversation))
        .limit(limit)
    )
    return tx.session.exec(statement).all()


def change(tx: Transaction, decided_on: Conversation, **values: Any) -> Conversation | None:
    """Change a conversation; None when it is no longer in the state that was decided on."""
    statement = (
        update(Conversation)
        .where(
            col(Conversation.number) == decided_on.number,
            col(Conversation.state) == decided_on.state,
            col(Conversation.identity_requested_at).is_not_distinct_from(decided_on.identity_requested_at),
        )
        .values(**values)
        .returning(Conversation)
    )
    return tx.session.scalars(statement, execution_options=_FRESH).first()


def say(tx: Transaction, decided_on: Conversation, message: Message) -> bool:
    """Give a message the next place of its conversation; False as in `change`."""
    after = change(tx, decided_on, last_sequence=col(Conversation.last_sequence) + 1)
    if after is None:
        return False
    message.sequence = after.last_sequence
    tx.session.add(message)
    return True


def messages(tx: Transaction, conversation_id: UUID, after: int) -> Sequence[Message]:
    """What was said after a place, in order; at most `MESSAGES_READ`, and one more that tells there are more."""
    statement = (
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.sequence > after)
        .order_by(col(Message.sequence))
        .limit(MESSAGES_READ + 1)
    )
    return tx.session.exec(statement).all()


def promise(tx: Transaction, callback: Callback) -> bool:
    """Store a promised call; False when the contact has an open one already, or this one was stored before.

    An open promise keeps its date and takes over the later phone number and words. One that was kept between the two
    statements takes nothing over: the message is stored as a promise of its own then.
    """
    statement = upsert(tx.session, Callback).values(callback.model_dump()).on_conflict_do_nothing()
    if tx.session.connection().execute(statement.returning(col(Callback.callback_id))).first() is not None:
        return True
    if _add_to_promise(tx, callback) or _is_stored(tx, callback.callback_id):
        return False
    return promise(tx, callback)


def _add_to_promise(tx: Transaction, later: Callback) -> bool:
    stored = col(Callback.words)
    joined = stored + f"\n\n{later.words}"
    cut = func.substr(joined, 1, LEFT_MAX - 1) + "…"
    words = case((stored == later.words, stored), (func.length(joined) <= LEFT_MAX, joined), else_=cut)
    return _change_promise(tx, col(Callback.contact_id) == later.contact_id, phone=later.phone, words=words) is not None


def _is_stored(tx: Transaction, callback_id: UUID) -> bool:
    return tx.session.exec(select(Callback.callback_id).where(Callback.callback_id == callback_id)).first() is not None


def move_promise(tx: Transaction, callback_id: UUID, *, kind: PromiseKind, due_on: date, version: int) -> bool:
    """Take over the due day of a promised call; False when there is none such, or a later word on it is known."""
    which = (col(Callback.callback_id) == callback_id, col(Callback.due_version) < version)
    return _change_promise(tx, *which, kind=kind, due_on=due_on, due_version=version) is not None


def lift_promise(tx: Transaction, contact_id: UUID) -> Callback | None:
    """Take back the open promise of a call; None when there is none."""
    return _change_promise(tx, col(Callback.contact_id) == contact_id, state=CallbackState.LIFTED)


def keep_promise(tx: Transaction, contact_id: UUID, at: datetime) -> Callback | None:
    """A contact's person was reached; None when no call is promised them."""
    return _change_promise(tx, col(Callback.contact_id) == contact_id, **_called(at))


def promised_to(tx: Transaction, contact_id: UUID) -> Callback:
    """A contact's promised call: the open one, else the one asked for last.

    Raises:
        Refused: `unknown-callback`.
    """
    newest = (col(Callback.state) != CallbackState.PROMISED, col(Callback.requested_at).desc())
    found = tx.session.exec(select(Callback).where(Callback.contact_id == contact_id).order_by(*newest)).first()
    if found is None or not tx.viewer.may_see(found.contact_id, found.area):
        raise _unknown_callback()
    return found


def call(tx: Transaction, callback_id: UUID) -> Call:
    """A promised call of the viewer's areas, for therapists.

    Raises:
        Refused: `unknown-callback`.
    """
    which = (col(Callback.callback_id) == callback_id, _in(tx, Callback.area))
    row = tx.session.exec(_calls().where(*which), execution_options=_FRESH).first()
    if row is None or tx.viewer.role is not Role.STAFF:
        raise _unknown_callback()
    return Call(*row)


def _unknown_callback() -> Refused:
    return Refused("unknown-callback", "there is no such callback for this viewer")


def calls_promised(tx: Transaction, limit: int) -> list[Call]:
    """Calls promised in the viewer's areas, most urgent first.

    Who went on past a warning first of all; then by due day, assessment before advice, oldest first.
    """
    warned_first = case((col(Contact.alert).is_(None), 1), else_=0)
    advice_later = case((col(Callback.kind) == PromiseKind.ASSESSMENT, 0), else_=1)
    urgency = (warned_first, col(Callback.due_on), advice_later, col(Callback.requested_at))
    return _list(tx, CallbackState.PROMISED, urgency, limit)


def calls_kept(tx: Transaction, limit: int) -> list[Call]:
    """Calls made in the viewer's areas, latest first."""
    return _list(tx, CallbackState.KEPT, (col(Callback.kept_at).desc(),), limit)


def _list(tx: Transaction, state: CallbackState, order: Sequence[Any], limit: int) -> list[Call]:
    statement = _calls().where(col(Callback.state) == state, _in(tx, Callback.area)).order_by(*order).limit(limit)
    return [Call(*row) for row in tx.session.exec(statement)]


def _calls() -> Select[Callback, Contact | None]:
    return select(Callback, Contact).outerjoin(Contact, col(Contact.contact_id) == col(Callback.contact_id))


def count_call(tx: Transaction, callback_id: UUID, *, kept_at: datetime | None) -> Callback | None:
    """Count one more call, which reached the person or not; None when the promise has come to its end meanwhile."""
    return _change_promise(tx, col(Callback.callback_id) == callback_id, **_called(kept_at))


def _called(kept_at: datetime | None) -> dict[str, Any]:
    kept = {"state": CallbackState.KEPT, "kept_at": kept_at} if kept_at else {}
    return {"attempts": col(Callback.attempts) + 1, **kept}


def _change_promise(tx: Transaction, *which: ColumnElement[bool], **values: Any) -> Callback | None:
    promised = col(Callback.state) == CallbackState.PROMISED
    statement = update(Callback).where(promised, *which).values(**values).returning(Callback)
    return tx.session.scalars(statement, execution_options=_FRESH).first()
