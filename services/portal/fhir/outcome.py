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
    409: "conflict",
    413: "too-long",
    415: "not-supported",
    503: "transient",
}


def outcome(status: int, code: str, sentence: str, errors: Iterable[Mapping[str, Any]] = ()) -> JSONResponse:
    """An error in the words of FHIR.

    Args:
        status: of HTTP.
        code: ours.
        sentence: for a person, in their language.
        errors: `field` and `rule` of each element that is to blame.
    """
    issue: dict[str, Any] = {
        "severity": "error",
        "code": _BY_CODE.get(code) or _BY_STATUS.get(status, "business-rule"),
        "details": {"coding": [{"system": CODES, "code": code}], "text": sentence},
    }
    if fields := [str(each["field"]) for each in errors if each["field"]]:
        issue["expression"] = fields
    return JSONResponse(
        {"resourceType": "OperationOutcome", "issue": [issue]}, status_code=status, media_type=MEDIA_TYPE
    )
