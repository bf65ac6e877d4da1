"""A line to `/asr`, and how a session begins or goes on over it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from parley.client.asking import SILENCE_S
from parley.client.failures import LineLost, error_of
from parley.client.line import Door, Line, Silence, reach
from parley.errors import AuthFailed
from parley.wire.speech.asr_client import Start
from parley.wire.speech.asr_server import Ready

PAGE = "/asr"


def reach_live(door: Door) -> AbstractAsyncContextManager[Line]:
    """A line on which nothing was said yet. The token goes with the handshake, so that `start` may come
    first.
    """
    headers = {"Authorization": f"Bearer {door.token}"} if door.token else None
    return reach(door, door.address.socket_at(PAGE), headers)


async def introduce(line: Line, start: Start) -> Ready:
    """Ask for a session, a new one or the one before; raises what the server refuses with."""
    await line.send(start)
    while True:
        try:
            message = await line.receive(SILENCE_S)
        except Silence:
            raise LineLost("The server takes connections but opens no session.") from None
        match message.type:
            case Ready.TYPE:
                return message.checked(Ready)
            case "auth_required":
                raise AuthFailed("The server wants to know who asks; give a token.")
            case "error":
                raise error_of(message.data)
            case _:
                pass
