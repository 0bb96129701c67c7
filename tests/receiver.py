"""A neighbour's web server on a loopback port, in threads of its own, that answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Posted:
    """One request as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class WebReceiver:
    """Takes everything unless told otherwise."""

    def __init__(self) -> None:
        self.came: list[Posted] = []
        """Every request, also those answered badly."""
        self.took: list[str] = []
        """Ids of what was answered well, in that order."""
        self.answers: Callable[[Posted], int] = lambda _: 204
        """The status of each answer."""
        self.more: dict[str, str] = {}
        """Further headers of an answer."""
        self.talks_on = False
        """Whether an answer has a body without end."""
        self.open = threading.Event()
        """While it is not set, nobody gets an answer."""
        self.open.set()
        self.address = ""

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        posted = Posted({name.lower(): value for name, value in request.headers.items()}, body)
        self.came.append(posted)
        self.open.wait()
        status = self.answers(posted)
        if 200 <= status < 300:
            self.took.append(posted.id)
        request.send_response(status)
        for name, value in self.more.items():
            request.send_header(name, value)
        if self.talks_on:
            request.end_headers()
            while True:
                request.wfile.write(b"and another thing " * 100)
        request.send_header("content-length", "0")
        request.end_headers()


@contextmanager
def web_receiver() -> Iterator[WebReceiver]:
    """A receiver while the block runs."""
    made = WebReceiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            made._take(self)

        def log_message(self, *_: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: Any) -> None:
            """Whoever hung up has hung up."""

    with Server(("127.0.0.1", 0), Handler) as server:
        made.address = f"http://127.0.0.1:{server.server_port}/events?from=unit"
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield made
        finally:
            made.open.set()
            server.shutdown()
            serving.join()
