from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from chassis import Transact, clock
from contracts.notifications import FailureKind, NotificationFailed, NotificationSent
from services.notifications.clients.smtp import Gateway
from services.notifications.domain import MOST_ATTEMPTS
from services.notifications.jobs import begin, send_due
from tests.factories import visit_booked
from tests.services.notifications.post import Post, only_with_login
from tests.unit import START, Unit

ADDRESS = "aada.asiakas+aika@example.fi"
DELAYS = (1, 5, 30, 120, 600, *[3600] * 24)
LOGIN_IN_CLEAR = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


def booked(unit: Unit, address: Any = ADDRESS, **over: Any):
    fact = visit_booked(**{"recipient": unit.seal({"email": address})} | over)
    unit.hears(fact)
    return fact


def delivery(unit: Unit) -> Any:
    statement = text("SELECT state, attempts, recipient FROM delivery")
    return unit.database.read(lambda session: session.connection().execute(statement).one())


def deliveries(unit: Unit) -> int:
    statement = text("SELECT count(*) FROM delivery")
    return int(unit.database.read(lambda session: session.connection().execute(statement).scalar_one()))


def test_a_booked_visit_is_confirmed_by_mail(notifications: Unit, gateway: Post) -> None:
    booked(notifications)
    notifications.runs(send_due)
    assert (gateway.recipients, [mail["To"] for mail in gateway.mails]) == ([ADDRESS], [ADDRESS])


def test_a_sent_mail_is_told_without_saying_to_whom(notifications: Unit, gateway: Post) -> None:
    fact = booked(notifications, municipality="286", language="sv")
    notifications.runs(send_due)
    (told,) = notifications.told
    assert told == NotificationSent(
        area="10",
        municipality="000",  # this service never hears of whom no place may be told (rule 9)
        notification_id=told.notification_id,
        visit_id=fact.visit_id,
        medium="email",
        template="visit-booked",
        language="sv",
        attempts=1,
        sent_at=START,
    )


def test_who_gave_no_address_gets_nothing(notifications: Unit, gateway: Post) -> None:
    notifications.hears(visit_booked(recipient=None))
    notifications.runs(send_due)
    assert (notifications.outcome, deliveries(notifications), gateway.mails) == ("done", 0, [])


def test_the_same_booking_told_twice_is_confirmed_once(notifications: Unit, gateway: Post) -> None:
    fact = booked(notifications)
    notifications.runs(send_due)
    notifications.hears(fact)  # a replay: another event id, after the address was let go
    notifications.runs(send_due)
    assert len(gateway.mails) == 1


def test_a_sent_mail_is_not_sent_again(notifications: Unit, gateway: Post) -> None:
    booked(notifications)
    for _ in range(3):
        notifications.runs(send_due)
        notifications.clock.advance(timedelta(hours=1))
    assert len(gateway.mails) == 1


def test_the_address_is_let_go_once_the_mail_is_sent(notifications: Unit, gateway: Post) -> None:
    booked(notifications)
    assert delivery(notifications).recipient is not None
    notifications.runs(send_due)
    assert tuple(delivery(notifications)) == ("sent", 1, None)


def test_the_address_is_never_in_the_database(notifications: Unit, gateway: Post, tmp_path: Path) -> None:
    booked(notifications)
    notifications.runs(dies_while_sending)
    files = [file.read_bytes() for file in tmp_path.glob("notifications.db*")]
    assert files
    assert not any(ADDRESS.encode() in content for content in files)


def test_what_is_due_is_sent_in_one_run_longest_due_first(notifications: Unit, gateway: Post) -> None:
    for number in range(3):
        booked(notifications, f"nro{number}@example.fi")
        notifications.clock.advance(timedelta(seconds=1))
    notifications.runs(send_due)
    assert gateway.recipients == [f"nro{number}@example.fi" for number in range(3)]


def test_a_mail_put_off_by_the_gateway_is_sent_a_second_later(notifications: Unit, gateway: Post) -> None:
    gateway.to_recipient = ["451 4.7.1 greylisted, come again", "250 OK"]
    booked(notifications)
    notifications.runs(send_due)
    notifications.runs(send_due)
    assert tuple(delivery(notifications))[:2] == ("pending", 1)
    notifications.clock.advance(timedelta(seconds=1))
    notifications.runs(send_due)
    assert notifications.told_of(NotificationSent)[0].attempts == 2


def test_a_message_put_off_after_its_content_is_sent_later(notifications: Unit, gateway: Post) -> None:
    gateway.replies = ["452 4.3.1 no room", "250 OK"]
    booked(notifications)
    notifications.runs(send_due)
    notifications.clock.advance(timedelta(seconds=1))
    notifications.runs(send_due)
    assert len(gateway.mails) == 1


@pytest.mark.parametrize("stage", ["to_recipient", "replies"])
def test_a_mail_refused_for_good_is_given_up_at_once(notifications: Unit, gateway: Post, stage: str) -> None:
    setattr(gateway, stage, ["550 5.1.1 no such mailbox"])
    fact = booked(notifications)
    notifications.runs(send_due)
    (told,) = notifications.told
    assert told == NotificationFailed(
        area="10",
        municipality="000",
        notification_id=told.notification_id,
        visit_id=fact.visit_id,
        medium="email",
        template="visit-booked",
        kind=FailureKind.PERMANENT,
        attempts=1,
        failed_at=START,
    )
    assert tuple(delivery(notifications)) == ("failed", 1, None)


def test_a_gateway_that_is_down_is_tried_again_soon_then_hourly_for_a_day(notifications: Unit, post: Post) -> None:
    booked(notifications)
    for attempts, seconds in enumerate(DELAYS, start=1):
        notifications.runs(send_due)
        notifications.clock.advance(timedelta(seconds=seconds - 0.5))
        notifications.runs(send_due)  # too early: no attempt
        assert delivery(notifications).attempts == attempts
        notifications.clock.advance(timedelta(seconds=0.5))
    assert notifications.told == []


def test_a_gateway_that_stays_down_ends_in_a_technical_failure(notifications: Unit, post: Post) -> None:
    booked(notifications)
    for seconds in (*DELAYS, 0):
        notifications.runs(send_due)
        notifications.clock.advance(timedelta(seconds=seconds))
    (told,) = notifications.told_of(NotificationFailed)
    assert (told.kind, told.attempts) == (FailureKind.TECHNICAL, 30)
    assert tuple(delivery(notifications)) == ("failed", 30, None)


def test_a_gateway_that_stays_down_until_the_visit_begins_is_tried_no_more(notifications: Unit, post: Post) -> None:
    booked(notifications, starts_at=START + timedelta(minutes=5))
    for seconds in DELAYS[:5]:
        notifications.runs(send_due)
        notifications.clock.advance(timedelta(seconds=seconds))
    (told,) = notifications.told_of(NotificationFailed)
    assert (told.kind, told.attempts) == (FailureKind.TECHNICAL, 5)


def test_a_gateway_that_comes_back_gets_what_waited(notifications: Unit, post: Post) -> None:
    booked(notifications)
    notifications.runs(send_due)
    notifications.clock.advance(timedelta(seconds=1))
    with post.open():
        notifications.runs(send_due)
    assert len(post.mails) == 1


def test_while_the_gateway_is_down_one_mail_is_tried_and_the_rest_waits(notifications: Unit, post: Post) -> None:
    for _ in range(3):
        booked(notifications)
    notifications.runs(send_due)
    statement = text("SELECT sum(attempts) FROM delivery")
    assert notifications.database.read(lambda session: session.connection().execute(statement).scalar_one()) == 1


def test_a_refused_address_does_not_keep_the_others_waiting(notifications: Unit, gateway: Post) -> None:
    gateway.to_recipient = ["550 5.1.1 no such mailbox", "250 OK"]
    booked(notifications)
    booked(notifications, "toinen@example.fi")
    notifications.runs(send_due)
    assert gateway.recipients == ["toinen@example.fi"]


@pytest.mark.parametrize(
    "address",
    [
        "aada@example.fi\r\nBcc: kaikki@example.fi",
        "aada@example.fi\n",
        "aada@example.fi, toinen@example.fi",
        "Aada <aada@example.fi>",
        "aada@localhost",
        "aada",
        "",
        None,
        ["aada@example.fi"],
    ],
)
def test_what_is_no_address_is_given_up_without_a_word_to_the_gateway(
    notifications: Unit, gateway: Post, address: Any
) -> None:
    booked(notifications, address)
    notifications.runs(send_due)
    assert gateway.mails == []
    assert [told.kind for told in notifications.told_of(NotificationFailed)] == [FailureKind.PERMANENT]


def test_a_recipient_sealed_for_somebody_else_is_given_up(notifications: Unit, gateway: Post) -> None:
    notifications.hears(visit_booked(recipient=notifications.sealer.seal("chat", {"email": ADDRESS})))
    notifications.runs(send_due)
    assert [told.kind for told in notifications.told_of(NotificationFailed)] == [FailureKind.PERMANENT]


def test_an_attempt_cut_off_is_made_again_after_its_lease_under_the_same_message_id(
    notifications: Unit, gateway: Post
) -> None:
    """A process that dies between sending and putting it on record: the mailbox may get two, and shows one."""
    booked(notifications)
    notifications.runs(dies_after_sending)
    notifications.clock.advance(timedelta(minutes=5) - timedelta(seconds=1))
    notifications.runs(send_due)
    assert len(gateway.mails) == 1
    notifications.clock.advance(timedelta(seconds=1))
    notifications.runs(send_due)
    assert len({mail["Message-ID"] for mail in gateway.mails}) == 1
    assert [told.attempts for told in notifications.told_of(NotificationSent)] == [2]


async def dies_while_sending(transact: Transact) -> None:
    """Stands for a process that was killed in the middle of an attempt."""
    await transact(begin)


async def dies_after_sending(transact: Transact, gateway: Gateway) -> None:
    """Stands for a process that was killed: the mail is out, nobody wrote it down."""
    attempt = await transact(begin)
    assert attempt is not None
    assert attempt.address is not None
    await gateway.send(attempt.letter, attempt.address)


def test_attempts_that_are_always_cut_off_come_to_an_end(notifications: Unit) -> None:
    booked(notifications)
    for _ in range(MOST_ATTEMPTS + 1):
        notifications.runs(dies_while_sending)
        notifications.clock.advance(timedelta(minutes=5))
    assert [told.kind for told in notifications.told_of(NotificationFailed)] == [FailureKind.TECHNICAL]


def test_the_message_id_comes_from_the_notification(notifications: Unit, gateway: Post) -> None:
    booked(notifications)
    notifications.runs(send_due)
    told = notifications.told_of(NotificationSent)[0]
    assert gateway.mails[0]["Message-ID"] == f"<{told.notification_id}@booking.invalid>"


@LOGIN_IN_CLEAR
def test_a_login_is_given_where_the_settings_have_one(set_up: Callable[..., Unit], post: Post) -> None:
    unit = set_up(smtp_user="unit", smtp_password="secret")
    booked(unit)
    with post.open(authenticator=only_with_login, auth_required=True, auth_require_tls=False):
        unit.runs(send_due)
    assert len(post.mails) == 1


@LOGIN_IN_CLEAR
@pytest.mark.parametrize(
    "login", [{"smtp_user": "unit", "smtp_password": "old"}, {}], ids=["a wrong one", "none where one is asked for"]
)
def test_a_login_that_fails_is_our_fault_and_tried_again(
    set_up: Callable[..., Unit], post: Post, login: dict[str, str]
) -> None:
    unit = set_up(**login)
    booked(unit)
    with post.open(authenticator=only_with_login, auth_required=True, auth_require_tls=False):
        unit.runs(send_due)
    assert tuple(delivery(unit))[:2] == ("pending", 1)


def test_no_mail_goes_out_in_clear_where_encryption_is_demanded(set_up: Callable[..., Unit], post: Post) -> None:
    unit = set_up(smtp_starttls="true")
    booked(unit)
    with post.open():
        unit.runs(send_due)
    assert (post.mails, tuple(delivery(unit))[:2]) == ([], ("pending", 1))


def test_a_gateway_that_never_answers_is_not_waited_for(set_up: Callable[..., Unit], post: Post) -> None:
    unit = set_up(smtp_timeout_seconds="0.2")
    booked(unit)
    with socket.create_server(("127.0.0.1", post.port)):
        unit.runs(send_due)
    assert tuple(delivery(unit))[:2] == ("pending", 1)


def test_several_processes_send_every_mail_once(together: list[Unit], gateway: Post) -> None:
    for number in range(20):
        booked(together[0], f"nro{number}@example.fi")
    with clock.using(together[0].clock), ThreadPoolExecutor(len(together)) as processes:
        list(processes.map(lambda unit: unit.runs(send_due), together))
    assert sorted(gateway.recipients) == sorted(f"nro{number}@example.fi" for number in range(20))
    assert len(together[0].told_of(NotificationSent)) == 20


def test_the_same_booking_heard_by_several_processes_at_once_is_one_mail(together: list[Unit], gateway: Post) -> None:
    fact = visit_booked(recipient=together[0].seal({"email": ADDRESS}))
    with clock.using(together[0].clock), ThreadPoolExecutor(len(together)) as processes:
        list(processes.map(lambda unit: unit.hears(fact), together))
    assert (deliveries(together[0]), {unit.outcome for unit in together}) == (1, {"done"})


def test_two_visits_of_one_person_are_two_mails(notifications: Unit, gateway: Post) -> None:
    recipient = notifications.seal({"email": ADDRESS})
    for _ in range(2):
        notifications.hears(visit_booked(visit_id=uuid4(), recipient=recipient))
    notifications.runs(send_due)
    assert len(gateway.mails) == 2
