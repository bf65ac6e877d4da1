"""One WebSocket connection: opened, authenticated, and then messages both ways."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from parley.client.address import Address
from parley.client.failures import LineLost, closed, error_of, unopened
from parley.errors import AuthFailed, ParleyError
from parley.wire.native.client import Auth
from parley.wire.native.message import Data

MOST_RECEIVED_BYTES = 256 * 1024 * 1024
"""Of one message: the result of a day of speech with the times of every word has some 60 MB."""

_LARGE_BYTES = 256 * 1024
"""From here on JSON is read in a thread."""

_D = TypeVar("_D", bound=Data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How to get in. `timeout_s` is for connecting and for the first words."""

    address: Address
    token: str | None = None
    tls: ssl.SSLContext | None = None
    proxy: str | None = None
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Message:
    """What the server said."""

    type: str
    data: dict[str, Any]

    async def read(self, model: type[_D]) -> _D:
        """The data checked; raises ParleyError where the server does not keep to the protocol."""
        return await asyncio.to_thread(self.checked, model)

    def checked(self, model: type[_D]) -> _D:
        """The same at once, for data that is small."""
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            raise ParleyError(
                f"The server's message '{self.type}' cannot be understood; is it newer than this client?",
                detail=str(error),
            ) from error


class Silence(Exception):
    """Nothing was said for a while; the line may be fine."""


class Line:
    """An open connection; every method may raise LineLost, or FileTooLarge for a frame that is too large."""

    def __init__(self, socket: ClientConnection, address: Address) -> None:
        self._socket = socket
        self._address = address

    async def send(self, data: Data) -> None:
        """Send a message."""
        fields = data.model_dump(mode="json", by_alias=True)
        await self._write(json.dumps({"type": data.TYPE, "data": fields}))

    async def send_frame(self, frame: bytes, patience_s: float) -> None:
        """Send bytes; a line that takes nothing for so long is lost."""
        try:
            async with asyncio.timeout(patience_s):
                await self._write(frame)
        except TimeoutError:
            raise LineLost(f"The server at {self._address.place} takes no more bytes.") from None

    async def push(self, frame: bytes) -> None:
        """Send bytes; waits for as long as the server reads nothing."""
        await self._write(frame)

    async def receive(self, silence_s: float) -> Message:
        """The next message; raises Silence when none comes for so long."""
        try:
            async with asyncio.timeout(silence_s):
                frame = await self._socket.recv(decode=False)
        except TimeoutError:
            raise Silence from None
        except ConnectionClosed as error:
            raise closed(error, self._address) from error
        return await self._message(frame)

    async def hear(self, silence_s: float) -> Message | bytes:
        """The next message, or the bytes of a binary one; raises Silence when none comes for so long."""
        try:
            async with asyncio.timeout(silence_s):
                frame = await self._socket.recv()
        except TimeoutError:
            raise Silence from None
        except ConnectionClosed as error:
            raise closed(error, self._address) from error
        return frame if isinstance(frame, bytes) else await self._message(frame)

    async def _message(self, frame: str | bytes) -> Message:
        try:
            found = await _decoded(frame)
            return Message(str(found["type"]), found.get("data") or {})
        except (ValueError, KeyError, TypeError) as error:
            raise ParleyError(f"What answers at {self._address.place} is no Parley server.") from error

    async def _write(self, frame: str | bytes) -> None:
        try:
            await self._socket.send(frame)
        except ConnectionClosed as error:
            raise closed(error, self._address) from error


async def _decoded(frame: str | bytes) -> Any:
    return json.loads(frame) if len(frame) < _LARGE_BYTES else await asyncio.to_thread(json.loads, frame)


@asynccontextmanager
async def open_line(door: Door) -> AsyncGenerator[Line]:
    """A line over which requests may be sent.

    Raises LineLost when nobody answers, AuthFailed, and ServerUnreachable for what no second try mends.
    """
    async with reach(door, door.address.socket_url) as line:
        await _introduce(line, door)
        yield line


@asynccontextmanager
async def reach(door: Door, url: str, headers: Mapping[str, str] | None = None) -> AsyncGenerator[Line]:
    """A line on which nobody has said anything yet; raises LineLost, ServerUnreachable."""
    socket = await _connect(door, url, headers)
    try:
        yield Line(socket, door.address)
    finally:
        if socket.transport.get_write_buffer_size():
            # What nobody takes would hold up whoever leaves.
            socket.transport.abort()
        else:
            await socket.close()


async def both_ways(reading: Coroutine[Any, Any, None], writing: Coroutine[Any, Any, None]) -> None:
    """Read and write at once, until all is read or writing fails. Writing that just ends is no failure."""
    tasks = reader, writer = asyncio.create_task(reading), asyncio.create_task(writing)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not reader.done():
            writer.result()
        await reader
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _connect(door: Door, url: str, headers: Mapping[str, str] | None) -> ClientConnection:
    try:
        return await connect(
            url,
            additional_headers=headers,
            ssl=door.tls,
            proxy=door.proxy,
            open_timeout=door.timeout_s,
            close_timeout=1.0,
            # Behind a slow uplink a pong may take minutes; silence is judged where one knows what to expect.
            ping_timeout=None,
            compression=None,
            max_size=MOST_RECEIVED_BYTES,
        )
    except Exception as error:  # every kind of failure has its sentence
        raise unopened(error, door.address) from error


async def _introduce(line: Line, door: Door) -> None:
    while True:
        try:
            message = await line.receive(door.timeout_s)
        except Silence:
            raise LineLost(
                f"The server at {door.address.place} accepts connections but says nothing."
            ) from None
        match message.type:
            case "connected":
                return
            case "auth_required" if not door.token:
                raise AuthFailed("The server wants to know who asks; give a token.")
            case "auth_required":
                await line.send(Auth(token=door.token or ""))
            case "error":
                raise error_of(message.data)
            case _:
                pass
