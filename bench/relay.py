"""An outbox that has filled up: rows a second until the bus has them and they are marked."""

from __future__ import annotations

import itertools
import time

from nats.aio.client import Client

from bench import rig
from bench.rig import Place, Row
from chassis import Transaction, run
from chassis.bus import Bus
from chassis.db import Database
from chassis.outbox import Relay
from chassis.seal import Sealer
from chassis.transaction import write_down

ROWS = 4_000


async def measure(place: Place) -> list[Row]:
    await run.provision_bus(place.settings, place.nats_url, [])
    client, bus = await place.client(), Bus(place.settings, "portal", place.nats_url)
    await bus.broker.connect()
    number = itertools.count(1)
    pairs = await rig.in_turn(lambda: _ours(place, bus, f"portal{next(number)}"), lambda: _bare(client))
    await bus.broker.stop()
    await client.close()
    return [rig.paired_row("relay", place.database, "outbox to bus", "rows/s", pairs, ratio_at_least=0.7)]


async def _ours(place: Place, bus: Bus, name: str) -> float:
    database = Database(place.url(name), name)
    database.migrate()
    sealer = Sealer(place.settings.keys_dir, "portal")
    for _ in range(ROWS // 100):
        database.write(lambda session: write_down(session, [_told(Transaction("portal", session, sealer))]))
    began = time.perf_counter()
    await Relay(database, name).drain(bus.jetstream())
    seconds = time.perf_counter() - began
    database.close()
    return ROWS / seconds


def _told(tx: Transaction) -> Transaction:
    for _ in range(100):
        tx.publish(rig.opened())
    return tx


async def _bare(client: Client) -> float:
    facts = [rig.opened() for _ in range(ROWS)]
    began = time.perf_counter()
    await rig.publish_all(client, facts)
    return ROWS / (time.perf_counter() - began)
