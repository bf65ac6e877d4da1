"""A line to `/assistant`, and how a conversation begins or goes on over it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from parley.client.asking import SILENCE_S
from parley.client.failures import LineLost, error_of
from parley.client.line import Door, Line, Message, Silence, reach
from parley.errors import AuthFailed, ParleyError
from parley.wire.speech.assistant_client import AssistantPing, AssistantStart
from parley.wire.speech.assistant_server import AssistantProblem, AssistantReady

PAGE = "/assistant"

_QUIET_S = 20.0
"""After so long without a word the server is asked whether it is there."""


def reach_assistant(door: Door) -> AbstractAsyncContextManager[Line]:
    """A line on which nothing was said yet. The token goes with the handshake, so that `start` may come
    first.
    """
    headers = {"Authorization": f"Bearer {door.token}"} if door.token else None
    return reach(door, door.address.socket_at(PAGE), headers)


async def introduce(line: Line, start: AssistantStart) -> AssistantReady:
    """Ask for a conversation, a new one or the one before; raises what the server refuses with."""
    await line.send(start)
    while True:
        try:
            message = await line.receive(SILENCE_S)
        except Silence:
            raise LineLost("The server takes connections but opens no conversation.") from None
        match message.type:
            case AssistantReady.TYPE:
                return message.checked(AssistantReady)
            case "auth_required":
                raise AuthFailed("The server wants to know who asks; give a token.")
            case _:
                raise_fatal(message)


async def hear(line: Line) -> Message:
    """The next message; raises LineLost where not even a pong comes."""
    is_asked = False
    while True:
        try:
            return await line.receive(_QUIET_S)
        except Silence:
            if is_asked:
                raise LineLost("The server has said nothing for a while.") from None
            is_asked = True
            await line.send(AssistantPing())


async def hear_frame(line: Line) -> bytes:
    """The binary frame that was announced; raises ParleyError where something else comes."""
    try:
        frame = await line.hear(_QUIET_S)
    except Silence:
        raise LineLost("The server has announced audio that does not come.") from None
    if not isinstance(frame, bytes):
        raise ParleyError("The server has announced audio and sent something else; is it newer than this?")
    return frame


def raise_fatal(message: Message) -> None:
    """Raise what ends the conversation, if it is that."""
    if message.type == AssistantProblem.TYPE and message.data.get("fatal") is not False:
        raise error_of({"error": message.data.get("code"), "message": message.data.get("message")})
