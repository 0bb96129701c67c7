"""When something is not as asked: one page, or one problem (RFC 9457) for the API and for our own script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from chassis import Refused, telemetry
from contracts.areas import Texts
from contracts.base import Language
from services.portal import sessions
from services.portal.doors import DoorClosed
from services.portal.fhir.outcome import outcome
from services.portal.guard import TOO_LARGE
from services.portal.language import LANGUAGES, Words, preferred, words
from services.portal.pages.page import page_of, shown
from services.portal.pages.posted import by_script
from services.portal.questionnaire import WrongAnswer
from services.portal.refusals import NOT_FOUND, UNPROCESSABLE, status_of
from services.portal.sending import MergedMunicipality, TooYoung

_KINDS = {
    401: "login_needed",
    NOT_FOUND: "not_found",
    405: "not_found",
    TOO_LARGE: "too_large",
    UNPROCESSABLE: "invalid",
}
_SERVER_ERROR = 500


def kind_of(status: int) -> str:
    """Which error page speaks of a status."""
    if status >= _SERVER_ERROR:
        return "unavailable"
    return _KINDS.get(status, "refused")


def language_of(request: Request) -> Language:
    """The language of a page that could not be shown: of its address, else what the browser asks for."""
    told: Language | None = getattr(request.state, "language", None)
    first = request.url.path.split("/")[1:2]
    if told is None and first and first[0] in LANGUAGES:
        told = Language(first[0])
    return told or preferred(request.headers.get("accept-language", ""))


def for_machines(request: Request) -> bool:
    return request.url.path.startswith("/api/") or _is_fhir(request) or by_script(request)


def _is_fhir(request: Request) -> bool:
    return request.url.path.startswith("/fhir/")


def problem(status: int, code: str, sentence: str, **more: Any) -> JSONResponse:
    """A problem of RFC 9457 with a stable code."""
    body = {
        "type": f"urn:fi.digiterapia:problem:{code}",
        "title": code,
        "status": status,
        "detail": sentence,
        "code": code,
    }
    return JSONResponse(body | more, status_code=status, media_type="application/problem+json")


async def answer(request: Request, status: int, code: str, **more: Any) -> Response:
    """The answer that says so."""
    t = words(language_of(request))
    if _is_fhir(request):
        resource, errors = request.url.path.split("/")[3:4], more.get("errors", ())
        return outcome(status, code, _sentence(t, status, code, more), resource="".join(resource), errors=errors)
    if for_machines(request):
        return problem(status, code, _sentence(t, status, code, more), **more)
    page = page_of(request, t.language, "")
    sentence = t.refusal(code) if code and t.has(f"refusal.{code}") and not _is_constant(status) else ""
    matter = {"kind": kind_of(status), "sentence": sentence, "back": await _way_back(request, t.language, code)}
    return shown("error.html", page, status=status, desk=_is_desk(request), **matter)


def _sentence(t: Words, status: int, code: str, more: Mapping[str, Any]) -> str:
    said = t.refusal(code) if t.has(f"refusal.{code}") else t(f"error.{kind_of(status)}.text")
    if isinstance(place := more.get("place"), Texts):
        return place.of(t.language)
    return f"{said} {t('error.which_question', question=more['question'])}" if "question" in more else said


def _is_desk(request: Request) -> bool:
    """Whether a therapist asked: the way back is the desk."""
    return "desk" in request.url.path.split("/")[1:3]


def _is_constant(status: int) -> bool:
    """What is not yours looks in every way like what never was."""
    return status == NOT_FOUND


async def _way_back(request: Request, language: Language, code: str) -> str:
    """From a failed identification back to the one matter of this browser."""
    if not code.startswith("identity-"):
        return ""
    me = await sessions.guest(request)
    return f"/{language}/asia/{next(iter(me.contacts))}" if me and len(me.contacts) == 1 else ""


async def on_refused(request: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)
    login = refused.code == "not-logged-in" and request.method == "GET" and not request.url.path.endswith("/live")
    if login and not for_machines(request):
        return RedirectResponse("/desk/login", status_code=303)
    return await answer(request, status_of(refused.code), refused.code, **which(refused))


def which(refused: Refused) -> dict[str, Any]:
    """What a refusal names beside its code."""
    if isinstance(refused, WrongAnswer):
        return {"question": refused.question}
    if isinstance(refused, MergedMunicipality):
        return {"successor": refused.successor}
    if isinstance(refused, TooYoung):
        return {"place": refused.place} if refused.place else {}
    return {"instead": list(refused.instead)} if isinstance(refused, DoorClosed) else {}


async def on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    codes = {NOT_FOUND: "not-found", 405: "not-found", TOO_LARGE: "too-large"}
    status = NOT_FOUND if error.status_code == 405 and not for_machines(request) else error.status_code
    return await answer(request, status, codes.get(error.status_code, "not-valid"))


async def on_invalid(request: Request, error: Exception) -> Response:
    """A path that fits no page was never there; a body out of bounds is told where, never what."""
    assert isinstance(error, RequestValidationError)
    if any(each["loc"][0] == "path" for each in error.errors()):
        return await answer(request, NOT_FOUND, "not-found")
    where = [{"field": ".".join(map(str, each["loc"][1:])), "rule": each["type"]} for each in error.errors()]
    return await answer(request, UNPROCESSABLE, "not-valid", errors=where)


async def on_bug(request: Request, error: Exception) -> Response:
    telemetry.log("portal").error("bug", error_type=type(error).__name__)
    return await answer(request, 503, "internal-error")


def install(app: FastAPI) -> None:
    """Let every kind of error end in its page."""
    app.add_exception_handler(Refused, on_refused)
    app.add_exception_handler(StarletteHTTPException, on_http)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)
