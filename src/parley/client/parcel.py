"""A recording cut into chunks, and which of them the server has."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, deque
from collections.abc import Iterable

from parley.client.source import Source
from parley.errors import ParleyError
from parley.wire.native.binary import pack_chunk

MOST_TRIES_OF_A_CHUNK = 3


class Parcel:
    """Chunks wait, fly, or have arrived."""

    def __init__(self, source: Source, chunk_bytes: int) -> None:
        self._source = source
        self._tries = Counter[int]()
        self.expect(chunk_bytes)

    def expect(self, chunk_bytes: int, missing: Iterable[tuple[int, int]] | None = None) -> None:
        """What the server wants: ranges of chunks with both ends included, None for all."""
        if chunk_bytes < 1:
            raise ParleyError(f"The server wants chunks of {chunk_bytes} bytes; it must be mistaken.")
        self.chunk_bytes = chunk_bytes
        last_one = -(-self._source.size_bytes // chunk_bytes) - 1
        ranges = [(0, last_one)] if missing is None else missing
        self._waiting = deque(
            index for first, last in ranges for index in range(max(first, 0), min(last, last_one) + 1)
        )
        self._flying = set[int]()
        self._unsent_bytes = sum(map(self._length, self._waiting))

    @property
    def is_waiting(self) -> bool:
        """Whether a chunk has to be sent."""
        return bool(self._waiting)

    @property
    def flying(self) -> int:
        """Chunks sent and not acknowledged."""
        return len(self._flying)

    @property
    def arrived_bytes(self) -> int:
        """What the server is known to have."""
        return self._source.size_bytes - self._unsent_bytes

    async def next_frame(self, task_id: str) -> bytes:
        """The next chunk as a binary frame; it flies from now on. Raises InputError."""
        index = self._waiting.popleft()
        self._flying.add(index)
        return await asyncio.to_thread(self._frame, task_id, index)

    def arrived(self, index: int) -> None:
        """The server has it."""
        if index in self._flying:
            self._flying.discard(index)
            self._unsent_bytes -= self._length(index)

    def refused(self, index: int, error: ParleyError) -> None:
        """The server wants it again; raises the error after too many tries."""
        self._tries[index] += 1
        if index not in self._flying or self._tries[index] >= MOST_TRIES_OF_A_CHUNK:
            raise error
        self._flying.discard(index)
        self._waiting.append(index)

    def _frame(self, task_id: str, index: int) -> bytes:
        data = self._source.read(index * self.chunk_bytes, self._length(index))
        return pack_chunk(task_id, index, data, hashlib.md5(data, usedforsecurity=False).digest())

    def _length(self, index: int) -> int:
        return min(self.chunk_bytes, self._source.size_bytes - index * self.chunk_bytes)
