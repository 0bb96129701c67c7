"""Health of a process over HTTP: alive, ready, measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis.running import Running


def routes(services: Callable[[], Sequence[Running]]) -> list[Route]:
    """`/livez`, `/readyz` and `/metrics` of a process.

    /livez: 200 while restarting would not help; 503 when the bus client has given up for good.
    /readyz: 200 when every service of the process may be given work; else 503 naming what is missing.
    """

    async def livez(_request: Request) -> Response:
        dead = [running.name for running in services() if running.bus.closed]
        return JSONResponse({"alive": not dead, "closed": dead}, status_code=503 if dead else 200)

    async def readyz(_request: Request) -> Response:
        found = {running.name: {"ready": running.ready, "missing": _missing(running)} for running in services()}
        ready = bool(found) and all(state["ready"] for state in found.values())
        return JSONResponse({"ready": ready, "services": found}, status_code=200 if ready else 503)

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)]


def _missing(running: Running) -> list[str]:
    missing = list(running.missing)
    if not running.bus.connected:
        missing.append("the bus is not connected")
    if running.bus.failures:
        missing.append("the bus denies something this service needs")
    return missing
