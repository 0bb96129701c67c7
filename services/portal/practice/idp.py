"""A stand-in identity provider for practice: a real OpenID Connect provider whose people are invented.

It holds its clients to the Finnish Trust Network's profile: private_key_jwt, PKCE S256, and where the client is so
registered a signed request object and an encrypted ID token. Only a practice installation has it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader
from joserfc import jwe, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jws import JWSRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from chassis.calendar import local_date
from services.portal.practice import people

CODE_LIFE = timedelta(seconds=60)
TICKET_LIFE = timedelta(minutes=10)
TOKEN_LIFE = timedelta(minutes=5)
REMEMBERED = 1000
"""Most requests, codes and assertions kept at a time; the oldest go first."""
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)


@dataclass(frozen=True, slots=True)
class Registration:
    """A client this provider knows."""

    client_id: str
    redirect_uri: str
    keys: KeySet
    """The client's public keys."""
    kind: Literal["residents", "staff"]
    signed_request: bool
    encrypted: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """An authorization request that was found good."""

    client: Registration
    state: str
    nonce: str
    challenge: str
    until: datetime
    person: people.TestPerson | None = None
    """Set once somebody has chosen who to be."""


class Wrong(Exception):
    """A request this provider refuses: an OAuth error code, and why."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error


@dataclass
class StandIn:
    """The provider. What it remembers is in memory: a restart forgets logins under way."""

    issuer: str
    clients: list[Registration]
    clock: Callable[[], datetime]
    key: ECKey = field(
        default_factory=lambda: ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
    )
    _tickets: OrderedDict[str, Asked] = field(default_factory=OrderedDict)
    _codes: OrderedDict[str, Asked] = field(default_factory=OrderedDict)
    _assertions: OrderedDict[str, Asked | None] = field(default_factory=OrderedDict)

    @property
    def application(self) -> Starlette:
        """The provider as an ASGI application, to be mounted where the issuer says."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/jwks", self.jwks),
                Route("/authorize", self.authorize),
                Route("/choose", self.choose, methods=["POST"]),
                Route("/token", self.token, methods=["POST"]),
            ]
        )

    async def discovery(self, _: Request) -> Response:
        """OpenID Connect Discovery 1.0."""
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "scopes_supported": ["openid", "profile"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                "code_challenge_methods_supported": ["S256"],
                "request_parameter_supported": True,
                "authorization_response_iss_parameter_supported": True,
                "ui_locales_supported": ["fi", "sv", "en"],
            }
        )

    async def jwks(self, _: Request) -> Response:
        """Our public key."""
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def authorize(self, request: Request) -> Response:
        """Show who one can be, to a request that keeps the profile."""
        query = dict(request.query_params)
        language = query.get("ui_locales", "")
        client = next((one for one in self.clients if one.client_id == query.get("client_id")), None)
        if client is None:
            return self._page(language, status=400, wrong="unknown client")
        try:
            told = self._request(client, query)
            language = told.get("ui_locales", language)
            if told.get("redirect_uri") != client.redirect_uri:
                return self._page(language, status=400, wrong="unknown redirect_uri")
            asked = self._asked(client, told)
        except Wrong as wrong:
            return _back(client.redirect_uri, error=wrong.error, state=query.get("state", ""), iss=self.issuer)
        ticket = _keep(self._tickets, asked)
        action = urlsplit(self.issuer).path + "/choose"
        return self._page(language, kind=client.kind, people=self._people(client), ticket=ticket, action=action)

    async def choose(self, request: Request) -> Response:
        """Somebody has chosen who to be, or to be nobody."""
        form = await _form(request)
        asked = self._tickets.pop(form.get("ticket", ""), None)
        if asked is None or asked.until < self.clock():
            return self._page("", status=400, wrong="expired")
        home = asked.client.redirect_uri
        person = next((one for one in self._people(asked.client) if one.key == form.get("person")), None)
        if person is None:
            return _back(home, error="access_denied", state=asked.state, iss=self.issuer)
        granted = replace(asked, until=self.clock() + CODE_LIFE, person=person)
        return _back(home, code=_keep(self._codes, granted), state=asked.state, iss=self.issuer)

    async def token(self, request: Request) -> Response:
        """Exchange a code, once, for an ID token."""
        form = await _form(request)
        try:
            client = self._authenticated(form)
            granted = self._codes.pop(form.get("code", ""), None)
            if granted is None or granted.until < self.clock() or granted.client is not client:
                raise Wrong("invalid_grant", "no such code")
            if form.get("redirect_uri") != client.redirect_uri or form.get("grant_type") != "authorization_code":
                raise Wrong("invalid_grant", "not the request the code was given to")
            if _s256(form.get("code_verifier", "")) != granted.challenge:
                raise Wrong("invalid_grant", "the code verifier does not fit (PKCE)")
        except Wrong as wrong:
            return JSONResponse({"error": wrong.error}, 401 if wrong.error == "invalid_client" else 400)
        answer = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 60}
        return JSONResponse({**answer, "id_token": self.id_token(granted)}, headers={"cache-control": "no-store"})

    def claims(self, granted: Asked) -> dict[str, Any]:
        """What the ID token says."""
        assert granted.person is not None
        now = int(self.clock().timestamp())
        return {
            "iss": self.issuer,
            "sub": granted.person.key,
            "aud": granted.client.client_id,
            "iat": now,
            "exp": now + int(TOKEN_LIFE.total_seconds()),
            "nonce": granted.nonce,
            **granted.person.claims,
        }

    def signed(self, claims: Mapping[str, Any]) -> str:
        """An ID token, signed."""
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, dict(claims), self.key)

    def id_token(self, granted: Asked) -> str:
        """The ID token as the client has registered to get it."""
        signed = self.signed(self.claims(granted))
        if not granted.client.encrypted:
            return signed
        key = next(one for one in granted.client.keys if one.get("use") == "enc")
        algorithm = "ECDH-ES" if isinstance(key, ECKey) else "RSA-OAEP-256"
        # Real providers repeat iss and aud outside; a client must not stumble over them.
        header = {"alg": algorithm, "enc": "A256GCM", "cty": "JWT", "kid": key.kid}
        outside = {"iss": self.issuer, "aud": granted.client.client_id}
        registry = jwe.JWERegistry(algorithms=[algorithm, "A256GCM"], strict_check_header=False)
        return jwe.encrypt_compact({**header, **outside}, signed, key, registry=registry)

    def _request(self, client: Registration, query: Mapping[str, str]) -> Mapping[str, str]:
        """The request's parameters, out of the signed object where there is one."""
        if "request" not in query:
            if client.signed_request:
                raise Wrong("invalid_request", "a signed request object is required")
            return query
        claims = self._signed_by(client, query["request"], "invalid_request_object")
        if claims.get("iss") != client.client_id or claims.get("aud") != self.issuer:
            raise Wrong("invalid_request_object", "not from this client to this provider")
        return {name: str(value) for name, value in claims.items()}

    def _asked(self, client: Registration, told: Mapping[str, str]) -> Asked:
        if told.get("response_type") != "code" or "openid" not in told.get("scope", "").split():
            raise Wrong("invalid_request", "expected the code flow of OpenID Connect")
        if told.get("code_challenge_method") != "S256" or not told.get("code_challenge"):
            raise Wrong("invalid_request", "PKCE with S256 is required")
        if not told.get("state") or not told.get("nonce"):
            raise Wrong("invalid_request", "state and nonce are required")
        return Asked(client, told["state"], told["nonce"], told["code_challenge"], until=self.clock() + TICKET_LIFE)

    def _authenticated(self, form: Mapping[str, str]) -> Registration:
        """The client that proves itself by private_key_jwt with a key id and a fresh jti."""
        client = next((one for one in self.clients if one.client_id == form.get("client_id")), None)
        if client is None or form.get("client_assertion_type") != ASSERTION_TYPE:
            raise Wrong("invalid_client", "expected private_key_jwt")
        claims = self._signed_by(client, form.get("client_assertion", ""), "invalid_client")
        if {claims.get("iss"), claims.get("sub")} != {client.client_id} or claims.get("aud") != f"{self.issuer}/token":
            raise Wrong("invalid_client", "the assertion is not this client's to us")
        jti = claims.get("jti")
        if not isinstance(jti, str) or jti in self._assertions:
            raise Wrong("invalid_client", "the assertion has no jti, or one used before")
        _keep(self._assertions, None, key=jti)
        return client

    def _signed_by(self, client: Registration, token: str, error: str) -> Mapping[str, Any]:
        registry = JWSRegistry(algorithms=["RS256", "PS256", "ES256"])
        try:
            found = jwt.decode(token, client.keys, registry=registry)
            fresh = found.claims["exp"] > self.clock().timestamp()
        except (JoseError, ValueError, TypeError, KeyError) as cause:
            raise Wrong(error, "the signature does not verify") from cause
        if not fresh or not found.header.get("kid"):
            raise Wrong(error, "expired, or without a key id")
        return found.claims

    def _people(self, client: Registration) -> tuple[people.TestPerson, ...]:
        return people.staff() if client.kind == "staff" else people.residents(local_date(self.clock()))

    def _page(self, language: str, *, status: int = 200, **values: Any) -> Response:
        language = language if language in ("fi", "sv", "en") else "fi"
        page = _pages.get_template("idp.html").render(language=language, text=people.texts(language), **values)
        return HTMLResponse(page, status, headers={"cache-control": "no-store"})


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("ascii", "replace"), keep_blank_values=True, max_num_fields=50))


def _keep(kept: OrderedDict[str, Any], value: Any, *, key: str = "") -> str:
    key = key or secrets.token_urlsafe(24)
    kept[key] = value
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)
    return key


def _back(home: str, **values: str) -> Response:
    """To the client by path alone: it lives at our address, whatever name of it the browser uses."""
    return RedirectResponse(f"{urlsplit(home).path}?{urlencode(values)}", 303, headers={"cache-control": "no-store"})


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
