"""Wires identification into the portal: two providers, their routes, and in practice the stand-in behind both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from fastapi import FastAPI
from joserfc.jwk import KeySet
from starlette.applications import Starlette
from starlette.routing import Mount

from services.portal.edge import Edge
from services.portal.identity.keys import make_keys, read_keys
from services.portal.identity.provider import Provider
from services.portal.identity.routes import DESK_CALLBACK, RESIDENT_CALLBACK, Relations
from services.portal.identity.settings import STAND_IN, OidcSettings, ResidentOidc, StaffOidc, configured

if TYPE_CHECKING:
    from services.portal.practice.idp import StandIn


def install(app: FastAPI, edge: Edge, stand_in: type[StandIn] | None = None) -> None:
    """Give the portal's application what the routes of identification stand on; in practice, the stand-in as well.

    Args:
        app: the portal's.
        edge: what its pages stand on.
        stand_in: another provider for practice than ours (a hostile one, in tests).

    Raises:
        ValueError: production is not configured for a real provider.
    """
    resident_oidc = configured(ResidentOidc(), edge.settings, "resident")
    staff_oidc = configured(StaffOidc(), edge.settings, "staff")
    resident = _provider(resident_oidc, edge, RESIDENT_CALLBACK)
    staff = _provider(staff_oidc, edge, DESK_CALLBACK)
    if edge.settings.practice:
        _add_stand_in(app, edge, resident=resident, staff=staff, stand_in=stand_in)
    app.state.relations = Relations(edge, resident, resident_oidc, staff, staff_oidc)


def _provider(oidc: OidcSettings, edge: Edge, callback: str) -> Provider:
    assert oidc.key_file is not None
    if edge.settings.practice:
        make_keys(oidc.key_file)
    keys = read_keys(oidc.key_file, encrypted=oidc.encrypted)
    return Provider(oidc, keys, redirect_uri=edge.settings.base_url + callback, clock=edge.clock)


def _add_stand_in(
    app: FastAPI, edge: Edge, *, resident: Provider, staff: Provider, stand_in: type[StandIn] | None
) -> None:
    """Mount the stand-in, register both clients with it, and let them reach it without a network.

    The address browsers use need not be reachable from this machine.
    """
    from services.portal.practice import idp  # production never loads it

    issuer = edge.settings.base_url + STAND_IN
    registrations = [
        idp.Registration(
            client_id=client.oidc.client_id,
            redirect_uri=client.redirect_uri,
            keys=KeySet.import_key_set(client.keys.keys.as_dict(private=False)),
            kind="residents" if client is resident else "staff",
            signed_request=client.oidc.signed_request,
            encrypted=client.oidc.encrypted,
        )
        for client in (resident, staff)
    ]
    practice = (stand_in or idp.StandIn)(issuer, registrations, edge.clock).application
    app.mount(STAND_IN, practice)
    inside = Starlette(routes=[Mount(STAND_IN, practice)])
    for client in (resident, staff):
        if client.oidc.issuer == issuer:
            client.fetcher = lambda: httpx.AsyncClient(transport=httpx.ASGITransport(app=inside))
