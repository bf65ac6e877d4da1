"""A line to `/assistant` that costs little."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from parley.bench.live.line import OPEN_TIMEOUT_S, LineClosed, asr_url, words
from parley.wire.native.client import Auth
from parley.wire.native.message import Data


@dataclass(frozen=True, slots=True)
class Told:
    """A message, and the audio that came with it."""

    kind: str
    data: dict[str, Any]
    pcm: bytes = b""


@dataclass(slots=True)
class TalkLine:
    """An open socket."""

    connection: ClientConnection
    token: str | None = None

    async def say(self, data: Data) -> None:
        """Send a message; raises LineClosed."""
        await self.send(words(data))

    async def send(self, frame: str | bytes) -> None:
        """Send a message or audio; raises LineClosed."""
        try:
            await self.connection.send(frame)
        except WebSocketException as error:
            raise LineClosed("The server closed the line.") from error

    async def hear(self) -> Told:
        """The next message, with its audio; raises LineClosed."""
        while True:
            try:
                message = json.loads(await self.connection.recv(decode=False))
                if message["type"] == "audio":
                    return Told("audio", message["data"], bytes(await self.connection.recv(decode=False)))
            except WebSocketException as error:
                raise LineClosed("The server closed the line.") from error
            except (ValueError, KeyError, TypeError) as error:
                raise LineClosed("What answers is no Parley server.") from error
            if message["type"] != "auth_required" or self.token is None:
                return Told(message["type"], message.get("data") or {})
            await self.say(Auth(token=self.token))

    async def close(self) -> None:
        """Close it, whatever the server does."""
        await self.connection.close()


def talk_url(server: str) -> str:
    """Where `/assistant` is on a server that was named as people do; raises InvalidOption."""
    return f"{asr_url(server).removesuffix('/asr')}/assistant"


async def dial(url: str, token: str | None = None) -> TalkLine:
    """Open a line; raises LineClosed."""
    try:
        connection = await connect(
            url,
            compression=None,
            proxy=None,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=1.0,
            max_size=16 * 1024 * 1024,
        )
    except (OSError, WebSocketException, TimeoutError) as error:
        raise LineClosed("No line to the server could be opened.") from error
    return TalkLine(connection, token)
