"""What is done by the clock for neighbours without NATS: take what waits for them, post what is due.

At least once: a fact is kept before it is settled on the bus, an attempt is on record before it begins, and how it
ended after it. A process that dies in between leaves an attempt that counts as cut off after its lease; it is made
again under the same `webhook-id`, by which the receiver knows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from chassis import Jobs, Transact, Transaction, TryLater, Unprocessable, clock, telemetry
from chassis.bus import BATCH
from chassis.envelope import read_envelope
from chassis.feed import Feed
from chassis.inbox import Received
from contracts.base import EVENTS
from services.notifications.metrics import WEBHOOK_FAILED, WEBHOOK_POSTS, WEBHOOK_WAITING, WEBHOOK_WITHDRAWN
from services.notifications.models import WebhookPost
from services.notifications.webhooks import domain, receivers, store
from services.notifications.webhooks.domain import Answer, State
from services.notifications.webhooks.receivers import Outcome, Receiver, Receivers
from services.notifications.webhooks.store import Line

LOOK_SECONDS = 1.0
"""How soon others are looked after again while one receiver lets us wait."""

jobs = Jobs()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to post one fact."""

    event_id: str
    number: int
    address: str
    headers: dict[str, str]
    body: str


def _log() -> Any:
    return telemetry.log("webhooks")


# Taking


@jobs(every=timedelta(seconds=1))
async def take(transact: Transact, feed: Feed, known: Receivers) -> None:
    """Take what waits for those who are posted to; what a stopped or very late one does not get stays in the stream.

    Raises:
        TryLater: `grants-not-there`: they were, so nobody has lost any.
    """
    try:
        there, unreadable = await asyncio.to_thread(known.all)
    except TryLater:
        waiting = await transact(store.open_lines)
        if waiting or known.were_there:
            raise
        return  # nobody has been granted anything yet
    room = await transact(partial(lines_with_room, there=there, unreadable=unreadable))
    async with asyncio.TaskGroup() as group:
        for line, most in room.items():
            group.create_task(_take(line, there[line.neighbour], transact, feed, most=most))


def lines_with_room(
    tx: Transaction, *, there: dict[str, Receiver], unreadable: Collection[str] = ()
) -> dict[Line, int]:
    """The lines for which something may be taken, and how much; what waits for those without grants is withdrawn.

    Args:
        tx: of the round.
        there: who is posted to.
        unreadable: whose grants nobody can tell: what waits for them goes on waiting.
    """
    kept = {*there, *unreadable}
    for name, count in store.withdraw_all_but(tx, kept).items():
        _count_withdrawn(name, count)
    waiting = store.open_lines(tx)
    WEBHOOK_WAITING.clear()
    for name in kept:
        since = min((since for line, (_, since) in waiting.items() if line.neighbour == name), default=tx.now)
        WEBHOOK_WAITING.labels(name).set((tx.now - since).total_seconds())
    posted_to = _not_stopped(tx, there)
    lines = [Line(name, stream) for name in posted_to for stream in there[name].neighbour.filters()]
    room = {line: domain.MOST_WAITING - waiting.get(line, (0,))[0] for line in lines}
    return {line: most for line, most in room.items() if most > 0}


def _count_withdrawn(name: str, count: int) -> None:
    WEBHOOK_WITHDRAWN.labels(name).inc(count)
    _log().warning("withdrawn: the grant was taken back", neighbour=name, count=count)


def _not_stopped(tx: Transaction, there: dict[str, Receiver]) -> set[str]:
    stopped = store.stopped(tx)
    return {name for name, each in there.items() if stopped.get(name) != each.address}


async def _take(line: Line, receiver: Receiver, transact: Transact, feed: Feed, *, most: int) -> None:
    async def keep_all(messages: Sequence[Received]) -> None:
        await transact(partial(keep, line=line, messages=messages))

    try:
        while most > 0:
            asked = min(most, BATCH)
            if await feed.take(line.stream, receiver.neighbour.durable, keep_all, most=asked) < asked:
                return
            most -= asked
    except TryLater as error:  # the bus is away, or has not heard of the grant yet
        _log().warning("nothing taken", neighbour=line.neighbour, stream=line.stream, code=error.code)


def keep(tx: Transaction, *, line: Line, messages: Sequence[Received]) -> None:
    """Keep facts to be posted, in the order they came. Safe to repeat by neighbour and event."""
    for message in messages:
        try:
            told = _told(message)
        except (Unprocessable, ValueError, KeyError):  # a neighbour gets facts; what is none is a dead letter elsewhere
            _log().error("no fact", neighbour=line.neighbour, stream=line.stream, code="bad-envelope")
            continue
        store.add(tx, line, sequence=message.stream_sequence, **told)


def _told(message: Received) -> dict[str, str]:
    envelope = read_envelope(message.headers)
    return {
        "event_id": envelope.id,
        "event": EVENTS[envelope.type].key,
        "area": message.headers["ce-area"],
        "body": domain.structured(message.headers, message.body),
    }


# Posting


@jobs(every=timedelta(seconds=1))
async def post_due(transact: Transact, known: Receivers) -> None:
    """Post what is due, every line by itself: a receiver that lets us wait keeps nobody else waiting."""
    at_work: dict[Line, asyncio.Task[None]] = {}
    failed: set[Line] = set()
    try:
        while True:
            there = await _posted_to(known)
            for line in await transact(partial(due_lines, there=there)):
                if line not in at_work and line not in failed:
                    at_work[line] = asyncio.create_task(_post_line(line, transact, known))
            if not at_work:
                return
            ended, _ = await asyncio.wait(at_work.values(), timeout=LOOK_SECONDS)
            failed |= {line for line, task in at_work.items() if task in ended and _has_failed(line, task)}
            at_work = {line: task for line, task in at_work.items() if task not in ended}
    finally:
        for task in at_work.values():
            task.cancel()
        await asyncio.gather(*at_work.values(), return_exceptions=True)


async def _posted_to(known: Receivers) -> dict[str, Receiver]:
    """Nobody while the grants are not there: `take` says so."""
    try:
        there, _ = await asyncio.to_thread(known.all)
    except TryLater:
        return {}
    return there


def due_lines(tx: Transaction, *, there: dict[str, Receiver]) -> list[Line]:
    """The lines that have something to post now."""
    posted_to = _not_stopped(tx, there)
    return [line for line in store.open_lines(tx) if line.neighbour in posted_to and store.is_due(tx, line)]


def _has_failed(line: Line, task: asyncio.Task[None]) -> bool:
    error = task.exception()
    if error:
        _log().error("job failed", neighbour=line.neighbour, error_type=type(error).__name__)
    return error is not None


async def _post_line(line: Line, transact: Transact, known: Receivers) -> None:
    """Post one after the other while something is due. Grants and secrets are those of the moment."""
    async with known.client() as client:
        while receiver := await asyncio.to_thread(known.one, line.neighbour):
            attempt = await transact(partial(begin, line=line, receiver=receiver))
            if attempt is None:
                return
            outcome = (
                await receivers.post(client, attempt.address, attempt.headers, attempt.body)
                if receiver.secrets
                else Outcome(Answer.UNSIGNED)
            )
            await transact(partial(end, line=line, attempt=attempt, outcome=outcome))


def begin(tx: Transaction, *, line: Line, receiver: Receiver) -> Attempt | None:
    """Put the next attempt on record; None when nothing is due."""
    if store.stopped(tx).get(line.neighbour) == receiver.address:
        return None
    while (post := store.next_due(tx, line)) and (over := _over(post, receiver, tx)):
        _finish(post, over, tx)
    if post is None:
        return None
    post.state, post.due_at = State.POSTING.value, tx.now + domain.LEASE
    post.attempts += 1
    headers = {
        "content-type": "application/cloudevents+json",
        "user-agent": "digiterapia",
        "webhook-id": post.event_id,
        "webhook-timestamp": str(int(tx.now.timestamp())),
        "webhook-signature": domain.signature(receiver.secrets, post.event_id, tx.now, post.body),
    }
    return Attempt(post.event_id, post.attempts, receiver.address, headers, post.body)


def _over(post: WebhookPost, receiver: Receiver, tx: Transaction) -> State | None:
    """Whether a fact is not to be posted after all."""
    if not receiver.neighbour.may_read(post.event, post.area):
        return State.WITHDRAWN
    cut_off = post.state == State.POSTING.value
    return State.FAILED if cut_off and tx.now > post.tried_from + domain.TRIED_FOR else None


def end(tx: Transaction, *, line: Line, attempt: Attempt, outcome: Outcome) -> None:
    """Put on record how an attempt ended."""
    WEBHOOK_POSTS.labels(line.neighbour, outcome.answer).inc()
    post = store.posting(tx, line.neighbour, attempt.event_id, attempt.number)
    if post is None:
        return
    post.answer, post.status = outcome.answer.value, outcome.status
    if outcome.answer is Answer.TAKEN:
        _finish(post, State.DELIVERED, tx)
        return
    _log().warning("not delivered", neighbour=line.neighbour, code=outcome.answer, attempt=attempt.number)
    if outcome.answer is Answer.GONE:
        post.state, post.due_at = State.WAITING.value, tx.now
        store.stop(tx, line.neighbour, attempt.address)
        _log().error("stopped: the receiver wants nothing any more", neighbour=line.neighbour, code="gone")
        return
    again = domain.next_try(outcome.answer, post.attempts, tried_from=post.tried_from, now=tx.now)
    if again is None:
        _finish(post, State.FAILED, tx)
        return
    post.state, post.due_at, post.apart = State.WAITING.value, again.due_at, again.apart


def _finish(post: WebhookPost, state: State, tx: Transaction) -> None:
    post.state, post.ended_at = state.value, tx.now
    if state is State.WITHDRAWN:
        _count_withdrawn(post.neighbour, 1)
    if state is State.FAILED:
        WEBHOOK_FAILED.labels(post.neighbour).inc()
        _log().error("given up", neighbour=post.neighbour, fact_type=post.event)


@jobs(every=timedelta(hours=1))
async def forget(transact: Transact) -> None:
    """Let go what ended long ago."""
    await transact(lambda tx: store.forget_ended(tx, clock.now() - domain.KEPT_FOR))
