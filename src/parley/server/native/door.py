"""The native door: reads frames, has them answered, and turns every error into an `error` frame."""

from __future__ import annotations

import asyncio
from typing import Any

from parley.errors import AuthFailed, ParleyError, RateLimited
from parley.server.native import uploads
from parley.server.native.behind import Behind, NativeOptions
from parley.server.native.conversation import Conversation, Revoked
from parley.server.native.dispatch import ANSWERS
from parley.server.native.reading import (
    LARGE_TEXT_CHARACTERS,
    Chunk,
    Request,
    Whole,
    read_binary,
    read_text,
)
from parley.server.native.refusals import About, Refused
from parley.server.pace import Pace
from parley.server.rooms import Identities, Tasks, Uploads
from parley.server.socket.entrance import Entrance, Manners, Visitor
from parley.server.socket.frames import CloseCode
from parley.server.socket.guests import Guests
from parley.server.socket.line import Line, LineGone, Receive, Send
from parley.server.validity import REVOKED
from parley.telemetry.trace import tracing
from parley.wire.native.client import UploadData
from parley.wire.native.message import Data, now
from parley.wire.native.server import Connected, Error


class NativeDoor:
    """An ASGI application for WebSockets; mount it where no other door answers."""

    def __init__(self, behind: Behind) -> None:
        self.behind = behind
        manners = Manners(excuse=_excuse, auth_timeout_s=behind.options.auth_timeout_s)
        self._entrance = Entrance(behind.guests, behind.authority, manners)

    @property
    def connections(self) -> int:
        """Open now, of all doors that share our guests."""
        return self.behind.guests.total

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        await self._entrance.admit(scope, receive, send, self._serve)

    async def _serve(self, visitor: Visitor) -> None:
        talk = Conversation(self.behind, visitor.line, visitor.who, visitor.client, visitor.token)
        with tracing(talk.id):
            try:
                greeting = "Welcome to Parley."
                await talk.say(Connected(connection_id=talk.id, message=greeting, server_time=now()))
                await self._converse(talk)
            finally:
                await talk.close()

    async def _converse(self, talk: Conversation) -> None:
        while (frame := await talk.line.hear()) is not None:
            charged = talk.line.wire.claim()
            try:
                await talk.confirm()
                charged = await _answer(talk, frame, charged)
            except Revoked:
                return await self._entrance.turn_away(talk.line, AuthFailed(REVOKED), CloseCode.NORMAL)
            finally:
                talk.line.wire.release(charged)
        return None


def native_door(
    desk: Tasks,
    reception: Uploads,
    authority: Identities,
    options: NativeOptions,
    pace: Pace | None = None,
    guests: Guests | None = None,
) -> NativeDoor:
    """The door in front of these rooms; `pace` is shared with the gate, `guests` with other doors."""
    counted = guests or Guests(options.max_connections, options.max_connections_per_client)
    return NativeDoor(Behind(desk, reception, authority, options, pace or Pace(0), counted))


async def _excuse(line: Line, error: ParleyError) -> None:
    await line.say(Error(error=error.code, message=error.message))


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
