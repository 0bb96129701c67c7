"""What the pages stand on: everything the portal asks, tells and listens to, in one place that a test can build."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from chassis import Refused, Role, Settings, Transact, Viewer
from chassis.live import Hints
from chassis.viewer import NOBODY
from contracts.areas import Areas
from contracts.base import Ask, View
from services.portal.settings import PortalSettings

V = TypeVar("V", bound=View)

PASSER_BY = Viewer(role=Role.CLIENT, id=NOBODY)
"""Somebody who has not come in yet: sees what is public."""
READ_SECONDS = 2.5
"""How long a page waits for one part of itself; it then shows the rest."""
RECALLED = timedelta(minutes=1)
"""How old an answer may be that is the same for everybody, as the words of a questionnaire are."""
MOST_RECALLED = 500


class Asker(Protocol):
    """Ask the owner of something, as somebody. Refused(code) when a rule or nobody answers."""

    async def __call__(self, ask: Ask[V], *, viewer: Viewer, key: str | None = None) -> V: ...


class Reader(Protocol):
    """Ask a query, as somebody: `Edge.read`, or `Edge.ask`, which waits longer."""

    async def __call__(self, ask: Ask[V], *, viewer: Viewer) -> V: ...


class Seal(Protocol):
    """Close `data` so that only the service `owner` can open it."""

    def __call__(self, owner: str, data: dict[str, Any]) -> str: ...


@dataclass(frozen=True, slots=True)
class Edge:
    """The portal's view of the rest of the system."""

    ask: Asker
    transact: Transact
    seal: Seal
    hints: Hints
    areas: Areas
    clock: Callable[[], datetime]
    settings: Settings
    knobs: PortalSettings
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is about to stop: open streams end by themselves."""
    recalled: dict[Ask[Any], tuple[datetime, View]] = field(default_factory=dict)
    """What was told to a passer-by, and when."""

    async def read(self, ask: Ask[V], *, viewer: Viewer) -> V:
        """Ask a query for a page: nobody waits for the rest of a page because one service is away.

        Raises:
            Refused: the answerer's code, or `service-unavailable` after READ_SECONDS.
        """
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await self.ask(ask, viewer=viewer)
        except TimeoutError:
            raise Refused("service-unavailable", f"nobody answered {ask.asked.name} in {READ_SECONDS} s") from None

    async def recall(self, ask: Ask[V], *, viewer: Viewer) -> V:
        """As `read`, of what anybody may see and what seldom changes: for pages that read it again and again.

        Raises:
            Refused: as `read`; nothing is recalled of a refusal.
        """
        assert viewer is PASSER_BY, "what is recalled is the same for everybody"
        at, told = self.recalled.get(ask, (None, None))
        if at is None or told is None or not at <= self.clock() < at + RECALLED:
            if len(self.recalled) >= MOST_RECALLED:
                self.recalled.clear()
            told = await self.read(ask, viewer=viewer)
            self.recalled[ask] = (self.clock(), told)
        return told  # type: ignore[return-value]  # the answer to this very ask
