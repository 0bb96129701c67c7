"""What people say and type is nowhere but with its owner: not on the bus, not in a log, a metric or a trace. Rule 4.

Canaries go in through every entry, right and wrong; then everything that leaves a service is searched for them.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from nats.js.api import RawStreamMsg

from chassis import Settings, clock, neighbours, run
from chassis.bus import OBSERVER, Bus
from chassis.envelope import headers_for
from chassis.neighbours import Neighbour
from chassis.reading import messages
from contracts import EVENTS
from services.notifications.webhooks.keyring import Keyring
from services.smoke import THERAPISTS, Visitor, journey
from tests.factories import safe_answers
from tests.receiver import WebReceiver, web_receiver
from tests.services.portal.sender import ACTS as SENDS
from tests.stack import eventually
from tests.system.canaries import CODES, ODD, PHONES, SAID, canaries, found, spellings
from tests.system.doors import TOLD, System, opened
from tests.whole import WholeUnit, closed_chats, whole_unit

pytestmark = [pytest.mark.live, pytest.mark.system, pytest.mark.timeout(240)]
STREAMS = ("EVT", "PUB", "DLQ", "ADV")
READER, TELLER = "data-lake", "navigator"
"""A neighbour that may read everything, and is posted to; one that may tell what front ends know."""


class Collector:
    """An OTLP endpoint that keeps what it is sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        kept = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                kept.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


async def live_through(address: str) -> None:
    """A journey in each language, then everything a person may do wrong."""
    for said in SAID.values():
        resident, therapist = Visitor(address), Visitor(address)
        try:
            await journey(resident, therapist, said)
        finally:
            await asyncio.gather(resident.close(), therapist.close())
    async with httpx.AsyncClient(base_url=address, timeout=20, follow_redirects=True) as client:
        await go_astray(client, *await open_contact(client))


async def be_called(address: str) -> None:
    """A message left in each language, each with a number written its own way; a therapist calls the first."""
    async with httpx.AsyncClient(base_url=address, timeout=20) as client:
        for said, phone, code in zip(SAID.values(), PHONES, CODES, strict=True):
            opened = await open_contact(client)
            await leave_message(client, *opened, phone, said.resident)
            assert await callback(client, *opened, phone, f"{said.resident} {code}") == httpx.codes.UNPROCESSABLE_ENTITY
    therapist = Visitor(address)
    try:
        await therapist.open("/desk/login")
        await therapist.send("", person=THERAPISTS[0])
        await therapist.open("/fi/desk/callbacks")
        page = await therapist.wait_for(lambda page: [each for each in page.forms if "/callbacks/" in each.action])
        form = next(each for each in page.forms if "/callbacks/" in each.action)
        await therapist.send(urlsplit(form.action).path, outcome="reached")
    finally:
        await therapist.close()


OPENING: dict[str, Any] = {
    "municipality": "285", "language": "fi", "trouble": "knee", "age_band": "23_74", "questionnaire": "2026-11-01",
    "answers": [each.model_dump() for each in safe_answers()],
}  # fmt: skip
"""A contact that a professional is to see."""


async def open_contact(client: httpx.AsyncClient) -> tuple[UUID, str]:
    answer = await client.post("/api/v1/contacts", json=OPENING, headers={"Idempotency-Key": str(uuid4())})
    answer.raise_for_status()
    return UUID(answer.json()["contact_id"]), answer.json()["secret"]


async def leave_message(client: httpx.AsyncClient, contact: UUID, secret: str, phone: str, words: str) -> None:
    """Accepted once intake has decided on a call."""
    key = str(uuid4())

    async def accepted() -> bool:
        return await callback(client, contact, secret, phone, words, key=key) == httpx.codes.ACCEPTED

    await eventually(accepted, "the message is taken")


async def callback(
    client: httpx.AsyncClient, contact: UUID, secret: str, phone: str, words: str, *, key: str = ""
) -> int:
    """The status of a message that is left."""
    headers = {"Idempotency-Key": key or str(uuid4()), "Authorization": f"Bearer {secret}"}
    body = {"phone": phone, "words": words, "kind": "advice"}
    answer = await client.post(f"/api/v1/contacts/{contact}/callback", json=body, headers=headers)
    return answer.status_code


async def go_astray(client: httpx.AsyncClient, contact: UUID, secret: str) -> None:
    """Words and numbers where none belong."""
    key = {"Idempotency-Key": str(uuid4()), "Authorization": f"Bearer {secret}"}
    odd = {"user-agent": ODD, "x-forwarded-for": ODD, "referer": f"http://{ODD}/", "accept-language": ODD}
    for wrong in (*CODES, *PHONES, SAID["sv"].resident, ODD):
        await client.get(f"/fi/asia/{quote(wrong)}", headers=odd)
        await client.get(f"/{quote(wrong)}")
        await client.get("/fi/kysely", params={"kunta": wrong, "vaiva": wrong, wrong: wrong})
        await client.post("/fi/kysely", data={"kunta": wrong, wrong: wrong}, headers={"origin": str(client.base_url)})
        await client.get(f"/api/v1/contacts/{contact}", headers={"Authorization": f"Bearer {quote(wrong)}"})
        await client.post(f"/api/v1/contacts/{contact}/callback", json={"phone": [wrong], wrong: wrong}, headers=key)
        await client.post(f"/api/v1/contacts/{contact}/messages", json={"words": {wrong: wrong}}, headers=key)
        await client.post(f"/api/v1/contacts/{contact}/booking", json={"hold_id": wrong, "email": wrong}, headers=key)
        for name in OPENING if wrong != ODD else ():  # one word may be a code: only intake knows them
            odd = [{"question": wrong, "answer": wrong}] if name == "answers" else wrong
            answer = await client.post("/api/v1/contacts", json=OPENING | {name: odd}, headers=key)
            assert answer.is_client_error, (name, wrong)
        await client.post("/api/v1/contacts", content=wrong.encode(), headers={"content-type": quote(wrong)})
        await client.get("/", headers={"traceparent": quote(wrong), "tracestate": f"a={quote(wrong)}", "baggage": ODD})


@dataclass
class Watched:
    """A unit, and everything that leaves it."""

    unit: WholeUnit
    receiver: WebReceiver
    collector: Collector
    folder: Path
    secret: str
    """With which the system that tells comes."""

    def digi(self, *words: str) -> bytes:
        done = self.unit.digi("bus", *words)
        assert done.returncode == 0, done.stderr
        return (done.stdout + done.stderr).encode()

    async def told(self, **wanted: int) -> dict[str, bytes]:
        """Everything the streams keep and the neighbour was posted, once so many facts and dead letters are there."""
        async with self._bus() as bus:

            async def everything() -> dict[str, list[RawStreamMsg]] | None:
                kept = {stream: [each async for each in messages(bus.jetstream(), stream)] for stream in STREAMS}
                return kept if _names(kept) >= Counter(wanted) else None

            kept = await eventually(everything, f"all is told: {wanted}")
        assert kept
        ids = {(each.headers or {})["ce-id"] for stream in ("EVT", "PUB") for each in kept[stream]}
        await eventually(lambda: ids <= set(self.receiver.took), "the neighbour has it")
        posted = b"\n".join(f"{each.headers}".encode() + each.body for each in self.receiver.came)
        return {stream: b"\n".join(map(_whole, kept[stream])) for stream in STREAMS} | {"webhook": posted}

    def listed(self, *commands: tuple[str, ...]) -> dict[str, bytes]:
        """What `digi bus …` prints, for a person and for a program."""
        return {" ".join(words): self.digi(*words) for each in commands for words in (each, (*each, "--json"))}

    async def letters(self, count: int) -> None:
        """Wait for so many dead letters."""

        async def there() -> bool:
            return (await bus.jetstream().stream_info("DLQ")).state.messages >= count

        async with self._bus() as bus:
            await eventually(there, f"{count} dead letters")

    @asynccontextmanager
    async def _bus(self) -> AsyncIterator[Bus]:
        bus = Bus(self.unit.settings, OBSERVER, self.unit.nats)
        await bus.reach()
        try:
            yield bus
        finally:
            await bus.broker.stop()

    def said(self) -> dict[str, bytes]:
        """What operators and machines are told; ends the unit."""
        places = self.listed(("dlq", "list"), ("dlq", "list", "--all"), ("accounts",))
        places["metrics"] = httpx.get(f"{self.unit.address}/metrics", trust_env=False).content
        assert self.unit.ends() == 0
        places |= {file.name: file.read_bytes() for file in self.folder.glob("*.log")}
        return places | {"traces": b"\n".join(self.collector.bodies)}


def _names(kept: Mapping[str, list[RawStreamMsg]]) -> Counter[str]:
    names = Counter(str(each.subject).split(".")[-2] for stream in ("EVT", "PUB") for each in kept[stream])
    return names + Counter(letters=len(kept["DLQ"]))


def _whole(message: RawStreamMsg) -> bytes:
    return f"{message.subject} {message.headers}".encode() + (message.data or b"")


@contextmanager
def watched(folder: Path, **more: str) -> Iterator[Watched]:
    collector = Collector()
    told = {
        "DIGI_LOG_LEVEL": "DEBUG",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "FEEDBACK_TOLD_AFTER_DAYS": "0",
    }
    try:
        with web_receiver() as receiver:
            receiver.more = {"x-said": ODD}
            secret = grant(Settings(data_dir=folder), receiver.address)
            with whole_unit(folder, **told, **more) as unit:
                yield Watched(unit, receiver, collector, folder, secret)
    finally:
        collector.close()


def grant(settings: Settings, address: str) -> str:
    """Before the unit starts: one system has everything there is posted to it, another may tell; returns its secret."""
    secret, digest = neighbours.new_secret()
    reads = tuple(kind.key for kind in EVENTS.values() if not kind.within)
    tells = tuple(neighbours.keys_of(TOLD))
    for each in (
        Neighbour(name=READER, since=clock.now(), reads=reads, webhook=address),
        Neighbour(name=TELLER, since=clock.now(), tells=tells, sends=SENDS, client_secrets=(digest,)),
    ):
        neighbours.save(settings.neighbours_dir, each)
    Keyring(settings.webhook_secrets_dir).add(READER)
    return secret


def search(places: Mapping[str, bytes]) -> None:
    """Look for every canary everywhere."""
    wanted = {canary: spellings(canary) for canary in canaries()}
    assert len(wanted) >= 60
    assert all(places[each] for each in ("EVT", "PUB", "webhook", "metrics", "traces", "unit.log", "nats.log"))
    size = sum(map(len, places.values()))
    hits = {place: found(kept, wanted) for place, kept in places.items()}
    sys.stdout.write(f"{len(wanted)} canaries, {size} bytes searched, {sum(map(len, hits.values()))} hits\n")
    assert {place: names for place, names in hits.items() if names} == {}


def test_nothing_that_anybody_says_or_types_leaves_its_owner(tmp_path: Path) -> None:
    with watched(tmp_path) as unit:
        asyncio.run(live_through(unit.unit.address))
        each = len(SAID)
        told = unit.told(feedback_given=each, identity_verified=each, visit_booked=each, notification_sent=each)
        search(asyncio.run(told) | unit.said())


def test_nothing_that_is_left_or_posted_while_the_chat_is_closed_leaves_its_owner(tmp_path: Path) -> None:
    """Messages with phone numbers, and what another system tells; dead letters that hold words are listed without."""
    (tmp_path / "areas").mkdir()
    with watched(tmp_path, **closed_chats(tmp_path / "areas")) as unit:
        asyncio.run(be_called(unit.unit.address))
        right, unreadable, sent = asyncio.run(be_told_of(System(unit.unit, TELLER, unit.secret)))
        of_both = len(SAID) + right
        told = unit.told(
            callback_requested=of_both, callback_promised=of_both, callback_kept=1, identity_verified=right,
            referral_received=sent, letters=unreadable,
        )  # fmt: skip
        places = asyncio.run(told)
        places |= unit.listed(("webhook", READER), *(("dlq", "show", str(1 + each)) for each in range(unreadable)))
        letters = unreadable + asyncio.run(speak_in_clear(unit.unit))
        asyncio.run(unit.letters(letters))
        said = unit.said()
        assert f"open dead letters: {letters}".encode() in said["dlq list"]
        search(places | said)


async def be_told_of(system: System) -> tuple[int, int, int]:
    """Everything another system may tell or send, then everything it may do wrong.

    How much of it was right, unreadable for its owner, and how many people came by a referral.
    """
    await system.come()
    try:
        right, unreadable = await system.tell_what_is_right(), await system.tell_what_its_owner_cannot_read()
        await system.sends.results()
        sent = await system.sends.what_is_right()
        for wrong in (*CODES, *PHONES, SAID["sv"].resident, ODD):
            await system.go_astray(wrong)
            await system.sends.go_astray(wrong)
    finally:
        await system.go()
    return right, unreadable, sent


async def speak_in_clear(unit: WholeUnit) -> int:
    """What no door lets in: facts with words in them, as a fault of ours would tell them; how many become letters."""
    words, contact = SAID["fi"].resident, opened()
    data = contact.model_dump(mode="json")
    wrong: tuple[tuple[bytes, dict[str, str]], ...] = (
        (words.encode(), {}),
        (json.dumps(data | {"trouble": words, words: words}).encode(), {}),
        (json.dumps(data | {"answers": [{words: words}]}).encode(), {}),
        (b"{}", {"ce-type": f"fi.digiterapia.portal.{ODD}.v1"}),
        (b"{}", {"ce-subject": quote(words)}),
        (b"{}", {"ce-time": quote(words), "ce-source": quote(words), f"ce-{ODD}": ODD, "traceparent": quote(words)}),
        (b"{}", {"ce-id": ODD}),
    )
    async with run.deployer(unit.settings, unit.nats) as bus:
        for body, odd in wrong:
            headers = headers_for(
                contact, event_id=str(uuid4()), at=clock.now(), version=1, cause=None, traceparent=None
            )
            await bus.jetstream().publish(contact.subject, body, headers=headers | odd)
    return len(wrong)


def test_a_canary_that_is_there_is_found() -> None:
    wanted = {canary: spellings(canary) for canary in canaries()}
    for place in (
        json.dumps({"words": SAID["fi"].resident}).encode(),
        f"GET /fi/asia/{quote(SAID['sv'].resident)}".encode(),
        SAID["sv"].resident.encode("latin-1"),
        b"phone=+358407654321",
    ):
        assert found(b"..." + place + b"...", wanted)
