"""The line between a browser and a unit, which can be cut and mended: what a browser's own offline switch does not do
to a stream that is open already."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK_BYTES = 65_536


class Line:
    """Passes every connection on to a port of this machine, while it is whole."""

    def __init__(self, port: int) -> None:
        self._far_end = ("127.0.0.1", port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._dead: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._whole = True
        self._threads = [threading.Thread(target=self._take, daemon=True)]
        self._threads[0].start()

    @property
    def address(self) -> str:
        """What a browser that uses this line opens."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def swallow(self) -> None:
        """Let nothing more through on what is open now, and let nobody know; new connections are whole."""
        with self._lock:
            self._dead |= self._open

    def cut(self) -> None:
        """End every connection; let no new one through."""
        with self._lock:
            self._whole = False
            for end in self._open:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let new connections through again."""
        with self._lock:
            self._whole = True

    def close(self) -> None:
        """Take the line down."""
        self.cut()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _take(self) -> None:
        with suppress(OSError):  # the line was taken down
            while True:
                near, _ = self._listening.accept()
                self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        with self._lock:
            if not self._whole:
                near.close()
                return
            far = socket.create_connection(self._far_end)
            self._open |= {near, far}
        for source, target in ((near, far), (far, near)):
            thread = threading.Thread(target=self._pass_on, args=(source, target), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(CHUNK_BYTES):
                if source not in self._dead:
                    target.sendall(chunk)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open.discard(source)
        source.close()


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """A line while the block runs."""
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
