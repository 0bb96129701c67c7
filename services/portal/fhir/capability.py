"""What the FHIR door can do, as R4 wants it told: a CapabilityStatement. It names no guide: none is claimed."""

from __future__ import annotations

from typing import Any, Final

FHIR_VERSION: Final = "4.0.1"
SINCE: Final = "2026-11-26"
"""Day of the last change to this statement."""
_INTERACTIONS: Final = {"QuestionnaireResponse": ("create",), "ServiceRequest": ("create", "read")}


def statement(address: str) -> dict[str, Any]:
    """The statement of the installation at an address."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": SINCE,
        "kind": "instance",
        "software": {"name": "Digiterapia"},
        "implementation": {"description": "Doors of a digital physiotherapy unit", "url": address},
        "fhirVersion": FHIR_VERSION,
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "security": {"description": "OAuth 2.0 client credentials: a bearer token of /api/v1/token."},
                "resource": [
                    {"type": kind, "interaction": [{"code": code} for code in codes]}
                    for kind, codes in _INTERACTIONS.items()
                ],
            }
        ],
    }
