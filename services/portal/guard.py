"""Before any page: which hosts we answer to, how long a body may be, what a browser may do with an answer.

Plain ASGI, so that nothing reads a body before it has been measured.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import Refused

OK = 200
TOO_LARGE = 413
MISDIRECTED = 421
PROBES = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked by machines that know this process by its address."""
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "portal",
}
HEADERS = {
    "x-content-type-options": "nosniff",
    # Not "no-referrer": under it browsers send "Origin: null" with our own forms, and the origin check would be blind.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "x-frame-options": "DENY",
}
IMMUTABLE = "public, max-age=31536000, immutable"
HSTS = "max-age=31536000; includeSubDomains"


def policy() -> str:
    """The content security policy."""
    return "; ".join(f"{name} {value}" for name, value in POLICY.items())


class Guard:
    """Wraps the whole application.

    Args:
        app: what it guards.
        hosts: host names it answers to.
        body_limit: longest request body, bytes.
        secure: whether browsers come by https.
        on_bug: the page that says sorry. Here and not as an exception handler: those of `Exception` run outside of us.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: frozenset[str],
        body_limit: int,
        secure: bool,
        on_bug: Callable[[Request, Exception], Awaitable[Response]],
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._body_limit = body_limit
        self._on_bug = on_bug
        self._headers = HEADERS | {"content-security-policy": policy()}
        if secure:
            self._headers["strict-transport-security"] = HSTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        known = scope["path"] in PROBES or host_name(Headers(scope=scope)) in self._hosts
        app = self._app if known else PlainTextResponse("", status_code=MISDIRECTED)
        answer = _Answer(send, self._headers, immutable=scope["path"].startswith("/static/"))
        try:
            await app(scope, self._measured(receive), answer)
        except Exception as bug:
            if answer.started:
                raise
            await (await self._on_bug(Request(scope), bug))(scope, receive, answer)

    def _measured(self, receive: Receive) -> Receive:
        length = 0

        async def measured() -> Message:
            nonlocal length
            message = await receive()
            length += len(message.get("body", b""))
            if length > self._body_limit:
                raise HTTPException(TOO_LARGE)
            return message

        return measured


class _Answer:
    """Sends an answer with the headers every answer has."""

    def __init__(self, send: Send, headers: Mapping[str, str], *, immutable: bool) -> None:
        self.started = False
        self._send, self._headers, self._immutable = send, headers, immutable

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            kept = self._immutable and message["status"] == OK
            headers.setdefault("cache-control", IMMUTABLE if kept else "no-store")
        await self._send(message)


def host_name(headers: Headers) -> str:
    """The host a browser asked for, without its port; empty when it is malformed."""
    host = headers.get("host", "").lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def must_be_our_origin(request: Request) -> None:
    """Let a change pass only when no page of another site began it; browsers say which.

    Raises:
        Refused: `form-expired`.
    """
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower():
        return
    if origin is None and request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none"):
        return
    raise Refused("form-expired", "the form was sent by a page of another site")
