"""The HTTP side of it: `POST /api/v1/assessments`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, ValidationError

from chassis import Refused
from chassis.seal import Sealer
from services.portal.assessments.domain import Result
from services.portal.assessments.mapping import load_mappings
from services.portal.assessments.taking import Counter, Taken
from services.portal.edge import Edge
from services.portal.links import Links
from services.portal.neighbours import binding, described
from services.portal.neighbours.coming import comer, must_be_granted
from services.portal.neighbours.domain import Act, NotAsDeclared
from services.portal.neighbours.metrics import SENT
from services.portal.neighbours.routes import NOBODY, refusal

routes = APIRouter(prefix="/api/v1", tags=["neighbours"])
CREATED = 201


class Answered(BaseModel):
    """What came of a result."""

    model_config = ConfigDict(frozen=True)

    contact_id: UUID
    link: str
    """For the person alone: opens the contact in their browser, once."""
    expires_at: datetime
    """When the link opens nothing any more."""


def install(app: FastAPI, edge: Edge) -> None:
    """Give the portal's application what the routes stand on."""
    links = Links(Sealer(edge.settings.keys_dir, "portal"))
    app.state.counter = Counter(edge, load_mappings(edge.knobs.mappings_dir), links)


def counter_of(request: Request) -> Counter:
    counter: Counter = request.app.state.counter
    return counter


@routes.post("/assessments", status_code=CREATED, openapi_extra=described.ASSESSMENTS, response_model=Answered)
async def send_result(request: Request) -> Response:
    """Send the result of a symptom assessment. The same `result_id` and body again give the same answer."""
    name = NOBODY
    try:
        neighbour = await comer(request)
        name = neighbour.name
        must_be_granted(neighbour, Act.ASSESSMENTS)
        binding.media_type(request, (binding.BINARY,))
        result = result_of(await binding.json_of(request))
        request.state.language = result.language  # a refusal from here on is told in it
        taken = await counter_of(request).take(neighbour, result)
    except Refused as refused:
        SENT.labels(name, Act.ASSESSMENTS, refused.code).inc()
        return await refusal(request, refused)
    SENT.labels(name, Act.ASSESSMENTS, "taken").inc()
    answered = Answered(contact_id=taken.contact_id, link=link(request, result, taken), expires_at=taken.expires_at)
    return JSONResponse(answered.model_dump(mode="json"), status_code=CREATED)


def link(request: Request, result: Result, taken: Taken) -> str:
    """Where the person opens the contact, in their own language."""
    return f"{counter_of(request).edge.settings.base_url}/{result.language}/avaa/{taken.secret}"


def result_of(told: Any) -> Result:
    """A result as it was sent.

    Raises:
        NotAsDeclared: `no-zone`: a moment without its zone; `schema`.
    """
    try:
        return Result.model_validate(told)
    except ValidationError as error:
        raise not_as_declared(error) from None


def not_as_declared(error: ValidationError) -> NotAsDeclared:
    """Which fields are to blame; never what stands in them."""
    wrong = error.errors(include_url=False, include_input=False, include_context=False)
    fields = [(".".join(map(str, each["loc"])), each["type"]) for each in wrong]
    if any(rule == "timezone_aware" for _, rule in fields):
        return NotAsDeclared("no-zone", "expected a time with its zone: 2026-11-24T10:00:00+02:00", fields)
    return NotAsDeclared("schema", "expected what the OpenAPI document says of it", fields)
