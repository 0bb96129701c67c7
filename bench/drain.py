"""A backlog that waits in the stream: facts a second until all are committed."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from uuid import UUID

from nats.js.client import JetStreamContext

from bench import rig
from bench.rig import Place, Row
from chassis import run
from chassis.bus import BATCH, STREAM
from contracts.portal import ContactOpened

FACTS = 8_000
Read = Callable[[Sequence[bytes]], None]


async def measure(place: Place) -> list[Row]:
    """Ours beside the bare loop: fetch, read the body, one insert in the plain driver, acknowledge."""
    await run.provision_bus(place.settings, place.nats_url, [])
    client = await place.client()
    await rig.publish_all(client, [rig.opened() for _ in range(FACTS)])
    number = itertools.count(1)
    runs = await rig.in_turn(
        lambda: _ours(place, next(number)),
        lambda: _bare(client.jetstream(), f"bare{next(number)}", _inserting(place, f"inserted{next(number)}")),
    )
    await client.close()
    floor = {"at_least": 5_000.0} if place.database == "sqlite" else {}
    return [rig.paired_row("drain", place.database, "backlog", "facts/s", runs, ratio_at_least=0.5, **floor)]


async def _ours(place: Place, number: int) -> float:
    """From the first commit on: connecting and migrating are another case's."""
    seen: list[tuple[int, float]] = []
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def committed(contacts: list[UUID], at: float) -> None:
        seen.append(((seen[-1][0] if seen else 0) + len(contacts), at))
        if seen[-1][0] >= FACTS:
            loop.call_soon_threadsafe(done.set)

    with rig.commits(committed):
        async with place.running(place.reader(number)):
            await done.wait()
    return _per_second(seen)


async def _bare(stream: JetStreamContext, durable: str, read: Read) -> float:
    fetched = await stream.pull_subscribe(ContactOpened.declared.pattern, durable=durable, stream=STREAM)
    seen: list[tuple[int, float]] = []
    while not seen or seen[-1][0] < FACTS:
        messages = await fetched.fetch(BATCH, timeout=30)
        read([message.data for message in messages])
        seen.append(((seen[-1][0] if seen else 0) + len(messages), time.perf_counter()))
        for message in messages:
            await message.ack()
    await fetched.unsubscribe()
    return _per_second(seen)


def _per_second(seen: list[tuple[int, float]]) -> float:
    (first, began), (last, ended) = seen[0], seen[-1]
    return (last - first) / (ended - began)


def _inserting(place: Place, name: str) -> Read:
    database = place.plain(name)

    def row(body: bytes) -> tuple[str, str, str]:
        fact = ContactOpened.model_validate_json(body)
        return str(fact.contact_id), fact.trouble, fact.opened_at.isoformat()

    return lambda bodies: database.insert([row(body) for body in bodies])
