"""Our own style, script and mark; read once, kept by browsers for ever under the address of their content."""

from __future__ import annotations

import gzip
from functools import cache

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from services.portal.pages.page import STATIC, asset, static_bytes
from services.portal.refusals import NOT_FOUND

routes = APIRouter()


@routes.get("/static/{version}/{name}")
async def static(request: Request, version: str, name: str) -> Response:
    if name not in STATIC or asset(name) != f"/static/{version}/{name}":
        raise HTTPException(NOT_FOUND)
    return _file(request, name)


@routes.get("/static/{name}")
async def newest(request: Request, name: str) -> Response:
    """For a page that is not one of our templates: the practice installation's identity provider."""
    if name not in STATIC:
        raise HTTPException(NOT_FOUND)
    response = _file(request, name)
    response.headers["cache-control"] = "no-cache"
    return response


def _file(request: Request, name: str) -> Response:
    headers = {"vary": "accept-encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(static_bytes(name), media_type=STATIC[name], headers=headers)
    return Response(_packed(name), media_type=STATIC[name], headers=headers | {"content-encoding": "gzip"})


@cache
def _packed(name: str) -> bytes:
    return gzip.compress(static_bytes(name), mtime=0)


@routes.get("/favicon.ico")
async def favicon() -> Response:
    """Browsers ask for it on pages that name no mark of their own."""
    return RedirectResponse(asset("mark.svg"), status_code=308)
