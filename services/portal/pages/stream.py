"""Server-Sent Events: one stream per open page, resumable, bounded, over when the page or the process is.

Source: WHATWG HTML, section 9.2. An event's id is the sequence of its message, so a dropped line loses nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import StreamingResponse

from chassis import Refused
from chassis.live import Listener
from services.portal.case import UNAVAILABLE
from services.portal.pages.page import edge_of, fresh_keys

RETRY_MILLISECONDS = 2_000

Look = Callable[[], Awaitable["Change"]]
"""Reads the truth and says what a page needs to know of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a page shows now: new messages by sequence, and every panel by its id, rendered with KEY."""

    messages: tuple[tuple[int, str], ...] = ()
    panels: Mapping[str, str] = field(default_factory=dict)


class Streams:
    """How many pages are served live now. A bound for all, a bound for each session."""

    def __init__(self, limit: int, per_session: int) -> None:
        self._limit = limit
        self._per_session = per_session
        self._open: Counter[UUID] = Counter()

    def must_have_room(self, session_id: UUID) -> None:
        """Let a further stream begin only below both bounds.

        Raises:
            Refused: `too-many-pages`.
        """
        if self._open.total() >= self._limit or self._open[session_id] >= self._per_session:
            raise Refused("too-many-pages", "too many pages are open; the page tries again later")

    @contextmanager
    def one_more(self, session_id: UUID) -> Iterator[None]:
        """Count a stream while the block runs."""
        self._open[session_id] += 1
        try:
            yield
        finally:
            self._open[session_id] -= 1
            if not self._open[session_id]:
                del self._open[session_id]


def last_seen(request: Request) -> int:
    """The sequence a browser has seen: what it says when reconnecting, else what the page was loaded with."""
    told = request.headers.get("last-event-id") or request.query_params.get("after") or "0"
    return int(told) if told.isascii() and told.isdigit() and len(told) <= 9 else 0


def live(
    request: Request,
    session_id: UUID,
    look: Look,
    *,
    contacts: tuple[UUID, ...] = (),
    areas: tuple[str, ...] = (),
    every: float,
) -> StreamingResponse:
    """A stream as an answer: every panel as it is now, then every change. A page ignores a panel it has already.

    Args:
        request: of the open page.
        session_id: whose page it is.
        look: reads the truth; a Refused other than "away" ends the stream (the session is over).
        contacts: whose hints wake the stream.
        areas: the same for lists of a county.
        every: seconds after which the truth is read although nobody hinted.

    Raises:
        Refused: `too-many-pages`.
    """
    edge, streams = edge_of(request), request.app.state.streams
    streams.must_have_room(session_id)

    async def events() -> AsyncIterator[str]:
        async with AsyncExitStack() as open_while:
            open_while.enter_context(streams.one_more(session_id))
            places = [edge.hints.subscribe(contact=contact) for contact in contacts]
            places += [edge.hints.subscribe(area=area) for area in areas]
            listeners = [await open_while.enter_async_context(place) for place in places]
            async for line in changes(look, listeners, edge.closing, every=every):
                yield line

    # Proxies must not hold a stream back.
    return StreamingResponse(events(), media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def changes(
    look: Look, listeners: Sequence[Listener], closing: asyncio.Event, *, every: float
) -> AsyncIterator[str]:
    """The lines of a stream, until the process stops or the session is over."""
    yield f"retry: {RETRY_MILLISECONDS}\n{here(every)}"
    known: dict[str, str] = {}
    while not closing.is_set():
        try:
            lines = list(_events(await look(), known))
        except Refused as refused:
            if refused.code not in UNAVAILABLE:
                return
            lines = []  # away for the moment: the page keeps what it has, the next look comes soon
        for line in lines or [here(every)]:
            yield line
        await _wait(listeners, closing, every)


async def _wait(listeners: Sequence[Listener], closing: asyncio.Event, seconds: float) -> None:
    """Until somebody hints, the process stops, or the time is over."""
    waits: list[Coroutine[Any, Any, bool]] = [closing.wait(), *(listener.next(seconds) for listener in listeners)]
    woken = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(woken, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in woken:
            each.cancel()


def _events(change: Change, known: dict[str, str]) -> Iterator[str]:
    for sequence, html in change.messages:
        yield event("message", html, sequence=sequence)
    for panel, html in change.panels.items():
        if known.get(panel) != html:
            known[panel] = html
            yield event("panel", fresh_keys(html))


def here(every: float) -> str:
    """A sign of life, and the seconds until the next one at the latest.

    A page takes a line that stays silent for broken: no browser notices by itself that a phone has left its network.
    """
    return event("here", f"{every:g}")


def event(name: str, html: str, *, sequence: int | None = None) -> str:
    """One event in the wire format: every line of the data on a line of its own."""
    head = f"id: {sequence}\n" if sequence is not None else ""
    body = "".join(f"data: {line}\n" for line in html.strip().splitlines())
    return f"{head}event: {name}\n{body}\n"
