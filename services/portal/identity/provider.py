"""Talking with an identity provider: where it is, how a browser is sent there, how its answer is fetched and opened.

OpenID Connect code flow with PKCE (S256), private_key_jwt, and where agreed a signed request object and an encrypted ID
token: the Finnish Trust Network's profile. What the answer is worth is decided in domain.py.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwe, jwt
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from chassis import Refused, telemetry
from services.portal.identity.keys import ClientKeys
from services.portal.identity.settings import OidcSettings

SIGNATURES = ["RS256", "PS256", "ES256"]
"""How an ID token may be signed: public-key signatures only, so neither "none" nor a shared secret passes."""
ENCRYPTIONS = [
    *("RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"),
    *("A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512"),
]
KEPT = timedelta(hours=1)
"""How long metadata and keys of the provider are kept."""
KEYS_AGAIN = timedelta(minutes=1)
"""How soon keys are fetched anew for a key id we do not know."""
ASSERTION_LIFE = timedelta(minutes=2)
LARGEST_REPLY = 256 * 1024
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Fetcher = Callable[[], httpx.AsyncClient]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the provider answers."""

    authorization: str
    token: str
    keys: str


@dataclass(frozen=True, slots=True)
class Departure:
    """What a browser takes along to the provider, and what stays here to meet the answer."""

    language: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    @property
    def challenge(self) -> str:
        """PKCE S256 (RFC 7636)."""
        return s256(self.verifier)


class Provider:
    """One identity provider, seen as one of its clients.

    Args:
        oidc: the relationship, filled in (`settings.configured`).
        keys: our private keys in it.
        redirect_uri: where the browser comes back.
        clock: tells the time.
    """

    def __init__(
        self,
        oidc: OidcSettings,
        keys: ClientKeys,
        *,
        redirect_uri: str,
        clock: Callable[[], datetime],
    ) -> None:
        self.oidc = oidc
        self.keys = keys
        self.redirect_uri = redirect_uri
        self._clock = clock
        self.fetcher: Fetcher = self._client
        """Opens an HTTP client; a fresh one per exchange."""
        self._endpoints: tuple[datetime, Endpoints] | None = None
        self._jwks: tuple[datetime, KeySet] | None = None

    async def departure_url(self, departure: Departure) -> str:
        """Where to send the browser.

        Raises:
            Refused: `identity-unavailable`: the provider's metadata cannot be read.
        """
        endpoints = await self._where()
        request = {
            "response_type": "code",
            "client_id": self.oidc.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.oidc.scopes,
            "state": departure.state,
            "nonce": departure.nonce,
            "code_challenge": departure.challenge,
            "code_challenge_method": "S256",
            "ui_locales": departure.language,
        }
        asked_where_set = {"acr_values": self.oidc.acr_values, "ftn_spname": self.oidc.service_name}
        request |= {name: value for name, value in asked_where_set.items() if value}
        if self.oidc.signed_request:
            outside = {name: request[name] for name in ("response_type", "client_id", "scope")}
            request = {**outside, "request": self._request_object(request)}
        separator = "&" if "?" in endpoints.authorization else "?"
        return f"{endpoints.authorization}{separator}{urlencode(request)}"

    async def redeem(self, code: str, verifier: str) -> Mapping[str, Any]:
        """Exchange a code for the claims of the ID token, its encryption opened and its signature verified.

        Raises:
            Refused: `identity-refused`: the provider refuses the code, or its token does not open or verify;
                `identity-unavailable`: the provider does not answer.
        """
        endpoints = await self._where()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self.oidc.client_id,
            "code_verifier": verifier,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._assertion(endpoints.token),
        }
        answer = await self._json("POST", endpoints.token, form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Refused("identity-refused", "the provider's answer has no ID token")
        return await self._verified(self._opened(token), endpoints)

    def _opened(self, token: str) -> str:
        """The signed token inside an encrypted one; agreed encryption is never waived."""
        if not self.oidc.encrypted:
            return token
        # Providers repeat iss and aud in the JWE header, which joserfc's strict check does not know.
        registry = JWERegistry(algorithms=ENCRYPTIONS, strict_check_header=False)
        try:
            opened = jwe.decrypt_compact(token, self.keys.opening, registry=registry)
            return (opened.plaintext or b"").decode("ascii")
        except (JoseError, ValueError, TypeError) as error:
            raise Refused("identity-refused", "the ID token is not encrypted to our key") from error

    async def _verified(self, token: str, endpoints: Endpoints) -> Mapping[str, Any]:
        for anew in (False, True):
            keys = await self._provider_keys(endpoints, anew=anew)
            try:
                registry = JWSRegistry(algorithms=SIGNATURES, strict_check_header=False)
                return jwt.decode(token, keys, registry=registry).claims
            except (JoseError, ValueError, TypeError) as error:
                if anew or not self._may_fetch_keys_again():
                    raise Refused("identity-refused", "the ID token's signature does not verify") from error
        raise AssertionError("the loop returns or raises")

    def _assertion(self, audience: str) -> str:
        """Who we are (private_key_jwt, RFC 7523)."""
        return self._signed({"iss": self.oidc.client_id, "sub": self.oidc.client_id, "aud": audience}, "JWT")

    def _request_object(self, request: Mapping[str, str]) -> str:
        """The request, signed (RFC 9101)."""
        claims = {**request, "iss": self.oidc.client_id, "aud": self.oidc.issuer}
        return self._signed(claims, "oauth-authz-req+jwt")

    def _signed(self, claims: Mapping[str, Any], kind: str) -> str:
        now = int(self._clock().timestamp())
        times = {"iat": now, "nbf": now, "exp": now + int(ASSERTION_LIFE.total_seconds())}
        header = {"alg": self.keys.algorithm, "kid": self.keys.signing.kid, "typ": kind}
        body = {**claims, **times, "jti": secrets.token_urlsafe(16)}
        return jwt.encode(header, body, self.keys.signing, algorithms=[self.keys.algorithm])

    async def _where(self) -> Endpoints:
        if all(self.oidc.endpoints):
            return Endpoints(*self.oidc.endpoints)
        if self._endpoints is None or self._endpoints[0] + KEPT < self._clock():
            self._endpoints = (self._clock(), await self._discovered())
        return self._endpoints[1]

    async def _discovered(self) -> Endpoints:
        found = await self._json("GET", self.oidc.issuer.rstrip("/") + "/.well-known/openid-configuration")
        try:
            endpoints = Endpoints(found["authorization_endpoint"], found["token_endpoint"], found["jwks_uri"])
        except KeyError as error:
            raise Refused("identity-unavailable", f"the provider's metadata lacks {error}") from error
        if found.get("issuer") != self.oidc.issuer:
            raise Refused("identity-unavailable", "the provider's metadata is another issuer's")
        secure = self.oidc.issuer.startswith("https://")
        if secure and not all(
            str(url).startswith("https://") for url in (endpoints.authorization, endpoints.token, endpoints.keys)
        ):
            raise Refused("identity-unavailable", "an endpoint of the provider is not https")
        return endpoints

    async def _provider_keys(self, endpoints: Endpoints, *, anew: bool) -> KeySet:
        if self.oidc.provider_jwks_file:
            return KeySet.import_key_set(json.loads(self.oidc.provider_jwks_file.read_text()))
        if anew or self._jwks is None or self._jwks[0] + KEPT < self._clock():
            found: Any = await self._json("GET", endpoints.keys)
            try:
                self._jwks = (self._clock(), KeySet.import_key_set(found))
            except (JoseError, KeyError, TypeError, ValueError) as error:
                raise Refused("identity-unavailable", "the provider's keys cannot be read") from error
        return self._jwks[1]

    def _may_fetch_keys_again(self) -> bool:
        """Whether the provider may have changed its keys since we looked; asked at most once a minute."""
        return self._jwks is not None and self._jwks[0] + KEYS_AGAIN < self._clock()

    async def _json(self, method: str, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            async with self.fetcher() as client:
                reply = await client.request(method, url, data=form, headers={"accept": "application/json"})
            body = reply.json() if len(reply.content) <= LARGEST_REPLY else None
        except (httpx.HTTPError, ValueError) as error:
            telemetry.log("portal").warning("identity provider", error_type=type(error).__name__)
            raise Refused("identity-unavailable", "the identity provider does not answer") from error
        if reply.is_success and isinstance(body, dict):
            return body
        telemetry.log("portal").warning("identity provider", code=str(reply.status_code))
        code = "identity-refused" if reply.status_code == httpx.codes.BAD_REQUEST else "identity-unavailable"
        raise Refused(code, f"the identity provider answered {reply.status_code}")

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=self.oidc.timeout_seconds, verify=self._trust, follow_redirects=False)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def s256(verifier: str) -> str:
    """The PKCE challenge of a verifier (RFC 7636 section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
