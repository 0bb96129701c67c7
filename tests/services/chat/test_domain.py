from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from chassis import Refused, Unprocessable
from chassis.calendar import HELSINKI
from contracts.areas import Area, load_areas
from contracts.callbacks import CallbackState
from contracts.chat import ConversationState, MessagesView, MessageView, Speaker
from contracts.portal import PromiseKind
from services.chat import domain

FOLDER = Path(__file__).parents[3] / "deploy" / "areas"
SOITE = load_areas(FOLDER, practice=False).area("18")
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def local(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=HELSINKI).astimezone(UTC)


def closed_on(*days: date) -> Area:
    return SOITE.model_copy(update={"closing_days": days})


@pytest.mark.parametrize(
    ("received_at", "due_on"),
    [
        pytest.param(local(2026, 11, 27, 10, 59), date(2026, 12, 4), id="friday_10_59"),
        pytest.param(local(2026, 11, 27, 23, 59), date(2026, 12, 4), id="friday_23_59"),
        pytest.param(local(2025, 12, 5, 10), date(2025, 12, 12), id="eve_of_independence_day"),
        pytest.param(local(2026, 12, 23, 10), date(2027, 1, 4), id="23_12"),
        pytest.param(local(2026, 4, 2, 10), date(2026, 4, 13), id="maundy_thursday"),
        pytest.param(local(2026, 3, 29, 3, 30), date(2026, 4, 7), id="sunday_the_clock_goes_forward"),
        pytest.param(local(2026, 10, 25, 3, 30), date(2026, 10, 30), id="sunday_the_clock_goes_back"),
    ],
)
def test_advice_is_due_on_the_fifth_business_day_after_receipt(received_at: datetime, due_on: date) -> None:
    """Promise of 1-5 business days, day 0 = receipt: mission.md section 5, rule 16."""
    assert domain.callback_due(PromiseKind.ADVICE, received_at, SOITE) == due_on


@pytest.mark.parametrize(
    ("received_at", "due_on"),
    [
        pytest.param(local(2026, 11, 24, 8, 0), date(2026, 11, 24), id="tuesday_when_the_office_opens"),
        pytest.param(local(2026, 11, 24, 15, 59, 59), date(2026, 11, 24), id="tuesday_just_before_it_closes"),
    ],
)
def test_an_assessment_asked_for_in_office_hours_is_due_the_same_day(received_at: datetime, due_on: date) -> None:
    """Office hours Mon-Thu 8-16, Fri 8-15: rule 14."""
    assert domain.callback_due(PromiseKind.ASSESSMENT, received_at, SOITE) == due_on


@pytest.mark.parametrize(
    ("received_at", "due_on"),
    [
        pytest.param(local(2026, 11, 24, 7, 59, 59), date(2026, 11, 24), id="before_the_office_opens"),
        pytest.param(local(2026, 11, 24, 16, 0), date(2026, 11, 25), id="when_it_closes_on_tuesday"),
        pytest.param(local(2026, 11, 27, 15, 0), date(2026, 11, 30), id="when_it_closes_on_friday"),
        pytest.param(local(2026, 12, 24, 10, 0), date(2026, 12, 28), id="christmas_eve"),
    ],
)
def test_an_assessment_asked_for_outside_office_hours_is_due_when_they_next_begin(
    received_at: datetime, due_on: date
) -> None:
    """Rule 15."""
    assert domain.callback_due(PromiseKind.ASSESSMENT, received_at, SOITE) == due_on


@pytest.mark.parametrize(
    ("kind", "due_on"), [(PromiseKind.ADVICE, date(2026, 12, 2)), (PromiseKind.ASSESSMENT, date(2026, 11, 25))]
)
def test_a_closing_day_of_the_county_moves_the_due_day(kind: PromiseKind, due_on: date) -> None:
    assert (
        domain.callback_due(kind, local(2026, 11, 24, 10), closed_on(date(2026, 11, 24), date(2026, 11, 26))) == due_on
    )


def test_an_area_without_office_hours_cannot_promise_an_assessment() -> None:
    area = SOITE.model_copy(update={"office_hours": ()})
    with pytest.raises(Unprocessable, match="no-office-hours"):
        domain.callback_due(PromiseKind.ASSESSMENT, NOW, area)


@pytest.mark.parametrize(("at", "on_time"), [(local(2026, 12, 1, 23, 59, 59), True), (local(2026, 12, 2, 0, 0), False)])
def test_a_promise_lasts_to_the_end_of_its_day(at: datetime, on_time: bool) -> None:
    """The call may come after office hours the same day: rule 14."""
    assert domain.is_on_time(at, date(2026, 12, 1)) is on_time


def test_a_waiting_conversation_can_be_accepted() -> None:
    assert domain.accepts(ConversationState.QUEUED, holder=None, by=uuid4())


def test_accepting_ones_own_conversation_changes_nothing() -> None:
    therapist = uuid4()
    assert not domain.accepts(ConversationState.OPEN, holder=therapist, by=therapist)


def test_another_therapists_conversation_is_already_accepted() -> None:
    with pytest.raises(Refused, match="already-accepted"):
        domain.accepts(ConversationState.OPEN, holder=uuid4(), by=uuid4())


@pytest.mark.parametrize("state", [ConversationState.ENDED, ConversationState.ABANDONED])
def test_a_conversation_that_is_over_cannot_be_accepted(state: ConversationState) -> None:
    therapist = uuid4()
    with pytest.raises(Refused, match="conversation-closed"):
        domain.accepts(state, holder=therapist, by=therapist)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (ConversationState.QUEUED, "not-yet-accepted"),
        (ConversationState.ENDED, "conversation-closed"),
        (ConversationState.ABANDONED, "conversation-closed"),
    ],
)
def test_nothing_is_said_in_a_conversation_that_is_not_open(state: ConversationState, code: str) -> None:
    with pytest.raises(Refused, match=code):
        domain.must_be_open(state)


@pytest.mark.parametrize(
    ("state", "becomes"),
    [
        (ConversationState.OPEN, ConversationState.ENDED),
        (ConversationState.QUEUED, ConversationState.ABANDONED),
    ],
)
def test_what_a_conversation_becomes_at_its_end(state: ConversationState, becomes: ConversationState) -> None:
    assert domain.end(state) is becomes


@pytest.mark.parametrize("state", [ConversationState.ENDED, ConversationState.ABANDONED])
def test_a_conversation_ends_once(state: ConversationState) -> None:
    with pytest.raises(Refused, match="conversation-closed"):
        domain.end(state)


def test_a_kept_promise_takes_no_more_calls() -> None:
    with pytest.raises(Refused, match="callback-kept"):
        domain.must_be_promised(CallbackState.KEPT)


def test_a_clock_set_back_counts_no_negative_seconds() -> None:
    assert domain.seconds_between(local(2026, 11, 24, 10, 0, 1), local(2026, 11, 24, 10, 0, 0)) == 0


def test_a_closed_channel_says_when_it_opens() -> None:
    """Tue and Thu 9-11: rule 20."""
    view = domain.channel_at(SOITE, local(2026, 11, 24, 11))
    assert (view.open, view.closes_at, view.opens_at) == (False, None, local(2026, 11, 26, 9))


def test_an_open_channel_says_when_it_closes() -> None:
    view = domain.channel_at(SOITE, local(2026, 11, 24, 10, 59, 59))
    assert (view.open, view.closes_at, view.opens_at) == (True, local(2026, 11, 24, 11), None)


def test_a_channel_is_closed_on_a_closing_day_of_the_county() -> None:
    assert not domain.channel_at(closed_on(date(2026, 11, 24)), local(2026, 11, 24, 10)).open


def test_a_channel_tells_its_hours_in_order() -> None:
    assert domain.channel_at(SOITE, NOW).hours == ((2, "09:00", "11:00"), (4, "09:00", "11:00"))


def messages(*words: str) -> list[MessageView]:
    return [
        MessageView(sequence=number, speaker=Speaker.RESIDENT, name="", words=said, sent_at=NOW)
        for number, said in enumerate(words, 1)
    ]


def test_messages_are_cut_where_the_answer_would_grow_too_long() -> None:
    said = messages("aa", "öö", "a")
    most = sum(len(one.model_dump_json().encode()) for one in said[:2]) - 1
    assert [one.sequence for one in domain.fitting(said, most)] == [1]


def test_messages_are_measured_as_they_travel() -> None:
    """Quotation marks and line ends grow on the bus, and every message has more than its words."""
    said = messages(*['"\n' * 1000] * 4)
    view = MessagesView(messages=tuple(domain.fitting(said, 10_000)))
    assert (len(view.messages), len(view.model_dump_json()) < 10_000 + 100) == (2, True)


def test_one_message_always_fits() -> None:
    assert len(list(domain.fitting(messages("aaaa", "a"), 2))) == 1
