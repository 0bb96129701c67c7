"""Telling what another system has posted: once, and only about contacts it opened itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from chassis import Refused, Role, Transaction, Viewer
from contracts.intake import GetContact, Route
from contracts.portal import CallbackRequested, ContactOpened
from services.portal.edge import Edge
from services.portal.neighbours import store
from services.portal.neighbours.domain import Accepted

Decided = Mapping[UUID, Route | None]
"""What intake has decided about each contact somebody wants to be called for; None: nothing yet, or nothing to do."""


async def tell(edge: Edge, client: str, posted: Sequence[Accepted]) -> int:
    """Tell events, all or none; returns how many were not known yet. When it returns, they are in the outbox for good.

    Safe to repeat: by the ids of the events.

    Raises:
        Refused: `event-id-reused`, `already-opened`, `not-yours`, `area-mismatch`, `not-by-message`,
            `service-unavailable`.
    """
    decided = await _decided(edge, posted)

    def all_of_them(tx: Transaction) -> int:
        return sum(_told(tx, client, each, decided) for each in posted)

    return await edge.transact(all_of_them)


def _told(tx: Transaction, client: str, posted: Accepted, decided: Decided) -> bool:
    event = posted.event
    if not store.first_posted(tx, client, posted):
        return False
    if isinstance(event, ContactOpened):
        store.open_contact(tx, client, event)
    else:
        store.must_be_of(tx, client, event)
    if isinstance(event, CallbackRequested) and decided[event.contact_id] is not Route.CALLBACK:
        raise Refused("not-by-message", "intake has not, or not yet, decided on a call for this contact")
    tx.publish(event, event_id=posted.event_id)
    return True


async def _decided(edge: Edge, posted: Sequence[Accepted]) -> Decided:
    """Who was told to ring the emergency number must not wait for a call of ours, whichever page they came by."""
    asking = {each.event.contact_id for each in posted if isinstance(each.event, CallbackRequested)}
    return {contact_id: await _route(edge, contact_id) for contact_id in asking}


async def _route(edge: Edge, contact_id: UUID) -> Route | None:
    try:
        contact = await edge.ask(GetContact(contact_id=contact_id), viewer=Viewer(role=Role.CLIENT, id=contact_id))
    except Refused as refused:
        if refused.code != "unknown-contact":
            raise
        return None
    return contact.route
