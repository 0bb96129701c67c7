"""The HTTP side: `/fhir/r4/QuestionnaireResponse`, `/fhir/r4/ServiceRequest`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from chassis import Refused
from chassis.neighbours import Neighbour
from contracts.referrals import GetReferralStatus
from services.portal import sending
from services.portal.assessments.routes import counter_of, link
from services.portal.fhir import capability, elements, referrals, results
from services.portal.fhir.outcome import MEDIA_TYPE
from services.portal.neighbours import binding, described
from services.portal.neighbours.coming import comer, must_be_granted, viewer_of
from services.portal.neighbours.domain import Act
from services.portal.neighbours.metrics import SENT
from services.portal.neighbours.routes import NOBODY, refusal
from services.portal.pages.page import edge_of

routes = APIRouter(prefix="/fhir/r4", tags=["neighbours"])
OK, CREATED = 200, 201
Work = Callable[[Neighbour], Awaitable[Response]]


async def _done(request: Request, act: Act, work: Work) -> Response:
    """Let the neighbour of a request do what it was granted; counted by how it ended."""
    name = NOBODY
    try:
        neighbour = await comer(request)
        name = neighbour.name
        must_be_granted(neighbour, act)
        response = await work(neighbour)
    except Refused as refused:
        SENT.labels(name, act, refused.code).inc()
        return await refusal(request, refused)
    SENT.labels(name, act, "taken" if response.status_code == CREATED else "read").inc()
    return response


async def _body(request: Request) -> Any:
    binding.media_type(request, (MEDIA_TYPE, binding.BINARY))
    return await binding.json_of(request)


def _created(request: Request, told: dict[str, Any]) -> Response:
    at = f"{edge_of(request).settings.base_url}{routes.prefix}/{told['resourceType']}/{told['id']}"
    return JSONResponse(told, status_code=CREATED, media_type=MEDIA_TYPE, headers={"location": at})


@routes.get("/metadata", openapi_extra=described.fhir_open())
async def show_capability(request: Request) -> Response:
    """What can be done here, for anybody: a CapabilityStatement."""
    told = capability.statement(f"{edge_of(request).settings.base_url}{routes.prefix}")
    return JSONResponse(told, media_type=MEDIA_TYPE)


@routes.post("/QuestionnaireResponse", openapi_extra=described.fhir("QuestionnaireResponse"), status_code=CREATED)
async def send_result(request: Request) -> Response:
    """Send the result of a symptom assessment; the same as `POST /api/v1/assessments` in the words of FHIR R4."""

    async def take(neighbour: Neighbour) -> Response:
        body = await _body(request)
        result = results.result_of(body)
        request.state.language = result.language  # a refusal from here on is told in it
        taken = await counter_of(request).take(neighbour, result)
        came = [
            elements.told("link", valueUrl=link(request, result, taken)),
            elements.told("link-expires", valueInstant=taken.expires_at.isoformat()),
        ]
        kept = {name: body[name] for name in ("resourceType", "identifier", "questionnaire", "status", "authored")}
        return _created(request, {**kept, "id": str(taken.contact_id), "extension": came})

    return await _done(request, Act.ASSESSMENTS, take)


@routes.post("/ServiceRequest", openapi_extra=described.fhir("ServiceRequest"), status_code=CREATED)
async def send_referral(request: Request) -> Response:
    """Send a person: a professional's referral. The same number and content again is the same referral."""

    async def send(neighbour: Neighbour) -> Response:
        edge, ask = edge_of(request), referrals.referral_of(await _body(request))
        sent = await sending.send_referral_of_a_system(edge, viewer_of(neighbour, edge.areas), ask)
        return _created(request, referrals.status_of(sent.model_copy(update={"number": ask.number})))

    return await _done(request, Act.REFERRALS, send)


@routes.get("/ServiceRequest/{referral_id}", openapi_extra=described.fhir_read())
async def show_referral(request: Request, referral_id: UUID) -> Response:
    """What has become of a referral, for the system that has sent it."""

    async def show(neighbour: Neighbour) -> Response:
        edge = edge_of(request)
        ask = GetReferralStatus(referral_id=referral_id)
        view = await edge.ask(ask, viewer=viewer_of(neighbour, edge.areas))
        return JSONResponse(referrals.status_of(view), status_code=OK, media_type=MEDIA_TYPE)

    return await _done(request, Act.REFERRALS, show)
