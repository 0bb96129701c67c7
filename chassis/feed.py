"""What waits on a durable, taken at once and kept: for work that is no handler's, like passing facts on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from chassis.bus import BATCH, FETCH_SECONDS, received
from chassis.errors import TryLater
from chassis.inbox import Received

NO_RESPONDERS = "503"


class Feed:
    """Takes from durables that provisioning has made and that the service is granted."""

    def __init__(self, connection: Callable[[], Client]) -> None:
        self._connection = connection

    async def take(
        self, stream: str, durable: str, keep: Callable[[Sequence[Received]], Awaitable[object]], *, most: int = BATCH
    ) -> int:
        """Hand what waits, at most `most`, to `keep`; settle it once that has returned.

        What `keep` raises goes through; its messages come again after the durable's `ack_wait`, and so may those whose
        settling is lost. `keep` is not called for nothing.

        Returns:
            How many there were; `most`: there may be more.

        Raises:
            TryLater: `feed-not-there`: no bus, no such durable, or not granted (which looks the same to a client).
        """
        try:
            waiting = await self._waiting(stream, durable, most)
        except (NatsError, TimeoutError) as error:
            raise TryLater("feed-not-there", f"{durable} in {stream} does not answer") from error
        if waiting:
            await keep([received(each) for each in waiting])
        for each in waiting:
            await each.ack()
        return len(waiting)

    async def _waiting(self, stream: str, durable: str, most: int) -> list[Msg]:
        """One request that does not linger: nothing is delivered to somebody who has gone on."""
        client = self._connection()
        inbox = client.new_inbox()
        subscription = await client.subscribe(inbox)
        found: list[Msg] = []
        try:
            request = json.dumps({"batch": most, "no_wait": True}).encode()
            await client.publish(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}", request, reply=inbox)
            async with asyncio.timeout(FETCH_SECONDS):
                while len(found) < most:
                    message = await subscription.next_msg(timeout=FETCH_SECONDS)
                    status = (message.headers or {}).get("Status")
                    if status == NO_RESPONDERS:
                        raise TimeoutError
                    if status:  # no more
                        break
                    found.append(message)
        finally:
            await subscription.unsubscribe()
        return found
