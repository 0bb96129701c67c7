"""From the commit of a fact in one service to the commit of what the next one made of it, at 100 facts a second."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from nats.js.client import JetStreamContext

from bench import rig
from bench.rig import Place, PlainDatabase, Row
from chassis import Transaction
from chassis.bus import STREAM
from chassis.running import Running

FACTS = 300
PER_SECOND = 100


async def measure(place: Place) -> list[Row]:
    bare_client, database = await place.client(), place.plain("bare")
    async with place.running(place.portal(), place.reader()) as (portal, _reader):
        stream = bare_client.jetstream()
        fetched = await stream.pull_subscribe("evt.*.*.bare.>", durable="bare", stream=STREAM)
        await _ours(portal, 20)  # warm
        pairs = await rig.in_turn(lambda: _ours(portal), lambda: _bare(stream, fetched, database))
    await bare_client.close()
    return [
        rig.paired_row("latency", place.database, "p50", "ms", [(o[0], b[0]) for o, b in pairs], at_most=8),
        rig.paired_row("latency", place.database, "p99", "ms", [(o[1], b[1]) for o, b in pairs], at_most=30),
    ]


async def _ours(portal: Running, count: int = FACTS) -> tuple[float, float]:
    moments: dict[UUID, list[float]] = {}

    def committed(contacts: list[UUID], at: float) -> None:
        for contact in contacts:
            moments.setdefault(contact, []).append(at)

    async def tell() -> None:
        fact = rig.opened()

        def work(tx: Transaction) -> None:
            tx.publish(fact)
            rig.told_of(tx.session, fact.contact_id)

        await portal.transact(work)

    with rig.commits(committed):
        await _paced(tell, count)
        while len(moments) < count or any(len(pair) < 2 for pair in list(moments.values())):  # noqa: ASYNC110  # threads
            await asyncio.sleep(0.005)
    return rig.milliseconds([heard - told for told, heard in moments.values()])


async def _bare(
    stream: JetStreamContext, fetched: JetStreamContext.PullSubscription, database: PlainDatabase
) -> tuple[float, float]:
    told: dict[str, float] = {}
    seconds: list[float] = []

    async def tell() -> None:
        fact = rig.opened()
        told[str(fact.contact_id)] = time.perf_counter()
        subject = fact.subject.replace(".portal.", ".bare.")
        await stream.publish(subject, fact.model_dump_json().encode(), headers=rig.envelope(fact))

    async def hear() -> None:
        while len(seconds) < FACTS:
            for message in await fetched.fetch(100, timeout=30):
                fact = json.loads(message.data)
                database.insert([(fact["contact_id"], fact["trouble"], fact["opened_at"])])
                seconds.append(time.perf_counter() - told[fact["contact_id"]])
                await message.ack()

    listening = asyncio.create_task(hear())
    await _paced(tell, FACTS)
    await listening
    return rig.milliseconds(seconds)


async def _paced(tell: Callable[[], Awaitable[None]], count: int) -> None:
    """Start one every hundredth of a second, whether or not the one before is done: nobody waits politely."""
    began, under_way = time.perf_counter(), []
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.perf_counter()))
        under_way.append(asyncio.ensure_future(tell()))
    await asyncio.gather(*under_way)
