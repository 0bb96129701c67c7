"""Wires identification into the portal: two providers, their routes, and in practice the stand-in behind both."""

from __future__ import annotations

from typing import Literal

import httpx
from fastapi import FastAPI
from joserfc.jwk import KeySet
from starlette.applications import Starlette
from starlette.routing import Mount

from services.portal.edge import Edge
from services.portal.identity.keys import ClientKeys, make_keys, read_keys
from services.portal.identity.provider import Fetcher, Provider
from services.portal.identity.routes import DESK_CALLBACK, RESIDENT_CALLBACK, desk_routes, resident_routes
from services.portal.identity.settings import STAND_IN, OidcSettings, ResidentOidc, StaffOidc, configured
from services.portal.practice.idp import Registration, StandIn


def install(app: FastAPI, edge: Edge, stand_in: type[StandIn] = StandIn) -> None:
    """Add identification to the portal's application.

    Raises:
        ValueError: production is not configured for a real provider.
    """
    home = edge.settings.base_url
    resident = configured(ResidentOidc(), edge.settings, "resident")
    staff = configured(StaffOidc(), edge.settings, "staff")
    resident_keys, staff_keys = _keys(resident, edge), _keys(staff, edge)
    fetcher = None
    if edge.settings.practice:
        registrations = [
            _register(resident, resident_keys, home + RESIDENT_CALLBACK, "residents"),
            _register(staff, staff_keys, home + DESK_CALLBACK, "staff"),
        ]
        practice = stand_in(home + STAND_IN, registrations, edge.clock).application
        app.mount(STAND_IN, practice)
        fetcher = _in_process(practice)

    def provider(oidc: OidcSettings, keys: ClientKeys, back: str) -> Provider:
        inside = fetcher if oidc.issuer == home + STAND_IN else None
        return Provider(oidc, keys, redirect_uri=home + back, clock=edge.clock, fetcher=inside)

    app.include_router(resident_routes(edge, provider(resident, resident_keys, RESIDENT_CALLBACK), resident))
    app.include_router(desk_routes(edge, provider(staff, staff_keys, DESK_CALLBACK), staff))


def _keys(oidc: OidcSettings, edge: Edge) -> ClientKeys:
    assert oidc.key_file is not None
    if edge.settings.practice:
        make_keys(oidc.key_file)
    return read_keys(oidc.key_file, encrypted=oidc.encrypted)


def _register(
    oidc: OidcSettings, keys: ClientKeys, redirect_uri: str, kind: Literal["residents", "staff"]
) -> Registration:
    public = KeySet.import_key_set(keys.keys.as_dict(private=False))
    return Registration(oidc.client_id, redirect_uri, public, kind, oidc.signed_request, oidc.encrypted)


def _in_process(practice: Starlette) -> Fetcher:
    """Reaches the stand-in without a network: the address browsers use need not be reachable from here."""
    inside = Starlette(routes=[Mount(STAND_IN, practice)])
    return lambda: httpx.AsyncClient(transport=httpx.ASGITransport(app=inside))
