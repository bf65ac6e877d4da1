"""A line to `/asr` that costs little: the one who measures must not be what is measured."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from parley.errors import InvalidOption
from parley.wire.native.client import Auth
from parley.wire.native.message import Data

OPEN_TIMEOUT_S = 30.0

_SCHEMES = {"http": "ws", "ws": "ws", "https": "wss", "wss": "wss"}


LINE_LOST = "line_lost"
"""The reason of a session whose line closed without a word."""


class LineClosed(Exception):
    """The line could not be opened, or the server closed it."""


class Refused(Exception):
    """The server did not open a session; `reason` is the code of its error."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Line(Protocol):
    """An open socket."""

    async def send(self, frame: str | bytes) -> None:
        """Send a message or audio; waits while the server does not read. Raises LineClosed."""
        ...

    async def receive(self) -> dict[str, Any]:
        """The next message: `type`, `data`. Raises LineClosed."""
        ...

    async def close(self) -> None:
        """Close it."""
        ...


Dial = Callable[[], Awaitable[Line]]
"""Opens a line; raises LineClosed."""


def words(data: Data) -> str:
    """A message as it is sent."""
    return json.dumps({"type": data.TYPE, "data": data.model_dump(mode="json")})


def asr_url(server: str) -> str:
    """Where `/asr` is on a server that was named as people do; raises InvalidOption."""
    parts = urlsplit(server if "://" in server else f"ws://{server}")
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise InvalidOption(
            f"'{server}' is no server; write host:port, or a URL with ws, wss, http or https."
        )
    path = parts.path.rstrip("/")
    path = path if path.endswith("/asr") else f"{path}/asr"
    return urlunsplit((_SCHEMES[parts.scheme], parts.netloc, path, "", ""))


def http_url(server: str) -> str:
    """The address of pages on a server that was named by any of its addresses; raises InvalidOption."""
    address = asr_url(server).removesuffix("/asr")
    return "http" + address.removeprefix("ws")


@dataclass(slots=True)
class Socket:
    """A Line over a WebSocket without compression."""

    connection: ClientConnection
    token: str | None = None

    async def send(self, frame: str | bytes) -> None:
        """Send a message or audio; waits while the server does not read. Raises LineClosed."""
        try:
            await self.connection.send(frame)
        except WebSocketException as error:
            raise LineClosed("The server closed the line.") from error

    async def receive(self) -> dict[str, Any]:
        """The next message; a server that wants to know who speaks is told. Raises LineClosed."""
        while True:
            try:
                message = msgspec.json.decode(await self.connection.recv(decode=False))
            except WebSocketException as error:
                raise LineClosed("The server closed the line.") from error
            except msgspec.DecodeError as error:
                raise LineClosed("What answers is no Parley server.") from error
            if message["type"] != "auth_required" or self.token is None:
                return message
            await self.send(words(Auth(token=self.token)))

    async def close(self) -> None:
        """Close it, whatever the server does."""
        await self.connection.close()


def dialling(url: str, token: str | None = None) -> Dial:
    """Lines to a server."""

    async def dial() -> Line:
        try:
            connection = await connect(
                url,
                compression=None,
                proxy=None,
                open_timeout=OPEN_TIMEOUT_S,
                close_timeout=1.0,
                ping_interval=None,
                max_size=16 * 1024 * 1024,
            )
        except (OSError, WebSocketException, TimeoutError) as error:
            raise LineClosed("No line to the server could be opened.") from error
        return Socket(connection, token)

    return dial
