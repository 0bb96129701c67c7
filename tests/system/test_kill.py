"""Any process may die at any moment: nothing that was accepted is lost, nothing is done twice.

200 journeys run through the split unit while a seeded hand kills -9 a process of it fifty times. The supervisor is
left alone: in production the platform starts it again, here nobody would. A client does what clients do: it sends
again, under the same key, until it has an answer.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
import psutil
import pytest
from sqlalchemy import text

from chassis import Refused
from chassis.asking import Asker
from chassis.bus import OBSERVER, Bus
from chassis.reading import facts
from contracts import chat
from contracts.feedback import GetFeedback
from services import NAMES
from tests.factories import client as resident_of
from tests.factories import staff
from tests.services.intake.builders import answers
from tests.system.ledger import Findings, Journey, Told, check, expected_rows
from tests.whole import DRAIN_SECONDS, WholeUnit

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]  # against hanging; nothing is timed

T = TypeVar("T")
JOURNEYS, AT_ONCE, KILLS = 200, 16, 50
SEED = 20261124
PAUSE_SECONDS = (0.8, 1.8)
"""Between two kills. A pause is what is tested here, not a wait for something."""
LOOK_SECONDS = 1.0
"""Between two looks: a front end asks everybody at each, and the kills last longer than the journeys anyway."""
PATIENCE_SECONDS = 180.0
AINO = staff()


class Client:
    """The front end of a resident and the desk of a therapist; both try again until they are answered."""

    def __init__(self, address: str, ask: Asker) -> None:
        self._http = httpx.AsyncClient(base_url=f"{address}/api/v1", timeout=10, trust_env=False)
        self._ask = ask

    async def close(self) -> None:
        await self._http.aclose()

    async def post(self, journey: Journey, path: str, body: dict[str, Any], key: str) -> Any:
        headers = {"Idempotency-Key": key} | journey.proof
        return await persistently(lambda: self._once("POST", path, headers, body))

    async def show(self, journey: Journey) -> Any:
        return await persistently(lambda: self._once("GET", f"/contacts/{journey.contact}", journey.proof, None))

    async def ask(self, what: Any, key: str | None = None, viewer: Any = AINO) -> Any:
        return await persistently(lambda: self._ask(what, viewer=viewer, key=key))

    async def _once(self, method: str, path: str, headers: dict[str, str], body: Any) -> Any:
        answer = await self._http.request(method, path, headers=headers, json=body)
        if answer.status_code >= 500:
            raise Refused("service-unavailable")
        assert answer.status_code < 400, (path, answer.status_code, answer.json().get("code"))
        return answer.json() if answer.content else None


async def persistently(once: Callable[[], Awaitable[T]]) -> T:
    """Try until there is an answer; a rule's refusal is one."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await once()
            except httpx.HTTPError:
                pass
            except Refused as refused:
                if refused.code not in {"service-unavailable", "internal-error"}:
                    raise
            await asyncio.sleep(0.2)


async def until(look: Callable[[], Awaitable[T]], holds: Callable[[T], Any]) -> T:
    """Look until it is so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds(found := await look()):  # noqa: ASYNC110  # it becomes so in another process
            await asyncio.sleep(LOOK_SECONDS)
        return found


async def travel(client: Client, journey: Journey) -> None:
    """Come in, be met, write to and fro, end, give feedback."""
    given = [answer.model_dump() for answer in answers()]
    opening = {
        "municipality": "285", "language": "fi", "trouble": "knee", "age_band": "23_74", "questionnaire": "2026-11-01",
        "answers": given,
    }  # fmt: skip
    opened = await client.post(journey, "/contacts", opening, journey.key)
    journey.contact, journey.secret = UUID(opened["contact_id"]), opened["secret"]
    case = await until(lambda: client.show(journey), lambda case: case["conversation"])
    accept = chat.AcceptConversation(conversation_id=case["conversation"]["conversation_id"], therapist_name=AINO.name)
    await client.ask(accept, key=str(uuid4()))
    for number in range(2):
        words, reply = f"Polveen sattuu, {number}.", f"Kerro lisää, {number}."
        await client.post(journey, f"/contacts/{journey.contact}/messages", {"words": words}, str(uuid4()))
        await client.ask(chat.PostMessage(contact_id=journey.contact, words=reply), key=str(uuid4()))
        journey.said += [words, reply]
    await client.ask(chat.EndConversation(contact_id=journey.contact), key=str(uuid4()))
    case = await until(lambda: client.show(journey), lambda case: case["invitations"])
    rating = {"invitation_id": case["invitations"][0]["invitation_id"], "recommend": 10}
    await client.post(journey, f"/contacts/{journey.contact}/feedback", rating, str(uuid4()))
    journey.rated = True


class Hand:
    """Kills -9 a process of the unit at random."""

    def __init__(self, unit: WholeUnit) -> None:
        self._unit = unit
        self._random = random.Random(SEED)
        self.killed: Counter[str] = Counter()

    async def kill(self, times: int) -> None:
        while self.killed.total() < times:
            await asyncio.sleep(self._random.uniform(*PAUSE_SECONDS))
            victim = self._random.choice((*NAMES, "nats-server"))
            if self._kill(victim):
                self.killed[victim] += 1

    def _kill(self, victim: str) -> bool:
        try:
            os.kill(self._pid(victim), signal.SIGKILL)
        except (ProcessLookupError, StopIteration):
            return False  # it is being started just now
        return True

    def _pid(self, victim: str) -> int:
        if victim != "nats-server":
            return int((self._unit.settings.data_dir / "pids" / victim).read_text())
        children = psutil.Process(self._unit.process.pid).children()
        return next(child.pid for child in children if child.name() == victim)


@dataclass(frozen=True)
class Aftermath:
    """What everybody was told, and what the streams, the services and their databases say when all is quiet."""

    journeys: list[Journey]
    killed: Counter[str]
    told: list[Told]
    transcripts: list[list[str]]
    rows: dict[str, int]
    unsettled: dict[str, int]
    summary: Any


async def storm(unit: WholeUnit) -> Aftermath:
    """All journeys under all kills."""
    address = f"nats://127.0.0.1:{unit.settings.embedded_nats_port}"
    desk, observer = Bus(unit.settings, "portal", address), Bus(unit.settings, OBSERVER, address)
    await asyncio.gather(desk.reach(), observer.reach())
    client = Client(unit.address, Asker(lambda: desk.connection))
    journeys = [Journey() for _ in range(JOURNEYS)]
    hand = Hand(unit)
    try:
        killing = asyncio.create_task(hand.kill(KILLS))
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(journey: Journey) -> None:
            async with gate:
                await travel(client, journey)

        await asyncio.gather(*(one(journey) for journey in journeys), killing)
        return await _aftermath(unit, observer, client, journeys, hand)
    finally:
        await client.close()
        await asyncio.gather(desk.broker.stop(), observer.broker.stop())


async def _aftermath(unit: WholeUnit, bus: Bus, client: Client, journeys: list[Journey], hand: Hand) -> Aftermath:
    told = await _settled(bus)
    unsettled = await _drained(unit) | {"dead letters": (await bus.jetstream().stream_info("DLQ")).state.messages}
    return Aftermath(
        journeys=journeys,
        killed=hand.killed,
        told=told,
        transcripts=[await _said(client, journey) for journey in journeys],
        rows={name: _rows(unit, *name.split(".")) for name in expected_rows(journeys)},
        unsettled=unsettled,
        summary=(await client.ask(GetFeedback(area="10"))).summary,
    )


async def _settled(bus: Bus) -> list[Told]:
    """The whole stream, once every journey's last fact is in it or patience ends: what is missing then is lost."""

    async def everything() -> list[Told]:
        return await persistently(lambda: _facts(bus))

    def complete(told: list[Told]) -> bool:
        return Counter(one.name for one in told)["feedback_invited"] >= JOURNEYS

    try:
        return await until(everything, complete)
    except TimeoutError:
        return await everything()


async def _facts(bus: Bus) -> list[Told]:
    try:
        stored = await facts(bus.jetstream())
    except Exception as error:  # the server is away: asked again
        raise Refused("service-unavailable") from error
    return [
        Told(
            name=each.fact.declared.name,
            contact=getattr(each.fact, "contact_id", None),
            event_id=each.headers["ce-id"],
            cause=each.headers.get("ce-causationid", ""),
        )
        for each in stored
    ]


async def _drained(unit: WholeUnit) -> dict[str, int]:
    """Rows that have not left, by outbox, once there are none or patience ends."""

    async def unsent() -> dict[str, int]:
        return {f"{name}.outbox": _rows(unit, name, "outbox", "published_at IS NULL") for name in NAMES}

    try:
        return await until(unsent, lambda found: not any(found.values()))
    except TimeoutError:
        return await unsent()


def _rows(unit: WholeUnit, service: str, table: str, where: str = "TRUE") -> int:
    with unit.database(service) as engine, engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table} WHERE {where}")).scalar_one())


async def _said(client: Client, journey: Journey) -> list[str]:
    assert journey.contact is not None
    asked = chat.GetMessages(contact_id=journey.contact)
    view = await client.ask(asked, viewer=resident_of(journey.contact))
    assert [one.sequence for one in view.messages] == list(range(1, len(view.messages) + 1))
    return [one.words for one in view.messages]


def test_fifty_kills_during_two_hundred_journeys_lose_and_double_nothing(tmp_path: Path) -> None:
    unit = WholeUnit(tmp_path, "--split")
    try:
        after = asyncio.run(storm(unit))
    finally:
        everything = psutil.Process(unit.process.pid).children(recursive=True)
        unit.kill()
    assert not psutil.wait_procs(everything, timeout=DRAIN_SECONDS)[1], "the supervisor is gone, its children are not"
    found = check(after.journeys, after.told, after.transcripts, after.rows, after.unsettled)
    sys.stdout.write(
        f"\nkilled {dict(after.killed)}; {JOURNEYS} journeys, {len(after.told)} facts; "
        f"lost {len(found.lost)}, doubled {len(found.doubled)}, out of order {len(found.disordered)}\n"
    )
    assert after.killed.total() >= KILLS
    assert found == Findings()
    assert (after.summary.asked, after.summary.answered) == (JOURNEYS, JOURNEYS)
