"""Where an identified person wants to be reached: told sealed, for the identity vault alone (rule 34)."""

from __future__ import annotations

from chassis import Refused, Transaction, Viewer
from contracts.intake import ContactView, GetContact
from contracts.portal import ContactPoint, ContactPointGiven
from services.portal import store
from services.portal.edge import Edge


def point(edge: Edge, contact: ContactView, *, phone: str | None = None, email: str | None = None) -> ContactPointGiven:
    """What is told of a number or an address that the person has just typed."""
    return ContactPointGiven(
        contact_id=contact.contact_id,
        area=contact.area,
        municipality=contact.municipality,
        point=edge.seal("intake", ContactPoint(phone=phone, email=email).model_dump()),
        given_at=edge.clock(),
    )


async def reach_by_mail(edge: Edge, viewer: Viewer, email: str, *, key: str) -> None:
    """Tell the address that came with a booking. The time is the person's, whatever becomes of this."""
    try:
        contact = await edge.read(GetContact(contact_id=viewer.id), viewer=viewer)
    except Refused:
        return
    given = point(edge, contact, email=email)

    def tell(tx: Transaction) -> None:
        if store.first_sent(tx, who=str(viewer.id), key=key, contact_id=viewer.id, what=store.POINT):
            tx.publish(given)

    await edge.transact(tell)
