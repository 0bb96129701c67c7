"""Our own style, script and mark; read once, kept by browsers for ever under the address of their content."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import RedirectResponse

from services.portal.pages.page import STATIC, asset, static_bytes
from services.portal.refusals import NOT_FOUND

routes = APIRouter()


@routes.get("/static/{version}/{name}")
async def static(version: str, name: str) -> Response:
    if name not in STATIC or asset(name) != f"/static/{version}/{name}":
        raise HTTPException(NOT_FOUND)
    return Response(static_bytes(name), media_type=STATIC[name])


@routes.get("/favicon.ico")
async def favicon() -> Response:
    """Browsers ask for it on pages that name no mark of their own."""
    return RedirectResponse(asset("mark.svg"), status_code=308)
