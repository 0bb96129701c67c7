"""One stream per open page: nothing missed, nothing repeated, over when it must be."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi import Request

from chassis import Refused, clock
from chassis.live import Hints
from chassis.transaction import Hint
from services.portal.pages.page import KEY, fresh_keys
from services.portal.pages.stream import Change, Streams, changes, event, here, last_seen
from tests.services.portal.town import Town

CONTACT = uuid4()


async def heard(looks: list[Change | Exception], *, hint: bool = True) -> list[str]:
    """The lines of a stream that looks this often and is then stopped; every look but the last is hinted on."""
    closing, hints, left = asyncio.Event(), Hints(), list(looks)

    async def look() -> Change:
        found = left.pop(0)
        if not left:
            closing.set()
        elif hint:
            hints.heard(Hint(contact=CONTACT))
        if isinstance(found, Exception):
            raise found
        return found

    async with hints.subscribe(contact=CONTACT) as listener:
        return [line async for line in changes(look, [listener], closing, every=0.01 if not hint else 60)]


def lines_of(*looks: Change | Exception, hint: bool = True) -> list[str]:
    return asyncio.run(heard(list(looks), hint=hint))[1:]


def test_a_message_carries_its_sequence_as_the_events_id() -> None:
    assert lines_of(Change(messages=((3, "<p>Hei</p>"),))) == ["id: 3\nevent: message\ndata: <p>Hei</p>\n\n"]


def test_text_of_several_lines_stays_one_event() -> None:
    assert event("message", "a\nb\r\nc") == "event: message\ndata: a\ndata: b\ndata: c\n\n"


def test_a_panel_is_sent_only_when_it_has_changed() -> None:
    told = lines_of(Change(panels={"a": "1"}), Change(panels={"a": "1"}), Change(panels={"a": "2"}))
    assert [line.count("panel") for line in told] == [1, 0, 1]


def test_a_sign_of_life_says_when_the_next_one_comes() -> None:
    assert lines_of(Change()) == [here(60)] == ["event: here\ndata: 60\n\n"]


def test_a_lost_hint_is_made_good_by_reading_again() -> None:
    assert len(lines_of(Change(messages=((1, "a"),)), Change(messages=((2, "b"),)), hint=False)) == 2


def test_a_service_that_is_away_does_not_end_the_stream() -> None:
    away = Refused("service-unavailable")
    assert lines_of(away, Change(messages=((1, "a"),)))[1].startswith("id: 1")


def test_a_session_that_is_over_ends_the_stream() -> None:
    assert lines_of(Refused("session-expired"), Change(messages=((1, "secret"),))) == []


def test_every_form_of_a_panel_gets_a_key_of_its_own() -> None:
    first, second = fresh_keys(f"{KEY} {KEY}").split()
    assert KEY not in (first, second)
    assert first != second


def asked(query: str = "", **headers: str) -> Request:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": pairs})


@pytest.mark.parametrize(
    ("request_", "sequence"),
    [
        (asked(), 0),
        (asked("after=4"), 4),
        (asked("after=4", last_event_id="7"), 7),
        (asked("after=-1"), 0),
        (asked("after=1e9"), 0),
        (asked("after=" + "9" * 30), 0),
        (asked("after=٣"), 0),
    ],
)
def test_a_reconnecting_page_goes_on_after_what_it_has_seen(request_: Request, sequence: int) -> None:
    assert last_seen(request_) == sequence


def test_one_browser_has_a_bounded_number_of_streams() -> None:
    streams, me = Streams(limit=10, per_session=1), uuid4()
    with streams.one_more(me), pytest.raises(Refused, match="too-many-pages"):
        streams.must_have_room(me)


def test_all_together_have_a_bounded_number_of_streams() -> None:
    streams = Streams(limit=1, per_session=5)
    with streams.one_more(uuid4()), pytest.raises(Refused, match="too-many-pages"):
        streams.must_have_room(uuid4())


def test_a_closed_page_makes_room() -> None:
    streams, me = Streams(limit=1, per_session=1), uuid4()
    with streams.one_more(me):
        pass
    streams.must_have_room(me)


async def _follow(app: Any, path: str, cookie: str, until: Callable[[str], bool], stop: Callable[[], None]) -> str:
    """Read a stream of the application until something has come, then stop the process."""
    body: list[str] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(message: dict[str, Any]) -> None:
        body.append(message.get("body", b"").decode())
        if until("".join(body)):
            stop()

    headers = [(b"host", b"127.0.0.1:8000"), (b"cookie", cookie.encode())]
    path, _, query = path.partition("?")
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
             "headers": headers, "scheme": "http", "server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 1),
             "root_path": "", "http_version": "1.1", "asgi": {"version": "3.0", "spec_version": "2.3"}}  # fmt: skip
    await asyncio.wait_for(app(scope, receive, send), 20)
    return "".join(body)


def test_an_open_case_page_gets_messages_it_has_not_seen_and_ends_with_the_process(town: Town) -> None:
    case, desk, talk = town.in_conversation()
    for said in ("Ensimmäinen", "Toinen"):
        desk.get(talk)
        desk.post(f"{talk}/messages", {"words": said})
    cookie = "; ".join(f"{name}={value}" for name, value in town.resident.cookies.items())
    until, stop = (lambda body: "panel-status" in body), town.edge.closing.set
    with clock.using(town.clock):
        stream = asyncio.run(_follow(town.app, f"{case}/live?after=1", cookie, until, stop))
    assert "Toinen" in stream
    assert "Ensimmäinen" not in stream


def test_another_session_gets_no_stream(town: Town) -> None:
    case = town.comes_in()
    stranger = town.browser()
    stranger.get("/fi/kysely?kunta=285&vaiva=knee")
    assert stranger.get(f"{case}/live").status_code == 404
