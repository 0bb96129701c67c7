"""A ServiceRequest is a professional's referral: translated into the command of the desk, and back as its status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from chassis import Refused
from chassis.phones import phone
from contracts.referrals import ReferralKind, ReferralStatus, ReferralStatusView, SendReferral, Urgency
from services.portal.fhir import elements
from services.portal.fhir.codes import ContactSystem, RequestIntent, RequestPriority, RequestStatus
from services.portal.fhir.reading import Resource, not_read, read
from services.portal.forms import clean

KIND = "ServiceRequest"
ADVISED: Final = frozenset({RequestIntent.PROPOSAL, RequestIntent.PLAN, RequestIntent.OPTION})
"""Intents that advise; every other one orders."""
STATUS: Final[Mapping[ReferralStatus, RequestStatus]] = {
    ReferralStatus.RECEIVED: RequestStatus.ACTIVE,
    ReferralStatus.CONTACTED: RequestStatus.ACTIVE,
    ReferralStatus.BOOKED: RequestStatus.ACTIVE,
    ReferralStatus.COMPLETED: RequestStatus.COMPLETED,
    ReferralStatus.DECLINED: RequestStatus.REVOKED,
    ReferralStatus.CLOSED: RequestStatus.REVOKED,
}
"""What has become of a referral, in the words of R4; our own word stands beside it."""
ELEMENT = {
    "number": "identifier",
    "kind": "intent",
    "unit": "contained.organization.display",
    "role": "contained.code.text",
    "municipality": "extension",
    "personal_identity_code": "contained.identifier",
    "family_name": "contained.name.family",
    "given_names": "contained.name.given",
    "phone": "contained.telecom",
    "language": "language",
    "reason": "code",
    "code": "reasonCode",
    "site": "locationCode",
    "urgency": "priority",
    "red_flags_checked": "extension",
    "text": "note",
}
"""Where each field of the command stands."""


def referral_of(resource: Any) -> SendReferral:
    """The referral that a resource asks for.

    Raises:
        Refused: `not-active`; `phone-not-callable`, `phone-premium`, `phone-short`.
        NotAsDeclared: as `reading.read`; `schema`.
    """
    found = read(resource, KIND)
    if found.status != RequestStatus.ACTIVE:
        raise Refused("not-active", "expected a request that is active")
    patient = elements.contained(found, found.subject, "Patient")
    sender = elements.contained(found, found.requester, "PractitionerRole")
    if patient is None or sender is None:
        raise not_read(*[f"{KIND}.{name}" for name, at in (("subject", patient), ("requester", sender)) if at is None])
    try:
        return SendReferral.model_validate(_request(found) | _person(patient) | _sender(sender))
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)
        raise not_read(*dict.fromkeys(f"{KIND}.{ELEMENT[str(each['loc'][0])]}" for each in wrong)) from None


def _request(found: Resource) -> dict[str, Any]:
    numbers = [one.value for one in found.identifier or () if one.value]
    urgent = found.priority not in (None, RequestPriority.ROUTINE)
    return {
        "number": numbers[0] if numbers else "",
        "kind": ReferralKind.RECOMMENDATION if found.intent in ADVISED else ReferralKind.REFERRAL,
        "urgency": Urgency.URGENT if urgent else Urgency.ROUTINE,
        "reason": elements.code_of(found.code.coding or () if found.code else (), f"{elements.OURS}trouble-group"),
        "code": _first_code(found.reasonCode),
        "site": _first_code(found.locationCode),
        "municipality": elements.coded(found, "municipality", elements.MUNICIPALITY),
        "red_flags_checked": elements.extension(found, "red-flags-checked"),
        "language": found.language,
        "non_disclosure": any(elements.is_under_non_disclosure(one) for one in (found, *(found.contained or ()))),
        "text": clean("\n\n".join(one.text for one in found.note or () if one.text)),
    }


def _first_code(concepts: Any) -> str | None:
    return next((one.code for concept in concepts or () for one in concept.coding or () if one.code), None)


def _person(patient: Resource) -> dict[str, Any]:
    codes = (one.value for one in patient.identifier or () if one.system == elements.PERSONAL_IDENTITY_CODE)
    name = next(iter(patient.name or ()), None)
    return {
        "personal_identity_code": next(codes, None),
        "family_name": clean(name.family or "") if name else None,
        "given_names": clean(" ".join(each for each in name.given or () if each)) if name else "",
        "phone": _phone(patient),
    }


def _phone(patient: Resource) -> str | None:
    told = next((one.value for one in patient.telecom or () if one.system == ContactSystem.PHONE and one.value), None)
    return phone(told).number if told else None


def _sender(sender: Resource) -> dict[str, Any]:
    roles = [one.text for one in sender.code or () if one.text]
    return {
        "unit": clean((sender.organization.display or "") if sender.organization else ""),
        "role": clean(roles[0]) if roles else None,
    }


def status_of(view: ReferralStatusView) -> dict[str, Any]:
    """What has become of a referral, as a resource without anything of the person."""
    became = [elements.told("referral-status", valueCode=view.status)]
    if view.returned:
        became.append(elements.told("returned", valueCode=view.returned))
    reason = {"coding": [{"system": f"{elements.OURS}trouble-group", "code": view.reason}]}
    told: dict[str, Any] = {
        "resourceType": KIND,
        "id": str(view.referral_id),
        "meta": {"lastUpdated": _instant(view.changed_at)},
        "extension": became,
        "status": STATUS[view.status],
        "intent": RequestIntent.PROPOSAL if view.kind is ReferralKind.RECOMMENDATION else RequestIntent.ORDER,
        "priority": view.urgency,
        "code": reason,
        "subject": {"type": "Patient"},
        "authoredOn": _instant(view.sent_at),
    }
    return told | ({"identifier": [{"value": view.number}]} if view.number else {})


def _instant(moment: Any) -> str:
    return str(moment.isoformat())
