"""What every posted form must pass, and how a done act is answered: 303 to a page, 204 to our own script."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from chassis import Refused
from services.portal import sessions
from services.portal.forms import Form, read_form
from services.portal.guard import must_be_our_origin
from services.portal.sessions import Opened, Staff, Visitor

NO_CONTENT = 204
SEE_OTHER = 303


async def _meant(request: Request, session: Opened) -> Form:
    must_be_our_origin(request)
    form = await read_form(request)
    session.must_be_meant(form["csrf"])
    return form


async def posted_by_visitor(request: Request, me: Annotated[Visitor, Depends(sessions.visitor)]) -> Form:
    """A form of the resident's own page.

    Raises:
        Refused: `session-expired`, `form-expired`, `not-a-form`.
    """
    return await _meant(request, me)


async def posted_by_staff(request: Request, me: Annotated[Staff, Depends(sessions.staff)]) -> Form:
    """A form of the desk.

    Raises:
        Refused: `not-logged-in`, `form-expired`, `not-a-form`.
    """
    return await _meant(request, me)


def by_script(request: Request) -> bool:
    """Whether our own script sent it and wants no page."""
    return request.headers.get("accept", "").startswith("application/json")


def done(request: Request, to: str) -> Response:
    """Lead to the page that shows what is the case now."""
    if by_script(request):
        return Response(status_code=NO_CONTENT)
    return RedirectResponse(to, status_code=SEE_OTHER)


async def answered(
    request: Request, act: Awaitable[object], *, to: str, again: Callable[[Refused], Awaitable[Response]]
) -> Response:
    """Do an act and answer.

    Args:
        request: the posted form's.
        act: what is to be done.
        to: page that shows what is the case after it.
        again: the page once more, with the form as it was sent, when it was refused.
    """
    try:
        await act
    except Refused as refused:
        if by_script(request):
            raise  # answered as a problem, shown beside the form
        return await again(refused)
    return done(request, to)
