"""Sends audio as a microphone does: no sample before its time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from parley.speech.media import SAMPLE_BYTES, SAMPLE_RATE_HZ

CHUNK_S = 0.1

BYTES_PER_S = SAMPLE_RATE_HZ * SAMPLE_BYTES

_CHUNK_BYTES = int(CHUNK_S * SAMPLE_RATE_HZ) * SAMPLE_BYTES

Send = Callable[[bytes], Awaitable[None]]


async def pace(
    chunks: Iterator[bytes],
    began: float,
    send: Send,
    on_late: Callable[[float], None],
    is_over: asyncio.Event,
) -> float:
    """Send each chunk when its last sample has been spoken, until there are none or `is_over`.

    What comes too late, because the server took nothing for a while, is sent at once: no sample is lost.
    `on_late` hears by how much we woke after the time we wanted to. Gives the seconds sent.
    """
    loop = asyncio.get_running_loop()
    sent_s = 0.0
    for chunk in chunks:
        due = began + sent_s + len(chunk) / BYTES_PER_S
        if (ahead_s := due - loop.time()) > 0:
            await asyncio.sleep(ahead_s)
            on_late(max(0.0, loop.time() - due))
        if is_over.is_set():
            break
        await send(chunk)
        sent_s += len(chunk) / BYTES_PER_S
    return sent_s


def once(pcm: bytes) -> Iterator[bytes]:
    """The audio in chunks."""
    for first in range(0, len(pcm), _CHUNK_BYTES):
        yield pcm[first : first + _CHUNK_BYTES]


def for_ever(pcm: bytes, from_s: float = 0.0) -> Iterator[bytes]:
    """The audio in chunks from a place in it on, over and over."""
    if not pcm:
        return
    first = round(from_s / CHUNK_S) * _CHUNK_BYTES % len(pcm)
    yield from once(pcm[first:])
    while True:
        yield from once(pcm)
