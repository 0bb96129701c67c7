"""One page: its words, its place in each language, its templates. Templates are read once and kept compiled."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from contracts.areas import Area
from contracts.base import Language
from services.portal.edge import Edge
from services.portal.forms import Form
from services.portal.language import LANGUAGES, Words, words
from services.portal.sessions import Opened

FOLDER = Path(__file__).parents[1]
STATIC = {
    "portal.css": "text/css; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
    "mark.svg": "image/svg+xml",
}


def new_key() -> str:
    """A one-time idempotency key for one form on one page."""
    return str(uuid4())


KEY = "00000000-0000-4000-8000-000000000000"
"""Stands for one-time keys while two renderings are compared; replaced by fresh ones on the way out."""


def fresh_keys(html: str) -> str:
    """Give each form of a rendering its own one-time key."""
    first, *rest = html.split(KEY)
    return first + "".join(new_key() + part for part in rest)


@dataclass(frozen=True, slots=True)
class Page:
    """What every template needs beside its own matter."""

    t: Words
    path: str
    """Without the language: "/asia/…"; the language switch keeps it."""
    area: Area
    """Whose numbers for help it shows."""
    query: str = ""
    practice: bool = False
    csrf: str = ""
    key: Callable[[], str] = field(default=new_key)
    staff_name: str = ""
    licensed: bool = False
    """Whether the member of staff may assess (rule 13)."""

    @property
    def at(self) -> str:
        """Where this language begins."""
        return f"/{self.t.language}"

    @property
    def languages(self) -> tuple[Language, ...]:
        return LANGUAGES

    def in_language(self, language: Language) -> str:
        """This page in another language."""
        return f"/{language}{self.path}{self.query}"


@cache
def asset(name: str) -> str:
    """Address of a static file: its content is part of it, so a browser may keep it for ever."""
    return f"/static/{hashlib.sha256(static_bytes(name)).hexdigest()[:12]}/{name}"


@cache
def static_bytes(name: str) -> bytes:
    return (FOLDER / "static" / name).read_bytes()


@cache
def templates() -> Environment:
    """Autoescaping, no silent gap, compiled once."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    environment.globals["asset"] = asset
    return environment


def render(template: str, page: Page, **matter: Any) -> str:
    """The HTML of a template."""
    common = {"page": page, "t": page.t, "form": Form(), "refused": ""}
    return templates().get_template(template).render(common | matter)


def panel(template: str, page: Page, *, form: Form | None = None, **matter: Any) -> str:
    """A part of a page that is replaced as a whole, rendered with KEY and marked with the state it shows.

    The mark leaves out what is typed and what is wrong with it: an open form is replaced only when the matter moved on.
    """
    still = replace(page, key=lambda: KEY)
    blank = render(template, still, **matter)
    state = hashlib.sha256(blank.encode()).hexdigest()[:12]
    html = render(template, still, form=form, **matter) if form else blank
    return html.replace('data-state=""', f'data-state="{state}"', 1)


def safe(panels: Mapping[str, str]) -> dict[str, Markup]:
    """Panels as parts of a whole page, each form with its own key."""
    return {name: Markup(fresh_keys(html)) for name, html in panels.items()}  # noqa: S704  # rendered with autoescape


def shown(template: str, page: Page, *, status: int = 200, **matter: Any) -> HTMLResponse:
    """A page as an answer."""
    return HTMLResponse(render(template, page, **matter), status_code=status)


def edge_of(request: Request) -> Edge:
    edge: Edge = request.app.state.edge
    return edge


def page_of(
    request: Request,
    language: Language,
    path: str,
    *,
    session: Opened | None = None,
    query: str = "",
    area: Area | None = None,
) -> Page:
    """The page a request asks for; of the first county while nobody knows whose resident asks."""
    return Page(
        t=words(language),
        path=path,
        area=area or next(iter(edge_of(request).areas.values())),
        query=query,
        practice=edge_of(request).settings.practice,
        csrf=session.csrf if session else "",
    )
