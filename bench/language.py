"""What the published language costs: permissions, headers that only neighbours read, public copies; on beside off."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from bench import rig
from bench.rig import Place, Row
from chassis import Handlers, Service, Transaction, run
from chassis.bus import PUBLIC_STREAM, STREAM
from chassis.envelope import headers_for
from contracts.base import Event
from contracts.intake import TriageCompleted
from contracts.portal import ContactOpened
from contracts.public import ContactCounted

FACTS = 4_000
NEEDED = (
    "ce-specversion", "ce-id", "ce-type", "ce-subject", "ce-time", "ce-aggregateversion", "traceparent", "Nats-Msg-Id",
)  # fmt: skip
PUBLIC_OF, FACTS_OF = 4, 14
"""A journey tells 14 facts and 4 public copies (`make smoke`)."""


async def measure(place: Place) -> list[Row]:
    """From the first fact heard until everything that follows is on the bus: facts heard and told a second."""
    pairs = await rig.in_turn(lambda: _all_on(place), lambda: _all_off(place))
    return [rig.paired_row("language", place.database, "all on beside all off", "facts/s", pairs, ratio_at_least=0.85)]


async def _all_on(place: Place) -> float:
    async with rig.place(place.postgres, guarded=True) as here:
        return await _worked_off(here, public=True)


async def _all_off(place: Place) -> float:
    async with rig.place(place.postgres) as here:
        with _least_envelope():
            return await _worked_off(here, public=False)


@contextmanager
def _least_envelope() -> Iterator[None]:
    """Without what only others read; with less, no service of ours could act on a fact once."""

    def least(event: Event, **said: Any) -> dict[str, str]:
        whole = headers_for(event, **said)
        return {name: whole[name] for name in NEEDED if name in whole}

    with patch("chassis.transaction.headers_for", least):
        yield


async def _worked_off(place: Place, *, public: bool) -> float:
    intake = Service(name="intake", settings=place.settings, handlers=_handlers(public=public))
    await run.provision_bus(place.settings, place.nats_url, [intake])
    began: list[float] = []
    async with run.deployer(place.settings, place.nats_url) as bus:
        await rig.publish_all(bus.connection, [rig.opened() for _ in range(FACTS)])
        copies = FACTS * PUBLIC_OF // FACTS_OF if public else 0
        with rig.commits(lambda _contacts, at: began.append(at)):
            async with place.running(intake):
                await _until(bus.jetstream(), {STREAM: 2 * FACTS, PUBLIC_STREAM: copies})
        ended = time.perf_counter()
    return FACTS / (ended - began[0])


async def _until(bus: Any, wanted: dict[str, int]) -> None:
    """Ask the server until its streams have as many messages."""
    for stream, count in wanted.items():
        while (await bus.stream_info(stream)).state.messages < count:  # noqa: ASYNC110  # it says so only when asked
            await asyncio.sleep(0.01)


def _handlers(*, public: bool) -> Handlers:
    on, counted = Handlers(), itertools.count()
    day = datetime.now(UTC).date()

    @on(ContactOpened)
    def triage(fact: ContactOpened, tx: Transaction) -> None:
        rig.told_of(tx.opened, fact.contact_id)
        tx.publish(TriageCompleted.example.model_copy(update={"contact_id": fact.contact_id}))
        if public and next(counted) % FACTS_OF < PUBLIC_OF:
            tx.publish(ContactCounted.example.model_copy(update={"day": day}))

    return on
