"""Rules of the chat: who may do what to a conversation, when a call is due. Values in, decision out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from uuid import UUID

from chassis import calendar
from chassis.errors import Refused, Unprocessable
from contracts.areas import Area, Period
from contracts.callbacks import CallbackState
from contracts.chat import ChannelView, ConversationState, MessageView
from contracts.non_disclosure import CONCEALED
from contracts.portal import EarlierText, OnBehalf, PromiseKind
from contracts.public import WaitBand


def accepts(state: ConversationState, *, holder: UUID | None, by: UUID) -> bool:
    """Whether a therapist's acceptance changes anything: False when the conversation is theirs already.

    Raises:
        Refused: `already-accepted` when another therapist has it, `conversation-closed`.
    """
    _must_not_be_closed(state)
    if state == ConversationState.OPEN and holder != by:
        raise Refused("already-accepted", "another therapist has taken this conversation")
    return state == ConversationState.QUEUED


def must_be_open(state: ConversationState) -> None:
    """Let something be said only while a therapist is there to read it.

    Raises:
        Refused: `conversation-closed`, `not-yet-accepted`.
    """
    _must_not_be_closed(state)
    if state == ConversationState.QUEUED:
        raise Refused("not-yet-accepted", "no therapist has taken this conversation yet")


def end(state: ConversationState) -> ConversationState:
    """What an ended conversation becomes: abandoned when no therapist had taken it.

    Raises:
        Refused: `conversation-closed`.
    """
    _must_not_be_closed(state)
    return ConversationState.ENDED if state == ConversationState.OPEN else ConversationState.ABANDONED


def wait_band(waited_seconds: int) -> WaitBand:
    """The step a waiting time falls into."""
    steps = ((60, WaitBand.UNDER_1_MIN), (300, WaitBand.UNDER_5_MIN), (900, WaitBand.UNDER_15_MIN))
    return next((band for below, band in steps if waited_seconds < below), WaitBand.LONGER)


def _must_not_be_closed(state: ConversationState) -> None:
    if state in (ConversationState.ENDED, ConversationState.ABANDONED):
        raise Refused("conversation-closed", "the conversation is over")


def must_be_promised(state: CallbackState) -> None:
    """Record calls only while the promise stands.

    Raises:
        Refused: `callback-kept`, `callback-lifted`.
    """
    if state == CallbackState.KEPT:
        raise Refused("callback-kept", "the person has been reached already")
    if state == CallbackState.LIFTED:
        raise Refused("callback-lifted", "the unit does not take the person; nobody is to call")


def agreed(accepted: bool | None, *, decided_at: datetime | None, identified_at: datetime | None) -> bool | None:
    """What the person has said of the text from before identifying; None while nothing that counts.

    Who has not identified cannot agree to anything about a patient record.
    """
    if accepted is None or decided_at is None or identified_at is None or decided_at < identified_at:
        return None
    return accepted


def earlier_text(*, wrote: bool, accepted: bool | None) -> EarlierText:
    """What becomes of the text an identified person wrote before.

    Args:
        wrote: whether there is any.
        accepted: as from `agreed`.
    """
    if not wrote:
        return EarlierText.NONE
    if accepted is None:
        return EarlierText.UNDECIDED
    return EarlierText.KEPT if accepted else EarlierText.LEFT_OUT


def in_record(sent_at: datetime, *, identified_at: datetime | None, accepted: bool | None) -> bool:
    """Whether a message belongs to the patient record: from the identification on, earlier ones if so agreed (rule 8).

    Args:
        sent_at: when it was written, either side's.
        identified_at: when the person identified; None: nobody has, so there is no record.
        accepted: as from `agreed`.
    """
    if identified_at is None:
        return False
    return sent_at >= identified_at or accepted is True


def seconds_between(start: datetime, end: datetime) -> int:
    """Whole seconds from `start` to `end`; never negative, even when a clock was set back."""
    return max(0, int((end - start).total_seconds()))


def callback_due(kind: PromiseKind, received_at: datetime, area: Area) -> date:
    """The last day of a promised call, Europe/Helsinki.

    Args:
        kind: ASSESSMENT is due the same office day, when it came outside office hours the day they next begin; ADVICE
            within the area's business days, the day of receipt not counted.
        received_at: when the person sent the message.
        area: office hours, closing days and promise of the county.

    Raises:
        Unprocessable: `no-office-hours` when the area has none within a year.

    Source: Health Care Act 1326/2010 s. 51; Soite's promise of 1-5 business days (mission.md section 2); domain.md
    rules 14-16.
    """
    if kind is PromiseKind.ADVICE:
        received_on = calendar.local_date(received_at)
        return calendar.add_business_days(received_on, area.promise_business_days, area.closing_days)
    office_day = calendar.first_open_day(area.office_hours, received_at, area.closing_days)
    if office_day is None:
        raise Unprocessable("no-office-hours", f"area {area.code} has no office hours within a year")
    return office_day


def is_on_time(at: datetime, due_on: date) -> bool:
    """Whether a moment still belongs to the promise: the whole due day does, also after office hours (rule 14)."""
    return at <= calendar.end_of_day(due_on)


def home(told: str, *, non_disclosure: bool) -> str:
    """The municipality that is kept of a contact: none of somebody under non-disclosure (rule 9)."""
    return CONCEALED if non_disclosure else told


def channel_at(area: Area, now: datetime) -> ChannelView:
    """The chat channel of an area at a moment."""
    chat, closed_on = area.chat, area.chat_closed_on
    closes_at = None if chat.practice else calendar.closes_at(chat.periods, now, closed_on)
    is_open = chat.practice or closes_at is not None
    return ChannelView(
        area=area.code,
        channel=chat.code,
        open=is_open,
        closes_at=closes_at,
        opens_at=None if is_open else calendar.next_opening(chat.periods, now, closed_on),
        hours=tuple(_hours(chat.periods)),
        practice=chat.practice,
    )


def _hours(periods: Iterable[Period]) -> Iterator[tuple[int, str, str]]:
    for one in sorted(periods, key=lambda one: (one.weekday, one.opens)):
        yield one.weekday, f"{one.opens:%H:%M}", f"{one.closes:%H:%M}"


def fitting(messages: Iterable[MessageView], most_bytes: int) -> Iterator[MessageView]:
    """The first messages that together stay within `most_bytes` as they travel (JSON, UTF-8); always at least one."""
    used = 0
    for message in messages:
        size = len(message.model_dump_json().encode())
        if used and used + size > most_bytes:
            return
        used += size
        yield message


def must_be_the_client(on_behalf: OnBehalf | None) -> None:
    """Let nobody be asked to identify who acts for the client: the identity would be another's.

    Raises:
        Refused: `acting-for`.
    """
    if on_behalf is not None:
        raise Refused("acting-for", "somebody acts for the client of this contact; only the client can identify")
