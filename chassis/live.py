"""Live pages: a hint from the bus wakes whoever shows what has changed. Hints may be lost; readers read the truth."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from chassis.transaction import Hint


class Listener:
    """One open page, waiting for something to change."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """Something changed; several changes before the next look are one."""
        self._changed.set()

    async def next(self, timeout: float) -> bool:  # noqa: ASYNC109  # the wait is the whole call
        """Wait for a change; False when none came in `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True


class Hints:
    """Hands each hint to the pages that show its contact or area. Bounded by the number of open pages."""

    def __init__(self) -> None:
        self._by_place: dict[UUID | str, set[Listener]] = {}

    def heard(self, hint: Hint) -> None:
        """Pass a hint on."""
        for place in (hint.contact, hint.area):
            for listener in self._by_place.get(place, ()) if place else ():
                listener.wake()

    @asynccontextmanager
    async def subscribe(self, *, contact: UUID | None = None, area: str | None = None) -> AsyncIterator[Listener]:
        """Listen to what concerns this contact or this area while the block runs."""
        listener = Listener()
        places: list[UUID | str] = [place for place in (contact, area) if place]
        for place in places:
            self._by_place.setdefault(place, set()).add(listener)
        try:
            yield listener
        finally:
            for place in places:
                self._by_place[place].discard(listener)
                if not self._by_place[place]:
                    del self._by_place[place]
