"""An HTTP connection under uvicorn, with bounds on the head of a request.

uvicorn's parser keeps a request line and headers of any length and waits for their end for ever; both
come before anybody asks who sends them.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 64 * 1024
"""Of request line and headers, and of extensions and trailers of chunks."""

HEAD_S = 30.0
"""From the beginning of the connection, or the end of the last request and its answer, to the whole head."""

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol for `http=`, made impatient."""

    head_s = HEAD_S

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_bytes = 0
        self._awaits_head = True
        self._impatience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The line is there."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is gone."""
        self._calm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and refuse a head that grows without end."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            if self._is_idle:
                self.transport.write(_TOO_LARGE)
            self.transport.close()

    def handle_websocket_upgrade(self) -> None:
        """The line is handed over."""
        self._calm()
        super().handle_websocket_upgrade()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._head_bytes = 0
        self._awaits_head = False
        self._calm()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body is there."""
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there."""
        self._head_bytes = 0
        self._awaits_head = True
        super().on_message_complete()
        self._expect_head()

    def on_response_complete(self) -> None:
        """The answer is given."""
        super().on_response_complete()
        self._expect_head()

    @property
    def _is_idle(self) -> bool:
        # uvicorn declares the cycle without the None that it begins with.
        return self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]

    def _expect_head(self) -> None:
        self._calm()
        if self._awaits_head and self._is_idle and not self.transport.is_closing():
            self._impatience = self.loop.call_later(self.head_s, self.transport.close)

    def _calm(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None
