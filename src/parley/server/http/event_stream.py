"""A response that goes on until its messages, its client or its client's patience end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from parley.errors import ParleyError
from parley.server.http.problem import refusal_of
from parley.wire.native.message import Data, envelope
from parley.wire.native.server import Error, TaskCancelled, TaskComplete, TaskSegment

END = "end"
"""The `id` of a terminal message: a browser that comes back with it is told to stay away."""

_HEARTBEAT = b": alive\n\n"


class EventStream(Response):
    """Messages as server-sent events. Nothing is collected: the next one is made when the last is sent.

    A client that takes nothing for `patience_s` is left, and one that goes away is noticed.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        messages: AsyncGenerator[Data, None],
        open_streams: set[EventStream],
        heartbeat_s: float,
        patience_s: float,
    ) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._messages = messages
        self._open_streams = open_streams
        self._heartbeat_s = heartbeat_s
        self._patience_s = patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the messages end or nobody takes them."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        self._open_streams.add(self)
        telling = asyncio.create_task(self._tell(send))
        leaving = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait({telling, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open_streams.discard(self)
            await _stop(leaving, telling)
            await self._messages.aclose()
        if not telling.cancelled():
            telling.result()

    async def _tell(self, send: Send) -> None:
        with contextlib.suppress(TimeoutError, OSError):  # the client takes nothing, or is gone
            await self._send(send, b"retry: 3000\n\n")
            try:
                await self._tell_all(send)
            except ParleyError as error:
                failed = refusal_of(error).error
                await self._send(send, event_of(Error(error=failed.code, message=failed.message)))
            async with asyncio.timeout(self._patience_s):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell_all(self, send: Send) -> None:
        following = asyncio.ensure_future(anext(self._messages, None))
        try:
            while True:
                await asyncio.wait({following}, timeout=self._heartbeat_s)
                if not following.done():
                    await self._send(send, _HEARTBEAT)
                    continue
                message = following.result()
                if message is None:
                    return
                await self._send(send, await asyncio.to_thread(event_of, message))
                following = asyncio.ensure_future(anext(self._messages, None))
        finally:
            await _stop(following)

    async def _send(self, send: Send, body: bytes) -> None:
        async with asyncio.timeout(self._patience_s):
            await send({"type": "http.response.body", "body": body, "more_body": True})


def event_of(message: Data) -> bytes:
    """One message in the lines of an event."""
    lines = [f"event: {message.TYPE}", f"data: {envelope(message).model_dump_json()}"]
    if isinstance(message, TaskSegment):
        lines.insert(0, f"id: {message.index}")
    elif isinstance(message, TaskComplete | TaskCancelled | Error):
        lines.insert(0, f"id: {END}")
    return ("\n".join(lines) + "\n\n").encode()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _stop(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
