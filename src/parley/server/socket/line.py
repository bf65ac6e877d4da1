"""The line to one client: what is said goes out whole, one message after the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

from parley.wire.native.message import Data, now

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]


class Wire(Protocol):
    """The connection below, where it is our own: bounds and memory of frames."""

    def limit(self, most_bytes: int) -> None:
        """Refuse messages larger than this from now on."""
        ...

    def give_on_pieces(self) -> None:
        """Receive binary messages from now on in pieces, as they arrive: their limits mean nothing."""
        ...

    def claim(self) -> int:
        """Keep the memory of the message received last until `release`."""
        ...

    def release(self, size: int) -> None:
        """A claimed message is dealt with."""
        ...


class Unbounded:
    """Stands for the wire where a test client speaks ASGI without one."""

    def limit(self, most_bytes: int) -> None:
        """Nothing is limited."""

    def give_on_pieces(self) -> None:
        """Messages come as they are."""

    def claim(self) -> int:
        """Nothing is counted."""
        return 0

    def release(self, size: int) -> None:
        """Nothing was counted."""


class LineGone(Exception):
    """Nobody is there any more."""


class Line:
    """One client's WebSocket. What is said may raise LineGone."""

    def __init__(self, receive: Receive, send: Send, wire: Wire) -> None:
        self.wire = wire
        self._receive = receive
        self._send = send
        self._turn = asyncio.Lock()
        self._saying: asyncio.Task[None] | None = None

    async def accept(self, subprotocol: str | None = None) -> None:
        """Answer the handshake."""
        await self._put({"type": "websocket.accept", "subprotocol": subprotocol})

    async def hear(self) -> str | bytearray | bytes | None:
        """The next message; None when the line is closed."""
        while True:
            event = await self._receive()
            if event["type"] == "websocket.receive":
                text = event.get("text")
                return text if text is not None else event["bytes"]
            if event["type"] == "websocket.disconnect":
                return None

    async def say(self, data: Data) -> None:
        """Send a message. It is written down when its turn has come, so that those waiting cost nothing."""
        async with self._turn:
            text = await asyncio.to_thread(write, data) if data.may_be_large else write(data)
            await self._put({"type": "websocket.send", "text": text})

    async def say_with(self, data: Data, frame: bytes) -> None:
        """Send a message and the binary frame that it announces, with nothing between them: who is cancelled
        in the middle has begun something that goes on, and whatever is said next waits for it.
        """
        self._saying = asyncio.create_task(self._say_both(data, frame))
        self._saying.add_done_callback(_look_at)
        await asyncio.shield(self._saying)

    async def _say_both(self, data: Data, frame: bytes) -> None:
        async with self._turn:
            await self._put({"type": "websocket.send", "text": write(data)})
            await self._put({"type": "websocket.send", "bytes": frame})

    async def say_text(self, text: str) -> None:
        """Send a message that another protocol has written."""
        async with self._turn:
            await self._put({"type": "websocket.send", "text": text})

    async def say_bytes(self, data: bytes) -> None:
        """Send a binary message, such as audio."""
        async with self._turn:
            await self._put({"type": "websocket.send", "bytes": data})

    async def close(self, code: int, reason: str = "") -> None:
        """Say goodbye; a reason is cut to what a close frame holds."""
        async with self._turn:
            await self._put({"type": "websocket.close", "code": code, "reason": reason})

    async def _put(self, event: Event) -> None:
        try:
            await self._send(event)
        except OSError as error:
            raise LineGone from error


def write(data: Data) -> str:
    """A message in its envelope."""
    return f'{{"type":{json.dumps(data.TYPE)},"data":{data.model_dump_json()},"timestamp":"{now()}"}}'


def _look_at(saying: asyncio.Task[None]) -> None:
    """Who began it may not be there any more to see how it ended."""
    if not saying.cancelled():
        saying.exception()
