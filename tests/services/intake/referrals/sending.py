"""Referrals as a professional sends them. Nobody is real: individual numbers 900-999 are no person's."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from chassis import Role, Viewer
from contracts.referrals import ReferralStatusView, SendReferral
from tests.factories import staff
from tests.services.intake.builders import CODE
from tests.unit import Unit

PHONE = "+358401234567"
TEXT = "Kipu alkoi marraskuussa; hoidetaan omassa yksikössä lääkkein."


def sent(**over: Any) -> SendReferral:
    """A referral to Kymenlaakso that nothing speaks against."""
    told: dict[str, Any] = {
        "kind": "referral",
        "unit": "Kotkan terveysasema",
        "role": "lääkäri",
        "municipality": "285",
        "personal_identity_code": CODE,
        "family_name": "Esimerkki-Virtanen",
        "given_names": "Testi Maria",
        "phone": PHONE,
        "language": "fi",
        "reason": "back",
        "code": "L03",
        "urgency": "routine",
        "red_flags_checked": True,
        "text": TEXT,
    }
    return SendReferral.model_validate(told | over)


def neighbour(name: str = "records", *areas: str) -> Viewer:
    """Another system of the county."""
    return Viewer(role=Role.NEIGHBOUR, id=uuid5(NAMESPACE_URL, name), areas=frozenset(areas or ("10", "18")), name=name)


def send(unit: Unit, viewer: Viewer | None = None, *, key: str | None = None, **over: Any) -> ReferralStatusView:
    """Send a referral; by a professional at the desk unless told otherwise."""
    view = unit.asks(sent(**over), viewer=viewer or staff(), key=key)
    assert isinstance(view, ReferralStatusView)
    return view


def number() -> str:
    return str(uuid4())
