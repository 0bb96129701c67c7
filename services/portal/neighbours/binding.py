"""The HTTP binding of CloudEvents 1.0: binary, structured and batched, told apart by the content type.

Source: cloudevents/spec, bindings/http-protocol-binding.md, sections 3.1 to 3.3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from fastapi import HTTPException, Request
from pydantic_core import from_json
from starlette.datastructures import Headers

from chassis import Refused
from services.portal.guard import TOO_LARGE
from services.portal.neighbours.domain import NEEDED, NotAsDeclared, Posted

BINARY = "application/json"
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
READ = (*NEEDED, "area", "municipality", "datacontenttype")
"""Attributes we look at; every other one is left alone."""
_MEDIA_TYPE = re.compile(r'\s*([\w.+/-]+)\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?;?\s*', re.IGNORECASE)
"""A media type, in UTF-8 if it says in what."""


async def read(request: Request) -> Sequence[Posted]:
    """The events of a request; one, unless they come in a batch.

    Raises:
        Refused: `content-type`, `too-big`, `bad-json`, `bad-envelope`.
    """
    kind = media_type(request, (BINARY, STRUCTURED, BATCHED))
    told = await json_of(request)
    if kind == BINARY:
        return [Posted(_of_headers(request.headers), told)]
    if kind == STRUCTURED:
        return [_of_object(told)]
    if not isinstance(told, list):
        raise NotAsDeclared("bad-json", "expected an array of CloudEvents", [("", "list_type")])
    return [_of_object(each) for each in told]


def media_type(request: Request, taken: Sequence[str]) -> str:
    """Which of the media types that are taken a body has.

    Raises:
        Refused: `content-type`.
    """
    kind = _media_type(request.headers.get("content-type", ""))
    if kind not in taken or request.headers.get("content-encoding", "identity") != "identity":
        raise _wrong_type(taken)
    return kind


async def json_of(request: Request) -> Any:
    """The body of a request, read as JSON.

    Raises:
        Refused: `too-big`, `bad-json`.
    """
    return _json(await _body(request))


def _wrong_type(taken: Sequence[str]) -> Refused:
    return Refused("content-type", f"expected {' or '.join(taken)}, in UTF-8")


def _media_type(header: str) -> str:
    found = _MEDIA_TYPE.fullmatch(header)
    return found[1].lower() if found else ""


async def _body(request: Request) -> bytes:
    try:
        return await request.body()
    except HTTPException as error:
        if error.status_code != TOO_LARGE:
            raise
        raise Refused("too-big", "the body is longer than the portal takes") from None


def _json(body: bytes) -> Any:
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError:  # its text would quote the body
        raise NotAsDeclared("bad-json", "expected JSON in UTF-8", [("", "json_invalid")]) from None


def _of_headers(headers: Headers) -> Mapping[str, str]:
    twice = [(name, "twice") for name in READ if len(headers.getlist(f"ce-{name}")) > 1]
    if twice:
        raise NotAsDeclared("bad-envelope", "expected every attribute once", twice)
    return {name: unquote(headers[f"ce-{name}"]) for name in READ if f"ce-{name}" in headers}


def _of_object(told: Any) -> Posted:
    if not isinstance(told, dict):
        raise NotAsDeclared("bad-json", "expected a CloudEvent as a JSON object", [("", "dict_type")])
    attributes = {name: told[name] for name in READ if told.get(name) is not None}
    wrong = [(name, "string_type") for name, value in attributes.items() if not isinstance(value, str)]
    if wrong:
        raise NotAsDeclared("bad-envelope", "expected attributes that are strings", wrong)
    if _media_type(attributes.get("datacontenttype", BINARY)) != BINARY:
        raise _wrong_type([BINARY])
    return Posted(attributes, told.get("data"))
