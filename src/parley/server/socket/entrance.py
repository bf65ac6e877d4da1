"""The way in: who comes is counted, says who they are, and talks to a door until the line is closed."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.requests import HTTPConnection

from parley.errors import AuthFailed, ParleyError, TooManySessions
from parley.jobs.principal import Principal
from parley.server.identity import peer_of, token_of
from parley.server.rooms import Identities
from parley.server.socket.frames import CloseCode
from parley.server.socket.guests import Guests
from parley.server.socket.line import Line, LineGone, Receive, Send, Unbounded
from parley.server.socket.opening import introduce, recognise
from parley.server.socket.wire_options import LINE
from parley.wire.native.message import MAX_FRAME_BYTES, MAX_FRAME_BYTES_BEFORE_AUTH

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who was let in. `client` is whom limits are counted for, `token` what they came with."""

    line: Line
    who: Principal
    client: str
    token: str | None
    connection: HTTPConnection


Talk = Callable[[Visitor], Awaitable[None]]
"""Serves one connection to its end; may raise LineGone, and errors that are said before it is closed."""

Excuse = Callable[[Line, ParleyError], Awaitable[None]]
"""Says in the words of a protocol why nobody is let in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a door receives. `asks`: a client without a token in its handshake is asked for one, else it is
    turned away. Of `subprotocols` the first that a client offers is agreed on.
    """

    excuse: Excuse
    asks: bool = True
    subprotocols: tuple[str, ...] = ()
    auth_timeout_s: float = 30.0
    max_frame_bytes: int = MAX_FRAME_BYTES


class Entrance:
    """To one door; `guests` are counted over all of them."""

    def __init__(self, guests: Guests, authority: Identities, manners: Manners) -> None:
        self.guests = guests
        self._authority = authority
        self._manners = manners

    async def admit(self, scope: dict[str, Any], receive: Receive, send: Send, talk: Talk) -> None:
        """Serve one connection, as an ASGI application would."""
        line = Line(receive, send, scope.get(LINE) or Unbounded())
        first = await receive()
        if first["type"] != "websocket.connect":
            return
        offered: list[str] = scope.get("subprotocols", [])
        agreed = next((each for each in offered if each in self._manners.subprotocols), None)
        with suppress(LineGone):
            await line.accept(agreed)
            await self._count(line, HTTPConnection(scope), talk)

    async def turn_away(self, line: Line, error: ParleyError, code: int) -> None:
        """Say why, and close."""
        await self._manners.excuse(line, error)
        await line.close(code, error.message)

    async def _count(self, line: Line, connection: HTTPConnection, talk: Talk) -> None:
        address = peer_of(connection).address
        try:
            self.guests.enter(address)
        except TooManySessions as error:
            return await self.turn_away(line, error, CloseCode.TRY_AGAIN_LATER)
        client = [address]
        try:
            await self._open(line, connection, client, talk)
        except AuthFailed as error:
            await self.turn_away(line, error, CloseCode.NORMAL)
        except TooManySessions as error:
            await self.turn_away(line, error, CloseCode.TRY_AGAIN_LATER)
        except ParleyError as error:
            _log.warning("a connection could not be opened: %s (%s)", error.code, error.detail)
            unknown = AuthFailed("Nobody can be recognised now.")
            await self.turn_away(line, unknown, CloseCode.TRY_AGAIN_LATER)
        finally:
            self.guests.leave(client[0])
        return None

    async def _open(self, line: Line, connection: HTTPConnection, client: list[str], talk: Talk) -> None:
        if self._authority.enabled:
            # Before anybody is waited for: a stranger's frame may come meanwhile.
            line.wire.limit(MAX_FRAME_BYTES_BEFORE_AUTH)
        who, token = await self._recognise(line, await self._offered(connection))
        line.wire.limit(self._manners.max_frame_bytes)
        if self._authority.enabled:
            name = f"user {who.user}"
            self.guests.rename(client[0], name)
            client[0] = name
        await talk(Visitor(line, who, client[0], token, connection))

    async def _recognise(self, line: Line, offered: str | None) -> tuple[Principal, str | None]:
        if self._manners.asks:
            return await recognise(line, self._authority, offered, self._manners.auth_timeout_s)
        return await introduce(self._authority, offered)

    async def _offered(self, connection: HTTPConnection) -> str | None:
        """A token that came with the handshake; a cookie that is too old counts as none."""
        token, is_meant = token_of(connection)
        if token is None or is_meant:
            return token
        try:
            await self._authority.identify(token)
        except AuthFailed:
            return None
        return token
