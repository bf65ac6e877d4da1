"""Messages as server-sent events (HTML Standard, section 9.2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from parley.errors import FleetClosed, ParleyError
from parley.server.http.patient_stream import cancelled
from parley.server.http.problem import refusal_of
from parley.wire.native.message import Data, envelope
from parley.wire.native.server import Error, TaskCancelled, TaskComplete, TaskSegment

END = "end"
"""The `id` of a terminal message: a browser that comes back with it is told to stay away."""

_COME_BACK = b"retry: 3000\n\n"
_HEARTBEAT = b": alive\n\n"


async def events_of(messages: AsyncGenerator[Data, None], heartbeat_s: float) -> AsyncGenerator[bytes, None]:
    """The messages, and a sign of life after every `heartbeat_s` seconds without one.

    Nothing is collected: the next message is asked for when the last one was taken.
    """
    yield _COME_BACK
    following = asyncio.ensure_future(anext(messages, None))
    try:
        while True:
            await asyncio.wait({following}, timeout=heartbeat_s)
            if not following.done():
                yield _HEARTBEAT
                continue
            message = _message_of(following)
            if message is None:
                return
            yield await asyncio.to_thread(event_of, message)
            following = asyncio.ensure_future(anext(messages, None))
    finally:
        await cancelled(following)
        await messages.aclose()


def _message_of(following: asyncio.Future[Data | None]) -> Data | None:
    try:
        return following.result()
    except FleetClosed:
        # The task goes on after the next start; the browser comes back by itself.
        return None
    except ParleyError as error:
        told = refusal_of(error).error
        return Error(error=told.code, message=told.message)


def event_of(message: Data) -> bytes:
    """One message in the lines of an event."""
    lines = [f"event: {message.TYPE}", f"data: {envelope(message).model_dump_json()}"]
    if isinstance(message, TaskSegment):
        lines.insert(0, f"id: {message.index}")
    elif isinstance(message, TaskComplete | TaskCancelled | Error):
        lines.insert(0, f"id: {END}")
    return ("\n".join(lines) + "\n\n").encode()
