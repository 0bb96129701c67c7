from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from contracts.base import Language
from contracts.callbacks import (
    CallbackAttempted,
    CallbackKept,
    CallbackPromised,
    CallbackState,
    CallOutcome,
    GetCallbacks,
    GetPromise,
    RecordCall,
)
from contracts.chat import MESSAGE_MAX
from contracts.portal import PromiseKind
from contracts.referrals import ReferralReceived
from services.chat.store import LEFT_MAX
from tests.factories import AINO, MATTI, callback_requested, client, contact_routed, staff
from tests.services.chat.desk import PHONE, WORDS, Desk
from tests.unit import START, Unit


def called(desk: Desk, callback_id: object, outcome: CallOutcome) -> object:
    return desk.chat.asks(RecordCall(callback_id=callback_id, outcome=outcome), viewer=staff())


def test_a_left_message_is_promised_a_call(chat: Unit, desk: Desk) -> None:
    """Left on Tuesday 24.11.2026 for advice: due on the fifth business day (rule 16)."""
    fact = desk.left_message(kind=PromiseKind.ADVICE)
    expected = CallbackPromised(
        area="10",
        municipality="285",
        callback_id=fact.callback_id,
        contact_id=fact.contact_id,
        kind=PromiseKind.ADVICE,
        due_on=date(2026, 12, 1),
        promised_at=START,
    )
    assert chat.told == [expected]


def test_a_new_or_worse_symptom_is_promised_a_call_today(desk: Desk) -> None:
    """Rule 14."""
    desk.left_message(kind=PromiseKind.ASSESSMENT)
    assert [one.due_on for one in desk.callbacks()] == [date(2026, 11, 24)]


def test_the_promise_counts_from_when_the_message_was_sent(desk: Desk) -> None:
    friday = datetime(2026, 11, 20, 10, tzinfo=UTC)
    desk.left_message(kind=PromiseKind.ADVICE, requested_at=friday)
    assert [one.due_on for one in desk.callbacks()] == [date(2026, 11, 27)]


def test_the_resident_sees_the_promise(chat: Unit, desk: Desk) -> None:
    fact = desk.left_message()
    view = chat.asks(GetPromise(contact_id=fact.contact_id), viewer=client(fact.contact_id))
    assert (view.callback_id, view.state) == (fact.callback_id, CallbackState.PROMISED)


@pytest.mark.parametrize("viewer", [client(uuid4()), staff(MATTI, "18")], ids=["another_resident", "another_area"])
def test_a_promise_to_somebody_else_is_not_there(desk: Desk, viewer: object) -> None:
    fact = desk.left_message(area="10")
    assert desk.refusal(GetPromise(contact_id=fact.contact_id), viewer) == "unknown-callback"


def test_no_promise_is_unknown(desk: Desk) -> None:
    contact_id = uuid4()
    assert desk.refusal(GetPromise(contact_id=contact_id), client(contact_id)) == "unknown-callback"


def test_a_promise_shows_on_the_page_and_on_the_desks(chat: Unit, desk: Desk) -> None:
    fact = desk.left_message()
    assert [(hint.contact, hint.area) for hint in chat.hinted] == [(fact.contact_id, "10")]


def test_a_second_message_keeps_the_first_promise(chat: Unit, desk: Desk) -> None:
    first = desk.left_message()
    desk.later(days=1)
    desk.left_message(contact_id=first.contact_id)
    shown = [(one.callback_id, one.due_on) for one in desk.callbacks()]
    assert (shown, len(chat.told_of(CallbackPromised))) == ([(first.callback_id, date(2026, 12, 1))], 1)


def test_a_call_to_somebody_who_went_on_past_a_warning_stands_first(chat: Unit, desk: Desk) -> None:
    """Rule 11: also before a call that is due today, whichever fact came first."""
    today = desk.left_message(kind="assessment")
    warned = desk.left_message(kind="advice")
    chat.hears(contact_routed(contact_id=warned.contact_id, route="elsewhere"))
    chat.hears(contact_routed(contact_id=warned.contact_id, route="callback", alert="urgent_now"), version=2)
    shown = [(one.callback_id, one.alert) for one in desk.callbacks()]
    assert shown == [(warned.callback_id, "urgent_now"), (today.callback_id, None)]


def test_an_older_decision_that_comes_late_takes_no_alert_away(chat: Unit, desk: Desk) -> None:
    warned = desk.left_message()
    chat.hears(contact_routed(contact_id=warned.contact_id, route="callback", alert="urgent_now"), version=2)
    chat.hears(contact_routed(contact_id=warned.contact_id, route="elsewhere"), version=1)
    assert desk.callbacks()[0].alert == "urgent_now"


def test_a_second_message_brings_its_number_and_words_to_the_first_promise(desk: Desk) -> None:
    first = desk.left_message(words="Polvi on kipeä.")
    desk.left_message(contact_id=first.contact_id, phone="+358501111111", words="Numero oli väärin.")
    (shown,) = desk.callbacks()
    assert (shown.phone, shown.words) == ("+358501111111", "Polvi on kipeä.\n\nNumero oli väärin.")


def test_the_same_message_sent_again_is_shown_once(desk: Desk) -> None:
    first = desk.left_message()
    desk.left_message(contact_id=first.contact_id, callback_id=first.callback_id)
    assert [one.words for one in desk.callbacks()] == [WORDS]


def test_many_messages_of_one_contact_stay_within_a_bound_and_show_that_they_were_cut(desk: Desk) -> None:
    first = desk.left_message(words="a" * MESSAGE_MAX)
    for number in range(3):
        desk.left_message(contact_id=first.contact_id, words=str(number) * MESSAGE_MAX)
    (shown,) = desk.callbacks()
    assert (len(shown.words), shown.words[-2:]) == (LEFT_MAX, "0…")


def test_a_message_after_the_call_is_a_new_promise(desk: Desk) -> None:
    first = desk.left_message()
    called(desk, first.callback_id, CallOutcome.REACHED)
    second = desk.left_message(contact_id=first.contact_id, phone="+358501111111")
    shown = [(one.callback_id, one.phone, one.state) for one in desk.callbacks(kept=True)]
    assert shown == [
        (second.callback_id, "+358501111111", CallbackState.PROMISED),
        (first.callback_id, PHONE, CallbackState.KEPT),
    ]


def test_a_message_after_the_call_is_told_as_a_promise_of_its_own(chat: Unit, desk: Desk) -> None:
    first = desk.left_message()
    called(desk, first.callback_id, CallOutcome.REACHED)
    second = desk.left_message(contact_id=first.contact_id)
    told = [fact.callback_id for fact in chat.told_of(CallbackPromised)]
    assert told == [first.callback_id, second.callback_id]


def test_the_kept_message_sent_again_is_no_new_promise(desk: Desk) -> None:
    first = desk.left_message()
    called(desk, first.callback_id, CallOutcome.REACHED)
    desk.left_message(contact_id=first.contact_id, callback_id=first.callback_id)
    assert desk.callbacks() == []


def test_the_resident_sees_the_open_promise_before_the_kept_one(chat: Unit, desk: Desk) -> None:
    first = desk.left_message()
    called(desk, first.callback_id, CallOutcome.REACHED)
    second = desk.left_message(contact_id=first.contact_id)
    view = chat.asks(GetPromise(contact_id=first.contact_id), viewer=client(first.contact_id))
    assert view.callback_id == second.callback_id


def test_the_resident_sees_the_newest_of_kept_promises(chat: Unit, desk: Desk) -> None:
    contact_id = uuid4()
    for _ in range(2):
        newest = desk.left_message(contact_id=contact_id)
        called(desk, newest.callback_id, CallOutcome.REACHED)
        desk.later(days=1)
    view = chat.asks(GetPromise(contact_id=contact_id), viewer=client(contact_id))
    assert view.callback_id == newest.callback_id


def test_a_message_sealed_for_somebody_else_cannot_be_handled(chat: Unit) -> None:
    chat.hears(callback_requested(message=chat.sealer.seal("intake", {"phone": PHONE, "words": WORDS})))
    assert (chat.outcome, chat.verdict and chat.verdict.code) == ("unprocessable", "cannot-unseal")


@pytest.mark.parametrize(
    "sealed",
    [{"words": WORDS}, {"phone": "", "words": WORDS}, {"phone": PHONE, "words": "a" * (MESSAGE_MAX + 1)}],
    ids=["no_number", "empty_number", "too_long"],
)
def test_a_message_that_does_not_fit_cannot_be_handled(chat: Unit, sealed: dict[str, str]) -> None:
    chat.hears(callback_requested(message=chat.seal(sealed)))
    assert (chat.outcome, chat.verdict and chat.verdict.code) == ("unprocessable", "bad-message")


def test_a_number_without_words_is_promised_a_call(desk: Desk) -> None:
    desk.left_message(words="")
    assert [(one.phone, one.words) for one in desk.callbacks()] == [(PHONE, "")]


def test_a_message_of_an_area_without_a_file_cannot_be_handled(chat: Unit, desk: Desk) -> None:
    desk.left_message(area="02")
    assert (chat.outcome, chat.verdict and chat.verdict.code) == ("unprocessable", "unknown-area")


def test_the_list_has_what_the_caller_needs(chat: Unit, desk: Desk) -> None:
    contact_id = uuid4()
    chat.hears(contact_routed(contact_id=contact_id, route="callback", language="sv"))
    desk.left_message(contact_id=contact_id)
    (shown,) = desk.callbacks()
    assert (shown.phone, shown.words, shown.language, shown.attempts) == (PHONE, WORDS, Language.SV, 0)


def test_a_message_that_came_before_the_routing_is_listed_in_finnish_meanwhile(desk: Desk) -> None:
    desk.left_message()
    assert [one.language for one in desk.callbacks()] == [Language.FI]


def test_the_most_urgent_call_comes_first(desk: Desk) -> None:
    """By due day, then assessments, then who has waited longest."""
    today = desk.left_message(kind=PromiseKind.ASSESSMENT).contact_id
    week_ago = datetime(2026, 11, 17, 8, tzinfo=UTC)
    advice_today = desk.left_message(kind=PromiseKind.ADVICE, requested_at=week_ago).contact_id
    late = desk.left_message(kind=PromiseKind.ADVICE, requested_at=datetime(2026, 11, 10, 8, tzinfo=UTC)).contact_id
    next_week = desk.left_message(kind=PromiseKind.ADVICE).contact_id
    assert [one.contact_id for one in desk.callbacks()] == [late, today, advice_today, next_week]


def test_the_list_has_the_areas_of_the_therapist_alone(desk: Desk) -> None:
    desk.left_message(area="10")
    ours = desk.left_message(area="18", municipality="272")
    assert [one.contact_id for one in desk.callbacks(staff(MATTI, "18"))] == [ours.contact_id]


def test_the_list_is_for_therapists(desk: Desk) -> None:
    fact = desk.left_message()
    assert desk.refusal(GetCallbacks(), client(fact.contact_id)) == "not-yours"


def test_every_person_on_a_list_that_was_read_is_audited(chat: Unit, desk: Desk) -> None:
    listed = {desk.left_message().contact_id, desk.left_message().contact_id}
    desk.callbacks()
    assert {(row.viewer_id, row.action, row.what, row.whom) for row in chat.audited} == {
        (AINO, "read", "callback list", contact_id) for contact_id in listed
    }


def test_a_promise_is_late_after_its_day(desk: Desk) -> None:
    """Breach after the end of day 5: rule 16."""
    desk.left_message(kind=PromiseKind.ADVICE)
    desk.chat.clock.set(datetime(2026, 12, 1, 21, 59, 59, tzinfo=UTC))  # 23.59.59 in Helsinki
    before = [one.late for one in desk.callbacks()]
    desk.later(seconds=1)
    assert (before, [one.late for one in desk.callbacks()]) == ([False], [True])


@pytest.mark.parametrize("outcome", [CallOutcome.NO_ANSWER, CallOutcome.WRONG_NUMBER])
def test_a_call_that_reached_nobody_is_an_attempt(chat: Unit, desk: Desk, outcome: CallOutcome) -> None:
    fact = desk.left_message()
    called(desk, fact.callback_id, outcome)
    expected = CallbackAttempted(
        area="10",
        municipality="285",
        callback_id=fact.callback_id,
        contact_id=fact.contact_id,
        therapist_id=AINO,
        outcome=outcome,
        attempt=1,
        attempted_at=START,
    )
    assert chat.told_of(CallbackAttempted) == [expected]


def test_an_attempt_does_not_keep_the_promise(desk: Desk) -> None:
    fact = desk.left_message()
    called(desk, fact.callback_id, CallOutcome.NO_ANSWER)
    assert [(one.state, one.attempts) for one in desk.callbacks()] == [(CallbackState.PROMISED, 1)]


def test_reaching_the_person_keeps_the_promise(chat: Unit, desk: Desk) -> None:
    contact_id = uuid4()
    chat.hears(contact_routed(contact_id=contact_id, route="callback", language="en"))
    fact = desk.left_message(contact_id=contact_id)
    called(desk, fact.callback_id, CallOutcome.NO_ANSWER)
    at = desk.later(hours=2)
    called(desk, fact.callback_id, CallOutcome.REACHED)
    expected = CallbackKept(
        area="10",
        municipality="285",
        callback_id=fact.callback_id,
        contact_id=contact_id,
        therapist_id=AINO,
        language=Language.EN,
        on_time=True,
        attempts=2,
        kept_at=at,
    )
    assert chat.told_of(CallbackKept) == [expected]


def test_a_call_on_the_day_of_receipt_keeps_the_promise(chat: Unit, desk: Desk) -> None:
    """Contact on day 0 is kept: mission.md section 5."""
    called(desk, desk.left_message(kind=PromiseKind.ADVICE).callback_id, CallOutcome.REACHED)
    assert [fact.on_time for fact in chat.told_of(CallbackKept)] == [True]


def test_a_call_after_the_due_day_is_not_on_time(chat: Unit, desk: Desk) -> None:
    fact = desk.left_message(kind=PromiseKind.ASSESSMENT)
    desk.later(days=1)
    called(desk, fact.callback_id, CallOutcome.REACHED)
    assert [kept.on_time for kept in chat.told_of(CallbackKept)] == [False]


def test_a_kept_promise_leaves_the_list(desk: Desk) -> None:
    called(desk, desk.left_message().callback_id, CallOutcome.REACHED)
    assert desk.callbacks() == []


def test_kept_promises_are_listed_last_when_asked_for(desk: Desk) -> None:
    kept = desk.left_message(kind=PromiseKind.ASSESSMENT)
    called(desk, kept.callback_id, CallOutcome.REACHED)
    promised = desk.left_message()
    assert [one.contact_id for one in desk.callbacks(kept=True)] == [promised.contact_id, kept.contact_id]


def test_a_kept_promise_does_not_become_late(desk: Desk) -> None:
    called(desk, desk.left_message().callback_id, CallOutcome.REACHED)
    desk.later(days=30)
    assert [one.late for one in desk.callbacks(kept=True)] == [False]


@pytest.mark.parametrize("outcome", list(CallOutcome))
def test_a_kept_promise_takes_no_more_calls(desk: Desk, outcome: CallOutcome) -> None:
    fact = desk.left_message()
    called(desk, fact.callback_id, CallOutcome.REACHED)
    assert desk.refusal(RecordCall(callback_id=fact.callback_id, outcome=outcome), staff()) == "callback-kept"


def test_a_callback_of_another_area_is_not_there(desk: Desk) -> None:
    ask = RecordCall(callback_id=desk.left_message(area="10").callback_id, outcome=CallOutcome.REACHED)
    assert desk.refusal(ask, staff(MATTI, "18")) == "unknown-callback"


def test_a_resident_records_no_call(desk: Desk) -> None:
    fact = desk.left_message()
    ask = RecordCall(callback_id=fact.callback_id, outcome=CallOutcome.REACHED)
    assert desk.refusal(ask, client(fact.contact_id)) == "unknown-callback"


def test_a_recorded_call_is_audited(chat: Unit, desk: Desk) -> None:
    fact = desk.left_message()
    called(desk, fact.callback_id, CallOutcome.NO_ANSWER)
    assert [(row.action, row.whom, row.what) for row in chat.audited] == [("change", fact.contact_id, "callback")]


def test_the_number_and_the_words_are_in_no_event(chat: Unit, desk: Desk) -> None:
    called(desk, desk.left_message().callback_id, CallOutcome.REACHED)
    told = " ".join(fact.model_dump_json() for fact in chat.told)
    assert PHONE not in told
    assert WORDS not in told


def referred(desk: Desk, **over: object) -> ReferralReceived:
    call = desk.chat.seal({"phone": PHONE, "words": "Lääkärin sanat."})
    told = {"contact_id": uuid4(), "referral_id": uuid4(), "call": call, "received_at": desk.chat.clock()} | over
    fact = ReferralReceived.model_validate(ReferralReceived.example.model_dump() | told)
    desk.chat.hears(fact)
    return fact


def test_whom_a_professional_sends_to_be_called_is_promised_a_call_today(desk: Desk) -> None:
    """Rule 14."""
    fact = referred(desk)
    [callback] = desk.callbacks()
    assert (callback.contact_id, callback.kind, callback.due_on) == (
        fact.contact_id,
        PromiseKind.ASSESSMENT,
        date(2026, 11, 24),
    )
    assert (callback.phone, callback.words, callback.language) == (PHONE, "Lääkärin sanat.", Language.FI)


def test_a_referral_heard_twice_is_one_promise(desk: Desk) -> None:
    desk.chat.hears(referred(desk))
    assert len(desk.callbacks()) == 1


def test_whom_a_professional_sends_to_choose_a_time_is_promised_no_call(desk: Desk) -> None:
    referred(desk, call=None)
    assert desk.callbacks() == []
