"""The portal, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI

from chassis import Jobs, Service, Settings, Transact, clock
from chassis.running import Running
from contracts.areas import load_areas
from services.portal import api, drafts, links, sessions, store
from services.portal.assessments import routes as assessments
from services.portal.assessments.store import forget_taken
from services.portal.edge import Edge
from services.portal.fhir import routes as fhir
from services.portal.guard import Guard
from services.portal.identity import routes as identity
from services.portal.identity import wiring
from services.portal.models import PortalTable
from services.portal.neighbours import routes as neighbours
from services.portal.neighbours.store import forget_posted
from services.portal.pages import (
    case,
    desk,
    desk_cases,
    desk_contact,
    desk_demand,
    desk_doors,
    desk_falls,
    desk_lists,
    desk_matching,
    desk_referrals,
    desk_talk,
    errors,
    falls,
    front,
    own_words,
    practice,
    questions,
    remaining,
    sent,
    static,
)
from services.portal.pages import links as link_pages
from services.portal.pages.stream import Streams
from services.portal.practice import calendar, mail
from services.portal.settings import PortalSettings

LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]"}
PAGES = (
    static,
    front,
    own_words,
    questions,
    falls,
    remaining,
    sent,
    link_pages,
    case,
    desk,
    desk_talk,
    desk_lists,
    desk_demand,
    desk_doors,
    desk_referrals,
    desk_cases,
    desk_contact,
    desk_matching,
    desk_falls,
)
"""Modules with `routes`."""

jobs = Jobs()


@jobs(every=timedelta(minutes=10))
async def forget(transact: Transact) -> None:
    """Let go of sessions, links, unfinished questionnaires, forms and what was posted that nobody can use any more."""
    await transact(sessions.forget_expired)
    await transact(drafts.forget_old)
    await transact(store.forget_sent)
    await transact(forget_posted)
    await transact(forget_taken)
    await transact(links.forget_links)


def hosts(edge: Edge) -> frozenset[str]:
    """Host names the portal answers to."""
    ours = {(urlsplit(edge.settings.base_url).hostname or "").lower(), *edge.knobs.allowed_hosts}
    return frozenset(ours | LOCAL_HOSTS if edge.settings.practice else ours)


def pages(edge: Edge) -> FastAPI:
    """The ASGI application over an edge."""
    app = FastAPI(
        openapi_url=None,  # pages need no description; the API describes itself (api.py)
        # FastAPI's own spans and logs carry addresses and errors as they were typed; ours name the method alone.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        lifespan=_catching_mail if edge.settings.practice else None,
    )
    app.state.edge = edge
    app.state.streams = Streams(edge.knobs.streams_limit, edge.knobs.streams_per_session)
    errors.install(app)
    neighbours.install(app, edge)
    assessments.install(app, edge)
    wiring.install(app, edge)
    _serve(app, api.routes, neighbours.routes, assessments.routes, fhir.routes, identity.routes)
    if edge.settings.practice:
        _serve(app, practice.routes)
    _serve(app, desk.shortcuts, *(module.routes for module in PAGES))
    app.add_middleware(
        Guard,
        hosts=hosts(edge),
        body_limit=edge.knobs.body_limit_bytes,
        secure=edge.settings.base_url.startswith("https://"),
        on_bug=errors.on_bug,
    )
    return app


def _serve(app: FastAPI, *routers: APIRouter) -> None:
    """Add routes as they are: `include_router` would build each a second time, for every application."""
    for router in routers:
        app.router.routes += router.routes


@asynccontextmanager
async def _catching_mail(app: FastAPI) -> AsyncIterator[None]:
    """Take the mail a practice installation sends, while the portal runs."""
    settings: Settings = app.state.edge.settings
    app.state.mailbox = await mail.start("127.0.0.1", settings.practice_mail_port)
    try:
        yield
    finally:
        app.state.mailbox.close()


def web(running: Running) -> Any:
    """The pages of the running portal."""
    settings = running.service.settings
    edge = Edge(
        ask=running.ask,
        transact=running.transact,
        seal=running.sealer.seal,
        hints=running.hints,
        closing=running.closing,
        areas=load_areas(settings.areas_dir, practice=settings.always_open),
        clock=clock.now,
        settings=settings,
        knobs=PortalSettings(),
    )
    return pages(edge)


def build(settings: Settings) -> Service:
    """The web edge: pages, desk, API. Tells ContactOpened, IdentityVerified, CallbackRequested; hears nothing."""
    all_jobs = jobs.and_also(calendar.jobs) if settings.practice else jobs
    return Service(name="portal", settings=settings, jobs=all_jobs, tables=PortalTable.metadata, web=web)
