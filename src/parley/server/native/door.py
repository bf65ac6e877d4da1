"""The native door: reads frames, has them answered, and turns every error into an `error` frame."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

from starlette.requests import HTTPConnection

from parley.errors import AuthFailed, ParleyError, RateLimited, TooManySessions
from parley.server.identity import peer_of, token_of
from parley.server.native import uploads
from parley.server.native.behind import Behind, NativeOptions
from parley.server.native.conversation import Conversation, Revoked
from parley.server.native.dispatch import ANSWERS
from parley.server.native.frames import CloseCode
from parley.server.native.guests import Guests
from parley.server.native.line import Line, LineGone, Receive, Send, Unbounded
from parley.server.native.opening import recognise
from parley.server.native.reading import (
    LARGE_TEXT_CHARACTERS,
    Chunk,
    Request,
    Whole,
    read_binary,
    read_text,
)
from parley.server.native.refusals import About, Refused
from parley.server.native.wire_options import LINE
from parley.server.pace import Pace
from parley.server.rooms import Identities, Tasks, Uploads
from parley.server.validity import REVOKED
from parley.telemetry.trace import tracing
from parley.wire.native.client import UploadData
from parley.wire.native.message import MAX_FRAME_BYTES_BEFORE_AUTH, Data, now
from parley.wire.native.server import Connected, Error

_log = logging.getLogger(__name__)


class NativeDoor:
    """An ASGI application for WebSockets; mount it where no other door answers."""

    def __init__(self, behind: Behind) -> None:
        self.behind = behind

    @property
    def connections(self) -> int:
        """Open now."""
        return self.behind.guests.total

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        connection = HTTPConnection(scope)
        line = Line(receive, send, scope.get(LINE) or Unbounded())
        first = await receive()
        if first["type"] != "websocket.connect":
            return
        with suppress(LineGone):
            await line.accept()
            await self._admit(line, connection)

    async def _admit(self, line: Line, connection: HTTPConnection) -> None:
        address = peer_of(connection).address
        guests = self.behind.guests
        try:
            guests.enter(address)
        except TooManySessions as error:
            return await _turn_away(line, error, CloseCode.TRY_AGAIN_LATER)
        client = [address]
        try:
            await self._open(line, connection, client)
        except AuthFailed as error:
            await _turn_away(line, error, CloseCode.NORMAL)
        except TooManySessions as error:
            await _turn_away(line, error, CloseCode.TRY_AGAIN_LATER)
        except ParleyError as error:
            _log.warning("a connection could not be opened: %s (%s)", error.code, error.detail)
            await _turn_away(line, AuthFailed("Nobody can be recognised now."), CloseCode.TRY_AGAIN_LATER)
        finally:
            guests.leave(client[0])
        return None

    async def _open(self, line: Line, connection: HTTPConnection, client: list[str]) -> None:
        authority, options = self.behind.authority, self.behind.options
        if authority.enabled:
            # Before anybody is waited for: a stranger's frame may come meanwhile.
            line.wire.limit(MAX_FRAME_BYTES_BEFORE_AUTH)
        offered = await self._offered(connection)
        who, token = await recognise(line, authority, offered, options.auth_timeout_s)
        if authority.enabled:
            name = f"user {who.user}"
            self.behind.guests.rename(client[0], name)
            client[0] = name
        talk = Conversation(self.behind, line, who, client[0], token)
        with tracing(talk.id):
            try:
                greeting = "Welcome to Parley."
                await line.say(Connected(connection_id=talk.id, message=greeting, server_time=now()))
                await _converse(talk)
            finally:
                await talk.close()

    async def _offered(self, connection: HTTPConnection) -> str | None:
        """A token that came with the handshake; a cookie that is too old counts as none."""
        token, is_meant = token_of(connection)
        if token is None or is_meant:
            return token
        try:
            await self.behind.authority.identify(token)
        except AuthFailed:
            return None
        return token


def native_door(
    desk: Tasks, reception: Uploads, authority: Identities, options: NativeOptions, pace: Pace | None = None
) -> NativeDoor:
    """The door in front of these rooms; `pace` is shared with the gate."""
    guests = Guests(options.max_connections, options.max_connections_per_client)
    return NativeDoor(Behind(desk, reception, authority, options, pace or Pace(0), guests))


async def _turn_away(line: Line, error: ParleyError, code: int) -> None:
    await line.say(Error(error=error.code, message=error.message))
    await line.close(code)


async def _converse(talk: Conversation) -> None:
    while (frame := await talk.line.hear()) is not None:
        charged = talk.line.wire.claim()
        try:
            await talk.confirm()
            charged = await _answer(talk, frame, charged)
        except Revoked:
            return await _turn_away(talk.line, AuthFailed(REVOKED), CloseCode.NORMAL)
        finally:
            talk.line.wire.release(charged)
    return None


async def _answer(talk: Conversation, frame: str | bytes | bytearray, charged: int) -> int:
    """Deal with a frame; answers how much of its memory is still to be released."""
    about = About()
    try:
        request = await _read(frame)
        if isinstance(request, Chunk):
            await uploads.chunk(talk, request, charged)
            return 0
        about = _about(request)
        # Whatever came before is done first, so that answers are true and keep their order.
        await talk.in_hand.settle()
        _keep_pace(talk)
        await ANSWERS[type(request)](talk, request)
    except (LineGone, Revoked):
        raise
    except Exception as problem:  # noqa: BLE001 - the door
        await talk.in_hand.settle()
        await talk.refuse(problem, about)
    return charged


async def _read(frame: str | bytes | bytearray) -> Request:
    if not isinstance(frame, str):
        return read_binary(frame)
    if len(frame) > LARGE_TEXT_CHARACTERS:
        return await asyncio.to_thread(read_text, frame)
    return read_text(frame)


def _keep_pace(talk: Conversation) -> None:
    wait_s = talk.behind.pace.take(talk.client)
    if wait_s:
        error = RateLimited(f"Too many messages in a short time; wait {wait_s:.1f} s.")
        raise Refused(error, details={"retry_after": round(wait_s, 3)})


def _about(request: Data | Whole) -> About:
    if isinstance(request, Whole):
        return About(UploadData.TYPE, request.task_id)
    return About(request.TYPE, getattr(request, "task_id", None))
