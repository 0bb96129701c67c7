"""Who is at the other end: visitor sessions that own contacts, and sessions of staff.

The browser (or a front end that speaks the JSON API) holds a secret of 256 random bits; the tables hold its SHA-256, so
that a stolen database opens no session. An id alone opens nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import Request, Response

from chassis import Refused, Settings
from services.portal.sessions.store import (
    SECRET_BYTES,
    STAFF_LIFE,
    VISITOR_IDLE,
    Opened,
    Staff,
    Visitor,
    close_staff,
    find_staff,
    find_visitor,
    forget_expired,
    identify,
    open_staff,
    open_visitor,
    own,
    renew,
    sent,
    take,
)

if TYPE_CHECKING:
    from services.portal.edge import Edge

__all__ = [
    "SECRET_BYTES",
    "STAFF_LIFE",
    "VISITOR_IDLE",
    "Opened",
    "Staff",
    "Visitor",
    "close_staff",
    "cookie_name",
    "drop_cookie",
    "drop_staff",
    "find_staff",
    "find_visitor",
    "forget_expired",
    "guest",
    "identify",
    "open_staff",
    "open_visitor",
    "own",
    "put_cookie",
    "put_staff",
    "put_visitor",
    "renew",
    "sent",
    "staff",
    "take",
    "visitor",
]


def put_visitor(response: Response, settings: Settings, visitor: Visitor) -> None:
    """Let the browser keep a resident's session until it is closed: the computer may be a library's."""
    put_cookie(response, settings, "visitor", visitor.secret)


def put_staff(response: Response, settings: Settings, staff: Staff) -> None:
    """Let the browser keep a session of staff for a working day."""
    put_cookie(response, settings, "staff", staff.secret, lives=STAFF_LIFE)


def drop_staff(response: Response, settings: Settings) -> None:
    """Take a session of staff from the browser."""
    drop_cookie(response, settings, "staff")


def put_cookie(
    response: Response, settings: Settings, name: str, secret: str, *, lives: timedelta | None = None
) -> None:
    """Set a cookie no script can read and no other site can post with."""
    response.set_cookie(
        cookie_name(settings, name),
        secret,
        max_age=int(lives.total_seconds()) if lives else None,
        secure=_secure(settings),
        httponly=True,
        samesite="lax",
        path="/",
    )


def drop_cookie(response: Response, settings: Settings, name: str) -> None:
    """Take a cookie from the browser."""
    response.delete_cookie(
        cookie_name(settings, name), secure=_secure(settings), httponly=True, samesite="lax", path="/"
    )


def cookie_name(settings: Settings, name: str) -> str:
    """`__Host-` binds a cookie to this very host over https; only practice over http goes without."""
    return f"__Host-digi-{name}" if _secure(settings) else f"digi-{name}"


def _secure(settings: Settings) -> bool:
    return not (settings.practice and settings.base_url.startswith("http://"))


# Sessions as dependencies of pages and API: `me: Annotated[Visitor, Depends(sessions.visitor)]`


async def guest(request: Request) -> Visitor | None:
    """The resident's session of a request, by bearer secret or cookie; None when there is none."""
    edge = _edge(request)
    bearer = _bearer(request)
    secret = bearer or request.cookies.get(cookie_name(edge.settings, "visitor"), "")
    found = await edge.transact(lambda tx: find_visitor(tx, secret)) if secret else None
    if found is None or not bearer:
        return found
    return Visitor(found.session_id, found.secret, by_cookie=False, contacts=found.contacts)


async def visitor(request: Request) -> Visitor:
    """The resident's session of a request.

    Raises:
        Refused: `session-expired`: there is none, or it has ended.
    """
    found = await guest(request)
    if found is None:
        raise Refused("session-expired", "no open session; begin anew from the front page")
    return found


async def staff(request: Request) -> Staff:
    """The session of staff of a request.

    Raises:
        Refused: `not-logged-in`.
    """
    edge = _edge(request)
    secret = request.cookies.get(cookie_name(edge.settings, "staff"), "")
    found = await edge.transact(lambda tx: find_staff(tx, secret)) if secret else None
    if found is None:
        raise Refused("not-logged-in", "log in at /desk/login")
    return found


def _bearer(request: Request) -> str:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _edge(request: Request) -> Edge:
    edge: Edge = request.app.state.edge
    return edge
