"""Telling what a neighbour has posted: once, and only about contacts it opened itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

from chassis import Refused, Role, Transaction, Viewer
from contracts.intake import GetContact, Route
from contracts.portal import CallbackRequested, ContactOpened
from services.portal.edge import Edge
from services.portal.neighbours import store
from services.portal.neighbours.domain import Accepted

Decided = Mapping[UUID, Route | None]
"""What intake has decided about each contact somebody wants to be called for; None: nothing yet, or nothing to do."""


async def tell(edge: Edge, neighbour: str, posted: Sequence[Accepted]) -> int:
    """Tell events, all or none; returns how many were not known yet. When it returns, they are in the outbox for good.

    Safe to repeat: by the ids of the events.

    Raises:
        Refused: `event-id-reused`, `already-opened`, `not-yours`, `wrong-place`, `not-by-message`,
            `service-unavailable`.
    """
    decided = await _decided(edge, neighbour, posted)

    def all_of_them(tx: Transaction) -> int:
        return sum(_told(tx, neighbour, each, decided) for each in posted)

    return await edge.transact(all_of_them)


def _told(tx: Transaction, neighbour: str, posted: Accepted, decided: Decided) -> bool:
    event = posted.event
    if not store.first_posted(tx, neighbour, posted):
        return False
    if isinstance(event, ContactOpened):
        store.open_contact(tx, neighbour, event)
    else:
        store.must_be_of(tx, neighbour, event)
    if isinstance(event, CallbackRequested) and decided.get(event.contact_id) is not Route.CALLBACK:
        raise Refused("not-by-message", "intake has not, or not yet, decided on a call for this contact")
    tx.publish(event, event_id=posted.event_id)
    return True


async def _decided(edge: Edge, neighbour: str, posted: Sequence[Accepted]) -> Decided:
    """Who was told to ring the emergency number must not wait for a call of ours, whichever page they came by."""
    if not any(isinstance(each.event, CallbackRequested) for each in posted):
        return {}
    asking = await edge.transact(partial(_to_be_asked_about, neighbour=neighbour, posted=posted))
    return {contact_id: await _route(edge, contact_id) for contact_id in asking}


def _to_be_asked_about(tx: Transaction, *, neighbour: str, posted: Sequence[Accepted]) -> set[UUID]:
    """The neighbour's own contacts that somebody wants to be called for: nobody is asked about anybody else's.

    Raises:
        Refused: `not-yours`, `wrong-place`.
    """
    opening = {each.event.about for each in posted if isinstance(each.event, ContactOpened)}
    wishes = [each.event for each in posted if isinstance(each.event, CallbackRequested)]
    for wish in wishes:
        if wish.contact_id not in opening:
            store.must_be_of(tx, neighbour, wish)
    return {wish.contact_id for wish in wishes if store.is_of(tx, neighbour, wish.contact_id)}


async def _route(edge: Edge, contact_id: UUID) -> Route | None:
    try:
        contact = await edge.ask(GetContact(contact_id=contact_id), viewer=Viewer(role=Role.CLIENT, id=contact_id))
    except Refused as refused:
        if refused.code != "unknown-contact":
            raise
        return None
    return contact.route
