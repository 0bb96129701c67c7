"""Replay Soite's chat pilot (6.8.2024-21.2.2025) through the real services, on the pilot's own clock.

The pilot's report gives sums, not single conversations: the cases below are invented so that they add up to it. What
the report does not explain is an assumption, and the printed report says so. Source: mission.md sections 2 and 3.
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from chassis import Refused, Role, Service, Settings, Viewer, clock, run, seal
from chassis.bus import OBSERVER, Bus
from chassis.reading import facts, last_sequence
from chassis.running import Running
from contracts import Event, callbacks, chat, feedback, intake, portal
from contracts.areas import load_areas
from services.feedback.domain import Tally, net_promoter_interval, net_promoter_score, tally, wilson_interval

T = TypeVar("T")
HELSINKI = ZoneInfo("Europe/Helsinki")
AREA, KOKKOLA = "18", "272"
OPENED, CLOSED = date(2024, 8, 6), date(2025, 2, 21)
MESSAGES_FROM = date(2024, 12, 2)
THERAPISTS = (UUID("9a3d5c10-77a4-4c8b-9d41-2f9a5a0c1e11"), UUID("9a3d5c10-77a4-4c8b-9d41-2f9a5a0c1e12"))
SETTLE_SECONDS = 20.0


class Reading(StrEnum):
    """How the report's "20,57 min (5,26-44,01)" is read: nobody knows, so both are kept."""

    MINUTES_SECONDS = "minutes-seconds"
    DECIMAL_MINUTES = "decimal-minutes"


MEAN_TALK_SECONDS = {Reading.MINUTES_SECONDS: 1257, Reading.DECIMAL_MINUTES: 1234}
SHORTEST_TALK_SECONDS = {Reading.MINUTES_SECONDS: 326, Reading.DECIMAL_MINUTES: 316}
LONGEST_TALK_SECONDS = 2641
MEAN_WAIT_SECONDS = 33


@dataclass(frozen=True, slots=True)
class Case:
    """One invented contact of the pilot."""

    opens_at: datetime
    waits_seconds: int
    talks_seconds: int | None
    """None: left the queue."""
    identified: bool = False
    recommends: int | None = None


def pilot_cases(reading: Reading) -> list[Case]:
    """23 contacts on the pilot's opening days: 21 conversations and 2 who left (the base of 21 is our assumption)."""
    days = [
        day
        for day in _days(OPENED, CLOSED)
        if day.weekday() in (1, 3) and day not in (date(2024, 12, 24), date(2024, 12, 26))
    ]
    waits = _around(MEAN_WAIT_SECONDS, 21, spread=25, ends=None)
    talks = _around(
        MEAN_TALK_SECONDS[reading], 21, spread=600, ends=(SHORTEST_TALK_SECONDS[reading], LONGEST_TALK_SECONDS)
    )
    scores: list[int | None] = [10, 9, 10, 8, 10, 9, 10, 10, 9, 10, 10, 9, 10, *([None] * 8)]
    cases = []
    for place in range(23):
        at = datetime.combine(days[place * len(days) // 23], time(9, 10), HELSINKI).astimezone(UTC)
        if place in (7, 15):
            cases.append(Case(at, waits_seconds=240, talks_seconds=None))
            continue
        n = len([case for case in cases if case.talks_seconds is not None])
        cases.append(Case(at, waits[n], talks[n], identified=n % 7 in (1, 3, 5), recommends=scores[n * 8 % 21]))
    return cases


def message_times() -> list[datetime]:
    """4 messages left outside opening hours, once that was possible (12/2024)."""
    return [
        datetime.combine(MESSAGES_FROM + timedelta(days=18 * n), time(18, 30), HELSINKI).astimezone(UTC)
        for n in range(4)
    ]


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _around(mean: int, count: int, *, spread: int, ends: tuple[int, int] | None) -> list[int]:
    """`count` whole numbers with exactly this mean; with `ends` the smallest and largest are these."""
    middle = count - (2 if ends else 0)
    total = mean * count - sum(ends or ())
    base, left = divmod(total, middle)
    numbers = [base + (spread * (2 * n - middle + 1)) // (2 * middle) for n in range(middle)]
    numbers[middle // 2] += base * middle + left - sum(numbers)
    return [ends[0], *numbers, ends[1]] if ends else numbers


class Pilot:
    """The pilot at work: what residents and therapists did, through the same bus the portal uses."""

    def __init__(self, front: Running, time_source: clock.SetClock) -> None:
        self._front = front
        self._clock = time_source

    async def conversation(self, case: Case, therapist: UUID) -> None:
        """One contact of the pilot from opening to feedback."""
        contact = await self._opens(case.opens_at)
        resident = Viewer(role=Role.CLIENT, id=contact)
        staff = Viewer(role=Role.STAFF, id=therapist, areas=frozenset({AREA}), name="Fysioterapeutti", licensed=True)
        ask = self._front.ask
        waiting = await _settled(lambda: ask(chat.GetConversation(contact_id=contact), viewer=resident))
        self._clock.advance(timedelta(seconds=case.waits_seconds))
        if case.talks_seconds is None:
            await ask(chat.EndConversation(contact_id=contact), viewer=resident)
            return
        accept = chat.AcceptConversation(conversation_id=waiting.conversation_id, therapist_name=staff.name)
        await ask(accept, viewer=staff)
        for words, viewer in (("Hei, polvi on kipeä.", resident), ("Hei! Kerrotko lisää?", staff)):
            await ask(chat.PostMessage(contact_id=contact, words=words), viewer=viewer)
        if case.identified:
            await ask(chat.RequestIdentity(contact_id=contact), viewer=staff)
            await self._identifies(contact, resident)
        self._clock.advance(timedelta(seconds=case.talks_seconds))
        await ask(chat.EndConversation(contact_id=contact), viewer=staff)
        if case.recommends is not None:
            await self._gives_feedback(contact, resident, case.recommends)

    async def message(self, at: datetime, therapist: UUID) -> None:
        """A message left outside opening hours, and the call that keeps its promise."""
        contact = await self._opens(at)
        left = callbacks.LeftMessage(phone="+358401234567", words="Soittakaa, kiitos.")
        sealed = self._front.sealer.seal("chat", left.model_dump())
        asked = portal.CallbackRequested(
            area=AREA, municipality=KOKKOLA, contact_id=contact, callback_id=uuid4(), kind=portal.PromiseKind.ADVICE,
            message=sealed, requested_at=at,
        )  # fmt: skip
        await self._front.transact(lambda tx: tx.publish(asked))
        resident = Viewer(role=Role.CLIENT, id=contact)
        promise = await _settled(lambda: self._front.ask(callbacks.GetPromise(contact_id=contact), viewer=resident))
        self._clock.set(datetime.combine(promise.due_on - timedelta(days=3), time(10, 0), HELSINKI).astimezone(UTC))
        staff = Viewer(role=Role.STAFF, id=therapist, areas=frozenset({AREA}), name="Fysioterapeutti", licensed=True)
        await self._front.ask(
            callbacks.RecordCall(callback_id=promise.callback_id, outcome=callbacks.CallOutcome.REACHED), viewer=staff
        )

    async def _opens(self, at: datetime) -> UUID:
        self._clock.set(at)
        contact = uuid4()
        questions = await self._front.ask(
            intake.GetQuestionnaire(language="fi", trouble="knee"), viewer=Viewer(role=Role.SERVICE, id=contact)
        )
        mild = {"course": "same"} | {each.code: "no" for each in questions.questions if each.red_flag}
        answers = tuple(
            portal.Answer(question=each.code, answer=mild.get(each.code, each.options[0].code))
            for each in questions.questions
        )
        opened = portal.ContactOpened(
            area=AREA, municipality=KOKKOLA, contact_id=contact, origin=portal.Origin.CHAT, language="fi",
            trouble="knee", age_band=portal.AgeBand.FROM_23_TO_74, questionnaire=questions.version, answers=answers,
            opened_at=at,
        )  # fmt: skip
        await self._front.transact(lambda tx: tx.publish(opened))
        return contact

    async def _identifies(self, contact: UUID, resident: Viewer) -> None:
        person = portal.VerifiedPerson(
            personal_identity_code=None, family_name="Harjoitus", given_names="Hilla", birth_date=date(1970, 1, 1)
        )
        verified = portal.IdentityVerified(
            area=AREA, municipality=KOKKOLA, contact_id=contact, assurance=portal.AssuranceLevel.SUBSTANTIAL,
            person=self._front.sealer.seal("intake", person.model_dump(mode="json")), verified_at=clock.now(),
        )  # fmt: skip
        await self._front.transact(lambda tx: tx.publish(verified))

        async def known() -> chat.ConversationView:
            view = await self._front.ask(chat.GetConversation(contact_id=contact), viewer=resident)
            if not view.identified:
                raise Refused("not-identified", "not heard yet")
            return view

        await _settled(known)

    async def _gives_feedback(self, contact: UUID, resident: Viewer, score: int) -> None:
        async def invited() -> feedback.InvitationView:
            found = await self._front.ask(feedback.GetInvitations(contact_id=contact), viewer=resident)
            if not found.invitations:
                raise Refused("unknown-invitation", "not asked yet")
            return found.invitations[0]

        invitation = await _settled(invited)
        given = feedback.GiveFeedback(
            invitation_id=invitation.invitation_id, contact_id=contact, language="fi", recommend=score, useful=True
        )
        await self._front.ask(given, viewer=resident)


async def _settled(look: Callable[[], Awaitable[T]]) -> T:
    """Look until the services have caught up: a refusal now may be an answer in a moment."""
    for _ in range(int(SETTLE_SECONDS / 0.02)):
        try:
            return await look()
        except Refused as refused:
            last = refused
            await asyncio.sleep(0.02)
    raise last


async def replay(reading: Reading, folder: Path) -> list[Event]:
    """Run the pilot in a unit of its own in `folder`; returns every fact it told, in the order of the stream."""
    from services.unit import build

    settings = Settings(
        data_dir=folder, practice_hours=False, embedded_nats_port=_free_ports(), nats_url="", port=_free_ports()
    )
    services = [Service("portal", settings), *(build(name, settings) for name in ("intake", "chat", "feedback"))]
    time_source = clock.SetClock(datetime(2024, 8, 6, 5, 0, tzinfo=UTC))
    with clock.using(time_source):
        async with run.bus(settings, services) as (url, monitor_url):
            seal.make_keys(settings.keys_dir, [service.name for service in services])
            await run.provision_bus(settings, url, services)
            process = run.Process(services, settings, url, monitor_url)
            observer = Bus(settings, OBSERVER, url)
            await process.start()
            await process.ready()
            await observer.reach()
            try:
                await _live_through(Pilot(process.running[0], time_source), reading, time_source)
                await _told_everything(process, observer)
                return [stored.fact for stored in await facts(observer.jetstream())]
            finally:
                await observer.broker.stop()
                await process.stop()


async def _live_through(pilot: Pilot, reading: Reading, time_source: clock.SetClock) -> None:
    happenings: list[tuple[datetime, Callable[[UUID], Awaitable[None]]]] = []
    for case in pilot_cases(reading):
        happenings.append((case.opens_at, lambda therapist, case=case: pilot.conversation(case, therapist)))  # type: ignore[misc]  # a default argument binds the loop variable
    for at in message_times():
        happenings.append((at, lambda therapist, at=at: pilot.message(at, therapist)))  # type: ignore[misc]  # as above
    for number, (_, happens) in enumerate(sorted(happenings, key=lambda happening: happening[0])):
        await happens(THERAPISTS[number % 2])
    time_source.set(datetime.combine(CLOSED + timedelta(days=2), time(12, 0), HELSINKI).astimezone(UTC))


async def _told_everything(process: run.Process, observer: Bus) -> None:
    """Let every job see the last day, then wait until the stream stands still."""
    for running in process.running:
        await running.run_jobs()
    bus = observer.jetstream()
    still, before = 0, -1
    while still < 10:
        await asyncio.sleep(0.1)
        now = await last_sequence(bus)
        still, before = (still + 1, now) if now == before else (0, now)


def _free_ports() -> int:
    """A port whose next one is free too (the embedded server takes both)."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


@dataclass(frozen=True, slots=True)
class Report:
    """The pilot's figures, counted from facts alone. Every share has its numerator and base beside it."""

    conversations: int
    abandoned: int
    identified: int
    scores: Tally
    waits: tuple[int, ...]
    talks: tuple[int, ...]
    messages: int
    kept_on_time: int


def report_of(told: list[Event]) -> Report:
    """Count the pilot's figures."""
    ended = [event for event in told if isinstance(event, chat.ConversationEnded)]
    given = [event for event in told if isinstance(event, feedback.FeedbackGiven)]
    about_chat = Counter(event.recommend for event in given if event.about_what is feedback.About.CONVERSATION)
    return Report(
        conversations=len(ended),
        abandoned=sum(isinstance(event, chat.ConversationAbandoned) for event in told),
        identified=sum(event.identified for event in ended),
        scores=tally(about_chat),
        waits=tuple(event.waited_seconds for event in ended),
        talks=tuple(event.talk_seconds for event in ended),
        messages=sum(isinstance(event, callbacks.CallbackPromised) for event in told),
        kept_on_time=sum(event.on_time for event in told if isinstance(event, callbacks.CallbackKept)),
    )


def _share(part: int, base: int) -> str:
    interval = wilson_interval(part, base)
    low, high = interval or (0.0, 100.0)
    return f"{part}/{base} = {100 * part / base:.1f} %  (95 % interval {low:.1f}-{high:.1f} %)"


def _clock_time(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def printed(report: Report, reading: Reading) -> str:
    """The report as a person reads it."""
    base, scores = report.conversations, report.scores
    mean_talk = sum(report.talks) / base
    area = load_areas(Settings().areas_dir, practice=False).area(AREA)
    low, high = net_promoter_interval(scores) or (-100, 100)
    lines = [
        f"{area.names.en}: physiotherapy chat pilot {OPENED:%d.%m.%Y}-{CLOSED:%d.%m.%Y}, counted from its facts",
        f"  contacts       {base + report.abandoned}, of which {report.abandoned} left the queue"
        " (our assumption: the report does not say why its base is 21)",
        f"  conversations  {base}",
        f"  identified     {_share(report.identified, base)}",
        f"  feedback       {_share(scores.answers, base)}",
        f"  NPS            {net_promoter_score(scores)}  ({scores.promoters} promoters, {scores.passives} passive,"
        f" {scores.detractors} detractors of {scores.answers}; 95 % interval {low}-{high})",
        f"  mean wait      {sum(report.waits) / base:.0f} s",
        f"  talk time      mean {_clock_time(mean_talk)} = {mean_talk:.0f} s,"
        f" range {_clock_time(min(report.talks))}-{_clock_time(max(report.talks))}"
        f' (the report\'s "20,57" read as {reading.value.replace("-", " and ")})',
        f"  messages       {report.messages}, called back within 1-5 business days: {report.kept_on_time}",
    ]
    return "\n".join(lines)


async def run_pilot(reading: Reading) -> str:
    """Replay the pilot in a temporary unit and print its report."""
    with tempfile.TemporaryDirectory() as folder:
        return printed(report_of(await replay(reading, Path(folder))), reading)
