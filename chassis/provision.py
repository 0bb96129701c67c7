"""Streams and consumers: made in one step from the contracts, verified by every service before it takes work."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

import httpx
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    ConsumerInfo,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StoreCompression,
    StreamConfig,
)
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from chassis import dead_letters
from chassis.bus import PUBLIC_STREAM, STREAM
from chassis.inbox import MAX_DELIVER
from chassis.neighbours import Neighbour
from chassis.service import Service
from contracts.base import MAX_BYTES
from contracts.versions import readable_as

DAY = 24 * 3600.0
ACK_WAIT_SECONDS = 30.0
MAX_ACK_PENDING = 500


def _stream(name: str, subject: str, *, days: int, gigabytes: float) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=[subject],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,  # a full stream refuses, the outbox keeps; it never forgets silently
        max_age=days * DAY,
        max_bytes=int(gigabytes * 2**30),
        max_msg_size=MAX_BYTES,
        duplicate_window=600.0,
        compression=StoreCompression.S2,
        num_replicas=1,
        deny_delete=True,
    )


STREAMS = (
    _stream(STREAM, "evt.>", days=90, gigabytes=4),
    _stream(PUBLIC_STREAM, "pub.>", days=30, gigabytes=0.5),
    _stream(dead_letters.STREAM, "dlq.>", days=180, gigabytes=1),
    _stream("ADV", "$JS.EVENT.ADVISORY.CONSUMER.>", days=14, gigabytes=0.25),
)
"""Facts; facts without persons; what could not be handled; the server's own words about consumers that gave up."""


def stream_of(subject: str) -> str:
    """The stream that keeps a subject of ours."""
    return next(str(each.name) for each in STREAMS if subject.startswith(str((each.subjects or [""])[0])[:-1]))


def _durable(name: str, subjects: list[str], **more: Any) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=name,
        filter_subjects=subjects,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_SECONDS,
        max_ack_pending=MAX_ACK_PENDING,
        **more,
    )


def consumer_configs(service: Service) -> list[ConsumerConfig]:
    """The durables through which a service reads."""
    return [
        _durable(
            kind.durable(service.name),
            [each.pattern for each in readable_as(kind)],
            deliver_policy=DeliverPolicy.ALL,
            max_deliver=MAX_DELIVER,
        )
        for kind, _ in service.handlers.items()
    ]


def neighbour_configs(neighbour: Neighbour) -> dict[str, ConsumerConfig]:
    """The durables through which a neighbour reads, by stream. However long it is away, nothing is given up on."""
    return {
        stream: _durable(
            neighbour.durable,
            filters,
            deliver_policy=DeliverPolicy.BY_START_TIME,
            opt_start_time=neighbour.since,
            max_deliver=-1,
        )
        for stream, filters in neighbour.filters().items()
    }


async def serve(bus: JetStreamContext, neighbour: Neighbour, *, anew: bool = False) -> None:
    """Make or change a neighbour's durables so that they are as its grants say, and delete those it has no more.

    Where it stands in a stream stays, unless `anew`: then it reads from `since` on again. Safe to repeat.
    """
    wanted = neighbour_configs(neighbour)
    for stream in (STREAM, PUBLIC_STREAM):
        config = wanted.get(stream)
        there = await consumer(bus, stream, neighbour.durable)
        if there and (anew or config is None):
            await bus.delete_consumer(stream, neighbour.durable)
        elif there and config:  # where a durable began cannot be changed, nor need it be
            config = replace(config, opt_start_time=there.config.opt_start_time)
        if config:
            await bus.add_consumer(stream, config)


async def waiting(bus: JetStreamContext, neighbour: Neighbour) -> int:
    """How many facts a neighbour has not taken or not settled yet."""
    there = [await consumer(bus, stream, neighbour.durable) for stream in neighbour.filters()]
    return sum((each.num_pending or 0) + (each.num_ack_pending or 0) for each in there if each)


async def consumer(bus: JetStreamContext, stream: str, durable: str) -> ConsumerInfo | None:
    """How a durable stands; None where there is none."""
    try:
        found: ConsumerInfo = await bus.consumer_info(stream, durable)
    except NotFoundError:
        return None
    return found


async def provision(bus: JetStreamContext, services: Sequence[Service], neighbours: Iterable[Neighbour] = ()) -> None:
    """Create or update every stream and consumer. Safe to repeat. Only the deployer's identity may do it."""
    for stream in STREAMS:
        try:
            await bus.stream_info(str(stream.name))
            await bus.update_stream(stream)
        except NotFoundError:
            await bus.add_stream(stream)
    for service in services:
        for config in consumer_configs(service):
            await bus.add_consumer(STREAM, config)
    for neighbour in neighbours:
        await serve(bus, neighbour)


async def differences(bus: JetStreamContext, services: Sequence[Service]) -> list[str]:
    """What on the bus is missing or not as the contract says; empty when all is well."""
    found = []
    for stream in STREAMS:
        try:
            actual: Any = (await bus.stream_info(str(stream.name))).config
        except NotFoundError:
            found.append(f"stream {stream.name} is missing")
            continue
        found += [f"stream {stream.name}: {difference}" for difference in _differing(stream, actual)]
    for service in services:
        for config in consumer_configs(service):
            there = await consumer(bus, STREAM, str(config.durable_name))
            if there is None:
                found.append(f"consumer {config.durable_name} is missing")
                continue
            found += [f"consumer {config.durable_name}: {each}" for each in _differing(config, there.config)]
    return found


def _differing(wanted: StreamConfig | ConsumerConfig, actual: Any) -> list[str]:
    return [
        f"{name} is {getattr(actual, name)!r}, wanted {value!r}"
        for name, value in asdict(wanted).items()
        if value is not None and name != "metadata" and not _same(value, getattr(actual, name))
    ]


def _same(wanted: Any, actual: Any) -> bool:
    if isinstance(wanted, float):
        return abs(wanted - (actual or 0.0)) < 1e-6
    return bool(wanted == actual) or (not wanted and not actual)


async def server_syncs(monitor_url: str) -> bool:
    """Whether the server writes through to disk before it acknowledges; without it a power cut loses facts."""
    async with httpx.AsyncClient(timeout=2) as client:
        answer = await client.get(f"{monitor_url}/jsz")
    return bool(json.loads(answer.text).get("config", {}).get("sync_always"))
