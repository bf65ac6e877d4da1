"""Audio that comes in pieces, sent as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from typing import Protocol

from parley.client.apart import apart
from parley.speech.live import LiveEvent

Chunks = AsyncIterable[bytes] | Iterable[bytes]
"""Audio in pieces of any size; a plain iterable may block, it is read in a thread."""


class Listening(Protocol):
    """An open live session, wherever it is."""

    async def send(self, audio: bytes) -> None:
        """Take audio of any length; waits while recognition is too far behind."""
        ...

    async def finalize(self) -> None:
        """End the utterance here, after what was sent."""
        ...

    async def stop(self) -> None:
        """The input has ended; the last finals and `Done` follow."""
        ...

    def __aiter__(self) -> AsyncIterator[LiveEvent]:
        """Everything that is told; raises ParleyError when the session cannot go on."""
        ...


async def feed(session: Listening, chunks: Chunks) -> None:
    """Send all of it, then the end, even where the chunks end with an exception."""
    try:
        async for chunk in _each(chunks):
            await session.send(chunk)
    finally:
        await session.stop()


async def converse(session: Listening, chunks: Chunks) -> AsyncGenerator[LiveEvent, None]:
    """Everything that is heard in the chunks. What iterating over them raises is raised in the end."""
    feeding = asyncio.create_task(feed(session, chunks))
    try:
        async for event in session:
            yield event
        await feeding
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)


async def _each(chunks: Chunks) -> AsyncGenerator[bytes]:
    if isinstance(chunks, AsyncIterable):
        async for chunk in chunks:
            yield chunk
        return
    iterator = iter(chunks)
    while (chunk := await apart(lambda: next(iterator, None))) is not None:
        yield chunk
