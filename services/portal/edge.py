"""What the pages stand on: everything the portal asks, tells and listens to, in one place that a test can build."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
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
