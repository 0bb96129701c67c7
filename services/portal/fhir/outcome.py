"""OperationOutcome: how a FHIR system is told that something is not as asked, with our stable code in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fastapi.responses import JSONResponse

MEDIA_TYPE: Final = "application/fhir+json"
CODES: Final = "urn:fi.digiterapia:problem"
"""Code system of our codes."""
_BY_CODE: Final = {
    "schema": "structure",
    "bad-json": "structure",
    "unknown-code": "code-invalid",
    "no-zone": "value",
    "half-period": "invariant",
}
_BY_STATUS: Final = {
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    409: "conflict",
    413: "too-long",
    415: "not-supported",
    503: "transient",
}

_OF_PLACES: Final = dict.fromkeys(("unknown-municipality", "other-municipality", "merged-municipality"), "extension")
BLAMED: Final[Mapping[str, Mapping[str, str]]] = {
    "ServiceRequest": {
        **_OF_PLACES,
        **dict.fromkeys(("phone-needed", "phone-not-callable", "phone-premium", "phone-short"), "contained.telecom"),
        "bad-personal-identity-code": "contained.identifier",
        "test-personal-identity-code": "contained.identifier",
        "too-young": "contained.identifier",
        "referral-changed": "identifier",
        "not-active": "status",
        "unknown-site": "locationCode",
        "bad-reason-code": "reasonCode",
    },
    "QuestionnaireResponse": {
        **_OF_PLACES,
        "result-changed": "identifier",
        "not-completed": "status",
        "unknown-assessment": "questionnaire",
        "unknown-assessment-version": "questionnaire",
        "unknown-question": "item",
        "unknown-answer": "item",
        "clock-ahead": "authored",
        "too-old": "authored",
        "consent-missing": "extension",
    },
}
"""Of each resource, the element that a refusal of our rules is about."""


def outcome(
    status: int, code: str, sentence: str, *, resource: str, errors: Iterable[Mapping[str, Any]] = ()
) -> JSONResponse:
    """An error in the words of FHIR.

    Args:
        status: of HTTP.
        code: ours.
        sentence: for a person, in their language.
        resource: the kind of resource that was asked about.
        errors: `field` and `rule` of each element that is to blame; without them, what the code alone says.
    """
    by_code = BLAMED.get(resource, {}).get(code)
    issue: dict[str, Any] = {
        "severity": "error",
        "code": _BY_CODE.get(code) or _BY_STATUS.get(status, "business-rule"),
        "details": {"coding": [{"system": CODES, "code": code}], "text": sentence},
    }
    fields = [str(each["field"]) for each in errors if each["field"]]
    if fields or by_code:
        issue["expression"] = fields or [f"{resource}.{by_code}"]
    return JSONResponse(
        {"resourceType": "OperationOutcome", "issue": [issue]}, status_code=status, media_type=MEDIA_TYPE
    )
