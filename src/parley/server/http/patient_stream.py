"""A response whose body is made as it is taken: nothing piles up for a slow client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_T = TypeVar("_T")


class PatientStream(Response):
    """Sends pieces until they end, the client goes away, or it takes nothing for `patience_s`.

    `closing` is called once, when the pieces are not needed any more.
    """

    def __init__(
        self,
        pieces: AsyncGenerator[bytes, None],
        patience_s: float,
        *,
        status: int = 200,
        headers: Mapping[str, str],
        closing: Callable[[], None] = lambda: None,
    ) -> None:
        self.status_code = status
        self.background = None
        self.init_headers(headers)
        self._pieces = pieces
        self._patience_s = patience_s
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it all; to a HEAD request only what comes before."""
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body", "body": b""})
            else:
                await self._send_while_there(receive, send)
        finally:
            await self._pieces.aclose()
            self._closing()

    async def _send_while_there(self, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(self._send_all(send))
        leaving = asyncio.create_task(gone(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancelled(leaving, sending)
        if not sending.cancelled():
            sending.result()

    async def _send_all(self, send: Send) -> None:
        with contextlib.suppress(TimeoutError):  # the client takes nothing
            async for piece in self._pieces:
                await self._send(send, piece, True)
            await self._send(send, b"", False)

    async def _send(self, send: Send, body: bytes, more: bool) -> None:
        async with asyncio.timeout(self._patience_s):
            await send({"type": "http.response.body", "body": body, "more_body": more})


async def gone(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def unless_gone(request: Request, work: Coroutine[Any, Any, _T]) -> _T:
    """Do something that is in vain when the client leaves; then raises ClientDisconnect."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(gone(request.receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
    finally:
        leaving.cancel()
        if not working.done():
            await cancelled(working)
    return working.result()


async def cancelled(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
