"""Traps: a web server and a file that notice every visit."""

from __future__ import annotations

import ctypes
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_IN_ACCESS, _IN_OPEN, _IN_NONBLOCK = 0x1, 0x20, 0o4000


class Server:
    """Serves the same bytes under every address of the loopback and counts the requests."""

    def __init__(self, body: bytes) -> None:
        self.requests: list[str] = []
        seen = self.requests

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                seen.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator[Server]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


class Watch:
    """Counts how often a file is opened or read, by any process (inotify)."""

    def __init__(self, path: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd = libc.inotify_init1(_IN_NONBLOCK)
        added = libc.inotify_add_watch(self._fd, os.fsencode(path), _IN_ACCESS | _IN_OPEN)
        if self._fd < 0 or added < 0:
            raise OSError(ctypes.get_errno(), "inotify is not to be had")

    def close(self) -> None:
        os.close(self._fd)

    def visits(self) -> int:
        """Visits since the last question."""
        try:
            events = os.read(self._fd, 1 << 16)
        except BlockingIOError:
            return 0
        count = 0
        while events:
            (length,) = struct.unpack_from("I", events, 12)
            events = events[16 + length :]
            count += 1
        return count
