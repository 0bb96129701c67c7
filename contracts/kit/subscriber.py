"""Read a unit's events as another system of the county: all of them, in order, each acted on once.

    python subscriber.py NAME KEY MEMORY [STREAM …]

NAME is what this system was granted as, KEY the file of its NKEY seed, MEMORY where it keeps what it has acted on. Care
events come from the stream EVT, public ones from PUB; without a stream it reads both. It needs `nats-py[nkeys]` alone
and shares no code with the unit. Each event is printed as a CloudEvent in structured mode, one a line.
"""

import asyncio
import json
import os
import sqlite3
import sys
from contextlib import suppress
from datetime import datetime

import nats
from nats.aio.client import Client

URL = os.environ.get("NATS_URL", "nats://127.0.0.1:14222")
PREFIX = "DIGITERAPIA.API"  # where a neighbour's client finds the unit's JetStream
NEEDED = {"specversion", "id", "source", "type", "subject", "time", "datacontenttype"}


def act(memory: sqlite3.Connection, headers: dict[str, str], body: bytes) -> None:
    """Act on an event, unless that has been done. A ValueError says that it is none.

    This example writes it down, its id in the same transaction: a crash leaves both or neither. What leaves a database
    (a mail) may be lost or happen twice. Keep ids as long as the stream keeps events. Ignore what you do not know.
    """
    event = {name.removeprefix("ce-"): text for name, text in headers.items() if name.startswith("ce-")}
    whole = event.keys() >= NEEDED and (event["specversion"], event["datacontenttype"]) == ("1.0", "application/json")
    if not whole or datetime.fromisoformat(event["time"]).tzinfo is None:
        raise ValueError("no CloudEvent 1.0 with JSON data")
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
            for message in await own.fetch(50, timeout=5):
                try:
                    act(memory, message.headers or {}, message.data)
                except ValueError as error:
                    await complain(error)  # and settle it: it would come for ever and never be readable
                await message.ack()
        except TimeoutError:
            continue  # nothing new
        except nats.errors.Error as error:
            await complain(error)  # the bus is away: the client connects again by itself
            await asyncio.sleep(1)


async def complain(error: Exception) -> None:
    """Say what went wrong. A `permissions violation` here is a stream or an event that was not granted."""
    sys.stderr.write(f"{type(error).__name__}: {error}\n")


async def main(name: str, key: str, memory_file: str, *streams: str) -> None:
    """Read every stream until stopped, connecting for as long as it takes."""
    memory = sqlite3.connect(memory_file)
    memory.execute("CREATE TABLE IF NOT EXISTS acted (id TEXT PRIMARY KEY, event TEXT)")
    while True:
        with suppress(nats.errors.Error, OSError):
            client = await nats.connect(URL, nkeys_seed=key, max_reconnect_attempts=-1, error_cb=complain)
            await asyncio.gather(*(read(client, stream, name, memory) for stream in streams or ("EVT", "PUB")))
        await asyncio.sleep(1)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:]))
