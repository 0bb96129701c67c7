"""Read a unit's events as another system of the county: all of them, in order, each acted on once.

    python subscriber.py NAME KEY MEMORY [STREAM …]

NAME is what this system was granted as, KEY the file of its NKEY seed, MEMORY where it keeps what it has acted on. Care
events come from the stream EVT, public ones from PUB; without a stream it reads both. It needs `nats-py[nkeys]` alone
and shares no code with the unit. Each event is printed as a CloudEvent in structured mode, one a line.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import suppress

import nats
from nats.aio.client import Client
from nats.errors import Error

URL = os.environ.get("NATS_URL", "nats://127.0.0.1:14222")
PREFIX = "DIGITERAPIA.API"
"""Where a neighbour's client finds the unit's JetStream."""
PATIENCE_SECONDS = 5.0
PAUSE_SECONDS = 1.0


def act(memory: sqlite3.Connection, headers: Mapping[str, str], body: bytes) -> None:
    """Act on an event, unless that has been done.

    What this example does is to write it down, its id in the same transaction: a crash leaves both or neither. Do as
    much in the database your own effect lands in; what leaves it (a mail, a print) may be lost or happen twice. Keep
    ids as long as the stream keeps events: a replay brings them again. Ignore fields and events you do not know.
    """
    event = {name.removeprefix("ce-"): text for name, text in headers.items() if name.startswith("ce-")}
    line = json.dumps(event | {"data": json.loads(body)}, ensure_ascii=False)
    with memory:
        new = memory.execute("INSERT OR IGNORE INTO acted VALUES (?, ?)", (event["id"], line)).rowcount
    if new:
        print(line, flush=True)


async def read(client: Client, stream: str, name: str, memory: sqlite3.Connection) -> None:
    """Take what waits in a stream, act, then settle it: what was not settled comes again."""
    own = await client.jetstream(prefix=PREFIX).pull_subscribe_bind(consumer=f"neighbour-{name}", stream=stream)
    while not client.is_closed:
        try:
            for message in await own.fetch(50, timeout=PATIENCE_SECONDS):
                act(memory, message.headers or {}, message.data)
                await message.ack()
        except TimeoutError:
            continue  # nothing new
        except Error as error:
            await complain(error)  # the bus is away: the client connects again by itself
            await asyncio.sleep(PAUSE_SECONDS)


async def complain(error: Exception) -> None:
    """Say what went wrong. A `permissions violation` here is a stream or an event that was not granted."""
    sys.stderr.write(f"{type(error).__name__}: {error}\n")


async def main(name: str, key: str, memory_file: str, *streams: str) -> None:
    """Read every stream until stopped, connecting for as long as it takes."""
    memory = sqlite3.connect(memory_file)
    memory.execute("CREATE TABLE IF NOT EXISTS acted (id TEXT PRIMARY KEY, event TEXT)")
    while True:
        with suppress(Error, OSError):
            client = await nats.connect(URL, nkeys_seed=key, max_reconnect_attempts=-1, error_cb=complain)
            await asyncio.gather(*(read(client, stream, name, memory) for stream in streams or ("EVT", "PUB")))
        await asyncio.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:]))
