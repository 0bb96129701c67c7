"""Who sends people to the unit: professionals at the desk, other systems; and where people live."""

from __future__ import annotations

from uuid import UUID, uuid4

from chassis import Refused, Viewer
from contracts.areas import Area, Texts
from contracts.closings import Door
from contracts.referrals import ReferralStatusView, ReturnReason, ReturnReferral, SendReferral
from services.portal.doors import closed_to_senders
from services.portal.edge import Edge


class MergedMunicipality(Refused):
    """The municipality is no more. The refusal names the one it became part of, by its code."""

    def __init__(self, successor: str) -> None:
        super().__init__("merged-municipality", f"expected a municipality of today: it has become part of {successor}")
        self.successor = successor


class TooYoung(Refused):
    """Somebody is too young for the unit. The refusal brings the place that helps, in every language."""

    def __init__(self, place: Texts | None) -> None:
        super().__init__("too-young", "the person has not turned the county's minimum age")
        self.place = place


def area_of(edge: Edge, municipality: str) -> Area:
    """The county of a municipality of today.

    Raises:
        MergedMunicipality: `merged-municipality`.
        Refused: `unknown-municipality`.
    """
    if merged := edge.areas.merged(municipality):
        raise MergedMunicipality(merged.into)
    area = edge.areas.of_municipality(municipality)
    if area is None:
        raise Refused("unknown-municipality", "the municipality belongs to no county served here")
    return area


async def send_referral(edge: Edge, viewer: Viewer, referral: SendReferral, *, key: str) -> ReferralStatusView:
    """Send a person to the unit, as a professional."""
    return await edge.ask(referral, viewer=viewer, key=key)


async def return_referral(
    edge: Edge, viewer: Viewer, referral_id: UUID, reason: ReturnReason, *, key: str
) -> ReferralStatusView:
    """Give a referral back to who sent it."""
    return await edge.ask(ReturnReferral(referral_id=referral_id, reason=reason), viewer=viewer, key=key)


async def send_referral_of_a_system(edge: Edge, viewer: Viewer, referral: SendReferral) -> ReferralStatusView:
    """Send a person to the unit, as another system; its own number tells the same referral again.

    Raises:
        MergedMunicipality: `merged-municipality`.
        TooYoung: `too-young`.
        DoorClosed: `door-closed`.
        Refused: as `SendReferral`.
    """
    area = area_of(edge, referral.municipality)
    try:
        return await edge.ask(referral, viewer=viewer, key=str(uuid4()))
    except Refused as refused:
        if refused.code == "too-young":
            raise TooYoung(area.elsewhere.get("too_young")) from None
        if refused.code == "door-closed":
            raise await closed_to_senders(edge, area.code, Door.REFERRAL) from None
        raise
