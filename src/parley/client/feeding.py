"""Audio that comes in pieces, sent as it comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable

from parley.client.apart import apart
from parley.client.live_session import AsyncLiveSession

Chunks = AsyncIterable[bytes] | Iterable[bytes]
"""Audio in pieces of any size; a plain iterable may block, it is read in a thread."""


async def feed(session: AsyncLiveSession, chunks: Chunks) -> None:
    """Send all of it, then the end, even where the chunks end with an exception."""
    try:
        async for chunk in _each(chunks):
            await session.send(chunk)
    finally:
        await session.stop()


async def _each(chunks: Chunks) -> AsyncGenerator[bytes]:
    if isinstance(chunks, AsyncIterable):
        async for chunk in chunks:
            yield chunk
        return
    iterator = iter(chunks)
    while (chunk := await apart(lambda: next(iterator, None))) is not None:
        yield chunk
