"""Where a one-time link leads: a page that says what it opens, and a button that opens it.

Looking at the page uses nothing up: mail programs and previews look at links too.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import RedirectResponse

from chassis import Transaction
from contracts.base import Language
from services.portal import links, sessions
from services.portal.forms import Form
from services.portal.pages.page import edge_of, page_of, shown
from services.portal.pages.posted import SEE_OTHER, posted_by_visitor
from services.portal.sessions import Visitor

routes = APIRouter(prefix="/{language}/avaa/{secret}")
Secret = Annotated[str, Path(max_length=100)]


@routes.get("")
async def before(request: Request, language: Language, secret: Secret) -> Response:
    edge, guest = edge_of(request), await sessions.guest(request)

    def look(tx: Transaction) -> tuple[links.Link, Visitor]:
        link = links.look(tx, secret)
        return link, guest or sessions.open_visitor(tx)

    link, me = await edge.transact(look)
    if link.contact_id in me.contacts:
        return RedirectResponse(f"/{language}/asia/{link.contact_id}", status_code=SEE_OTHER)
    if link.used_at is not None:
        raise links.link_over()
    response = shown("link.html", page_of(request, language, f"/avaa/{secret}", session=me))
    sessions.put_visitor(response, edge.settings, me)
    return response


@routes.post("")
async def open_contact(
    request: Request,
    language: Language,
    secret: Secret,
    me: Annotated[Visitor, Depends(sessions.visitor)],
    _form: Annotated[Form, Depends(posted_by_visitor)],
) -> Response:
    contact_id = await edge_of(request).transact(lambda tx: links.use(tx, secret, me))
    return RedirectResponse(f"/{language}/asia/{contact_id}", status_code=SEE_OTHER)
