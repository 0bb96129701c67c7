"""Who comes to our door: the neighbour a token names, and what it may do here."""

from __future__ import annotations

import asyncio
from functools import cached_property
from uuid import NAMESPACE_URL, uuid5

from fastapi import Request

from chassis import Refused, Role, Viewer
from chassis.neighbours import Neighbour
from chassis.seal import Sealer
from contracts.areas import Areas
from services.portal.edge import Edge
from services.portal.neighbours.domain import Act
from services.portal.neighbours.tokens import PURPOSE, Tokens, bearer

WHO = "urn:fi.digiterapia:neighbour:"
"""Before a neighbour's name: what its id is made of."""


class Door:
    """What the routes of neighbours stand on.

    Args:
        edge: the portal's.
        address: the API, which issues tokens and which alone they are for.
    """

    def __init__(self, edge: Edge, address: str) -> None:
        self.edge = edge
        self._address = address

    @cached_property
    def tokens(self) -> Tokens:
        """Made when first needed: the keys are there once the portal has started."""
        keys = Sealer(self.edge.settings.keys_dir, "portal").derived(PURPOSE)
        return Tokens(keys, self._address, self.edge.clock)


def door_of(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


async def comer(request: Request) -> Neighbour:
    """The neighbour a request comes from, as it is granted now.

    Raises:
        Refused: `token-not-valid`.
    """
    door, shown = door_of(request), request.headers.get("authorization", "")
    return await asyncio.to_thread(bearer, door.tokens, door.edge.settings.neighbours_dir, shown)


def must_be_granted(neighbour: Neighbour, act: Act) -> None:
    """Let a neighbour do only what it was granted.

    Raises:
        Refused: `not-granted`.
    """
    if act not in neighbour.sends:
        raise Refused("not-granted", f"{act} are not granted to this neighbour")


def viewer_of(neighbour: Neighbour, areas: Areas) -> Viewer:
    """A neighbour as the services see it: itself, and the counties whose people it may send."""
    serves = frozenset(neighbour.areas or areas)
    return Viewer(
        role=Role.NEIGHBOUR, id=uuid5(NAMESPACE_URL, f"{WHO}{neighbour.name}"), areas=serves, name=neighbour.name
    )
