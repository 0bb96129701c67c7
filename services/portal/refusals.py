"""How a refusal looks from outside: an HTTP status, and a sentence in the catalogue (`refusal.<code>`)."""

from __future__ import annotations

UNPROCESSABLE = 422
NOT_FOUND = 404
CONFLICT = 409
GONE = 410

_STATUS = {
    "not-yours": NOT_FOUND,
    "session-expired": NOT_FOUND,
    "not-logged-in": 401,
    "licence-needed": 403,
    "form-expired": 403,
    "not-a-form": 415,
    "not-valid": UNPROCESSABLE,
    "reason-needed": UNPROCESSABLE,
    "identity-code-in-text": UNPROCESSABLE,
    "phone-not-callable": UNPROCESSABLE,
    "phone-premium": UNPROCESSABLE,
    "phone-short": UNPROCESSABLE,
    "email-not-valid": UNPROCESSABLE,
    "unknown-questionnaire": UNPROCESSABLE,
    "unknown-question": UNPROCESSABLE,
    "unknown-answer": UNPROCESSABLE,
    "unanswered-question": UNPROCESSABLE,
    "link-over": GONE,
    "too-many-pages": 503,
    "service-unavailable": 503,
    "internal-error": 503,
    "identity-unavailable": 503,
}


def status_of(code: str) -> int:
    """The HTTP status of a refusal. What is not the viewer's looks like what never was."""
    return _STATUS.get(code, NOT_FOUND if code.startswith("unknown-") else CONFLICT)
