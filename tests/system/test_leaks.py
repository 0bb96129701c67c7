"""What people say and type is nowhere but with its owner: not on the bus, not in a log, a metric or a trace.

Canaries go in through every entry, right and wrong; then everything that leaves a service is searched for them.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import pytest

from chassis import Settings, clock
from chassis.bus import OBSERVER, Bus
from chassis.calendar import local_date
from chassis.reading import messages
from services.portal.practice.people import residents
from services.smoke import RESIDENT, Said, Visitor, journey
from tests.stack import eventually
from tests.whole import WholeUnit, whole_unit

pytestmark = [pytest.mark.live, pytest.mark.system, pytest.mark.timeout(240)]

SAID = {
    "fi": Said(
        "Kanarialintu Äyräpää: polvi naksuu kuin kärrynpyörä", "Vastaus kanarialle, hyvä Öhman",
        "kanaria.resident@lintula.example", "Palaute lintulasta: ääni kuului",
    ),
    "sv": Said(
        "Kanariefågel Åström: knät knakar som en kärra", "Svar till fågeln, käre Ågren", "kanarie.sv@fagel.example",
        "Omdöme från fågelbo: rösten hördes",
    ),
    "en": Said(
        "Canarybird Smithers: my knee creaks like a cart", "Reply to the birdie, dear Jones", "canary.en@birds.example",
        "Comment from the birdcage: voice was heard",
    ),
}  # fmt: skip
PHONES = ("+358 40 765 4321", "0407654321", "+358407654321")
CODES = ("010190-9342", "131052-308T", "010190A935P")
ODD = "piilokanaria"
"""Where nobody should say anything: paths, queries, headers, names of fields."""


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


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


@pytest.fixture
def unit(tmp_path: Path, collector: Collector) -> Iterator[WholeUnit]:
    told = {
        "DIGI_LOG_LEVEL": "DEBUG",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "FEEDBACK_TOLD_AFTER_DAYS": "0",
    }
    with whole_unit(tmp_path, **told) as running:
        yield running


def canaries() -> list[str]:
    """Everything personal that goes in, whole and in the pieces it might be cut into."""
    texts = [text for said in SAID.values() for text in (said.resident, said.therapist, said.email, said.feedback)]
    pieces = [word.strip(".,:") for text in texts for word in text.replace("@", " ").split() if len(word) > 4]
    (noora,) = (each for each in residents(local_date(clock.now())) if each.key == RESIDENT)
    told = [str(value) for name, value in noora.claims.items() if name != "acr"]
    return sorted({*texts, *pieces, *PHONES, *CODES, noora.shown, *told, ODD})


def spellings(canary: str) -> set[bytes]:
    """How it may be written down."""
    return {
        one.encode(encoding, "replace")
        for one in (canary, json.dumps(canary)[1:-1], quote(canary), quote(canary, safe="@"))
        for encoding in ("utf-8", "latin-1", "utf-16-le")
    } - {b""}


def found(where: bytes, wanted: dict[str, set[bytes]]) -> set[str]:
    return {canary for canary, spelt in wanted.items() if any(each in where for each in spelt)}


async def live_through(address: str) -> None:
    """A journey in each language, then everything a person may do wrong, and a message left."""
    for said in SAID.values():
        resident, therapist = Visitor(address), Visitor(address)
        try:
            await journey(resident, therapist, said)
        finally:
            await asyncio.gather(resident.close(), therapist.close())
    async with httpx.AsyncClient(base_url=address, timeout=20, follow_redirects=True) as client:
        contact, secret = await open_contact(client)
        for phone in PHONES:
            await leave_message(client, contact, secret, phone)
        await go_astray(client, contact, secret)


async def open_contact(client: httpx.AsyncClient) -> tuple[UUID, str]:
    body = {
        "municipality": "285", "language": "fi", "trouble": "knee", "age_band": "23_74", "questionnaire": "2026-11-01",
        "answers": [{"question": "joint_now", "answer": "no"}],
    }  # fmt: skip
    answer = await client.post("/api/v1/contacts", json=body, headers={"Idempotency-Key": str(uuid4())})
    answer.raise_for_status()
    return UUID(answer.json()["contact_id"]), answer.json()["secret"]


async def leave_message(client: httpx.AsyncClient, contact: UUID, secret: str, phone: str) -> None:
    await client.post(
        f"/api/v1/contacts/{contact}/callback",
        json={"phone": phone, "words": f"{SAID['fi'].resident} {CODES[0]}", "kind": "advice"},
        headers={"Idempotency-Key": str(uuid4()), "Authorization": f"Bearer {secret}"},
    )


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
        await client.post("/api/v1/contacts", json={"municipality": wrong, "trouble": wrong}, headers=key)
        await client.post("/api/v1/contacts", content=wrong.encode(), headers={"content-type": quote(wrong)})
        await client.get("/", headers={"traceparent": quote(wrong), "tracestate": f"a={quote(wrong)}", "baggage": ODD})


async def on_the_bus(url: str, settings: Settings) -> dict[str, bytes]:
    """Everything every stream keeps: subjects, headers, bodies; once the last of it has come."""
    bus = Bus(settings, OBSERVER, url)
    await bus.reach()
    try:

        async def everything() -> dict[str, bytes] | None:
            kept = {stream: await _kept(bus, stream) for stream in ("EVT", "PUB", "DLQ", "ADV")}
            return kept if kept["EVT"].count(b".feedback_given.v1 ") == len(SAID) else None

        found = await eventually(everything, "the feedback has been told")
        assert found
        return found
    finally:
        await bus.broker.stop()


async def _kept(bus: Bus, stream: str) -> bytes:
    parts = [
        f"{message.subject} {message.headers}".encode() + (message.data or b"")
        async for message in messages(bus.jetstream(), stream)
    ]
    return b"\n".join(parts)


def test_nothing_that_anybody_says_or_types_leaves_its_owner(
    unit: WholeUnit, collector: Collector, tmp_path: Path
) -> None:
    asyncio.run(live_through(unit.address))
    url = f"nats://127.0.0.1:{unit.settings.embedded_nats_port}"
    places = asyncio.run(on_the_bus(url, unit.settings))
    places["metrics"] = httpx.get(f"{unit.address}/metrics").content
    assert unit.ends() == 0
    places |= {file.name: file.read_bytes() for file in tmp_path.glob("*.log")}
    places["traces"] = b"\n".join(collector.bodies)
    wanted = {canary: spellings(canary) for canary in canaries()}
    assert len(wanted) >= 60
    assert all(places[each] for each in ("EVT", "PUB", "metrics", "traces", "unit.log", "nats.log"))
    size = sum(map(len, places.values()))
    hits = {place: found(kept, wanted) for place, kept in places.items()}
    sys.stdout.write(f"{len(wanted)} canaries, {size} bytes searched, {sum(map(len, hits.values()))} hits\n")
    assert {place: names for place, names in hits.items() if names} == {}


def test_a_canary_that_is_there_is_found() -> None:
    wanted = {canary: spellings(canary) for canary in canaries()}
    for place in (
        json.dumps({"words": SAID["fi"].resident}).encode(),
        f"GET /fi/asia/{quote(SAID['sv'].resident)}".encode(),
        SAID["sv"].resident.encode("latin-1"),
        b"phone=+358407654321",
    ):
        assert found(b"..." + place + b"...", wanted)
