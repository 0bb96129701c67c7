"""The HTTP side of it: `/api/v1/token`, `/api/v1/events`, `/api/v1/keys`."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from chassis import Refused, telemetry
from chassis.seal import public_keys
from services.portal.edge import Edge
from services.portal.forms import read_form
from services.portal.neighbours import binding, described, posting
from services.portal.neighbours.coming import Door, comer, door_of
from services.portal.neighbours.domain import Granted, NotAsDeclared, accept_all
from services.portal.neighbours.metrics import POSTED, TOKENS
from services.portal.neighbours.tokens import LIFE, credentials, digest_shown, named
from services.portal.pages import errors

routes = APIRouter(prefix="/api/v1", tags=["neighbours"])
ACCEPTED = 202
UNAUTHORIZED = 401
BAD_REQUEST = 400
NOBODY = "unknown"
"""Stands for whoever has shown no name that is known."""
_UNPROCESSABLE, _FORBIDDEN, _CONFLICT = 422, 403, 409
CHALLENGE = 'Bearer realm="digiterapia", error="invalid_token"'
STATUS = {
    "token-not-valid": UNAUTHORIZED,
    "not-granted": _FORBIDDEN,
    "not-yours": _FORBIDDEN,
    "too-big": 413,
    "content-type": 415,
    "event-id-reused": _CONFLICT,
    "already-opened": _CONFLICT,
    "not-by-message": _CONFLICT,
    "unknown-referral": 404,
    "referral-changed": _CONFLICT,
    "result-changed": _CONFLICT,
    "door-closed": _CONFLICT,
    "service-unavailable": 503,
}
"""HTTP statuses of refusals; what is wrong with what was sent is a 422."""


def install(app: FastAPI, edge: Edge) -> None:
    """Give the portal's application what the routes stand on."""
    app.state.door = Door(edge, f"{edge.settings.base_url}{routes.prefix}")


# A token


@routes.post("/token", openapi_extra=described.TOKEN, response_class=JSONResponse)
async def token(request: Request) -> Response:
    """Give a neighbour a bearer token for its client secret (OAuth 2.0 client credentials, HTTP Basic)."""
    door = door_of(request)
    client_id, secret = credentials(request.headers.get("authorization", ""))
    neighbour = await asyncio.to_thread(named, door.edge.settings.neighbours_dir, client_id)
    name, digest = neighbour.name if neighbour else NOBODY, digest_shown(neighbour, secret)
    if neighbour is None or digest is None:
        return _no_token(name, UNAUTHORIZED, "invalid_client", "expected the client id and secret by HTTP Basic")
    wrong = await _wrong_with(request)
    if wrong:
        return _no_token(name, BAD_REQUEST, *wrong)
    TOKENS.labels(name, "issued").inc()
    issued = {"access_token": door.tokens.issue(name, digest), "token_type": "Bearer", "expires_in": LIFE.seconds}
    return JSONResponse(issued, headers={"cache-control": "no-store", "pragma": "no-cache"})


async def _wrong_with(request: Request) -> tuple[str, str] | None:
    """The error of RFC 6749 section 5.2 a request for a token ends in, and what it says to a developer, in ASCII."""
    try:
        form = await read_form(request)
    except Refused:
        return "invalid_request", "expected application/x-www-form-urlencoded"
    if not form["grant_type"]:
        return "invalid_request", "expected grant_type=client_credentials"
    if form["grant_type"] != "client_credentials":
        return "unsupported_grant_type", "expected grant_type=client_credentials"
    if form["scope"]:
        return "invalid_scope", "there are no scopes: what may be told is granted by the county"
    return None


def _no_token(name: str, status: int, error: str, text: str) -> Response:
    TOKENS.labels(name, error).inc()
    headers = {"cache-control": "no-store", "pragma": "no-cache"}
    if status == UNAUTHORIZED:
        headers["www-authenticate"] = 'Basic realm="digiterapia"'
    return JSONResponse({"error": error, "error_description": text}, status_code=status, headers=headers)


# Events


@routes.post("/events", status_code=ACCEPTED, openapi_extra=described.EVENTS_EXTRA, response_class=Response)
async def post_events(request: Request) -> Response:
    """Post a CloudEvent, or a batch of them. 202: it is kept for good and goes on the bus; posting it again is safe."""
    edge, name = door_of(request).edge, NOBODY
    try:
        neighbour = await comer(request)
        name = neighbour.name
        granted = Granted(frozenset(neighbour.tells), frozenset(neighbour.areas))
        read = await binding.read(request)
        posted = accept_all(read, granted, edge.areas, now=edge.clock())
        fresh = await posting.tell(edge, name, posted)
    except Refused as refused:
        return await _refused(request, name, refused)
    POSTED.labels(name, "accepted").inc(fresh)
    POSTED.labels(name, "repeated").inc(len(posted) - fresh)
    return Response(status_code=ACCEPTED)


async def _refused(request: Request, name: str, refused: Refused) -> Response:
    POSTED.labels(name, refused.code).inc()
    telemetry.log("portal").info("posted event refused", code=refused.code)
    return await refusal(request, refused)


async def refusal(request: Request, refused: Refused) -> Response:
    """How a neighbour is told that something is not as asked."""
    more: dict[str, Any] = {}
    if isinstance(refused, NotAsDeclared):
        more["errors"] = [{"field": where, "rule": rule} for where, rule in refused.fields]
    response = await errors.answer(request, status_of(refused.code), refused.code, **more | errors.which(refused))
    if refused.code == "token-not-valid":
        response.headers["www-authenticate"] = CHALLENGE
    return response


def status_of(code: str) -> int:
    """The HTTP status of a refusal."""
    return STATUS.get(code, _UNPROCESSABLE)


# Keys


@routes.get("/keys", openapi_extra=described.KEYS, response_class=JSONResponse)
def keys(request: Request) -> Response:
    """Public keys that sealed fields are sealed to, a JWK set (RFC 7517): `x-sealed-for` names the service of each."""
    found = public_keys(door_of(request).edge.settings.keys_dir)
    return JSONResponse({"keys": [{**key, "x-sealed-for": service} for service, key in found.items()]})
