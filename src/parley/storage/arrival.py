"""One upload while its bytes arrive: what is there, and how more is added.

    put | extend      into the file, then into the memory of what is there, later into the row
    hash              follows the beginning of the file
    lock              held by whoever finishes, appends, resets or removes

What the row says is always in the file, whatever kills the process in between. A power cut may
cost bytes that the row promises: the digest of the whole file finds that out.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from parley.errors import (
    ChunkHashMismatch,
    ChunkUploadError,
    FinalizeError,
    InvalidChunk,
    SessionNotFound,
    StorageError,
)
from parley.storage import upload_files
from parley.storage.bitmap import Bitmap
from parley.storage.following import FollowingHash
from parley.storage.uploads import UploadRecord, Uploads

CHUNKS_IN_FLIGHT = 4
"""Of one upload; whoever comes with more waits."""

_STREAM = -1
_NO_SESSION = "There is no such upload: it expired or is finished; start again with upload_request."


@dataclass(frozen=True, slots=True)
class Put:
    """What became of a chunk."""

    is_duplicate: bool
    whole: bool


class Arrival:
    """An upload that is open; `on_change` hears of every change that its row does not have yet."""

    def __init__(self, record: UploadRecord, uploads: Uploads, on_change: Callable[[Arrival], None]) -> None:
        self.record = record
        self.path = uploads.path(record.id)
        self.lock = asyncio.Lock()
        self.gone = False
        self.sha256, self.md5 = record.sha256, record.md5
        self.bitmap = Bitmap(record.chunks, record.received)
        self.offset_bytes = record.offset_bytes
        self.size_bytes = record.size_bytes
        self.touched_at = record.touched_at
        self._emptying = False
        self._uploads = uploads
        self._on_change = on_change
        self._hash = FollowingHash(self.path, uploads.hashing)
        self._slots = asyncio.Semaphore(CHUNKS_IN_FLIGHT)
        self._writing: dict[int, asyncio.Task[Put]] = {}
        if self.sha256 is None:
            self._hash.advance(self._prefix_bytes())

    @property
    def is_whole(self) -> bool:
        """Whether all bytes are there."""
        if self.record.chunks:
            return self.bitmap.is_full
        return self.offset_bytes == self.size_bytes

    @property
    def is_busy(self) -> bool:
        """Whether bytes are being written or somebody finishes it."""
        return bool(self._writing) or self.lock.locked()

    def touch(self) -> None:
        """Note that something was heard of it."""
        self.touched_at = time.time()
        self._on_change(self)

    def changes(self) -> dict[str, Any]:
        """The columns of the row that may be behind."""
        return {
            "received": b"" if self._emptying else self.bitmap.to_bytes(),
            "offset_bytes": 0 if self._emptying else self.offset_bytes,
            "touched_at": self.touched_at,
        }

    async def put(self, index: int, data: bytes | memoryview, md5: bytes | None) -> Put:
        """Write a chunk unless it is there. Raises InvalidChunk, ChunkHashMismatch, ChunkUploadError,
        SessionNotFound, DiskFull, StorageError; a chunk that raised is not counted.
        """
        self._check_chunk(index, len(data))
        await self._slots.acquire()
        try:
            while (other := self._writing.get(index)) is not None:
                await asyncio.wait({other})
            self._require_open()
            if index in self.bitmap:
                self.touch()
                self._slots.release()
                return Put(is_duplicate=True, whole=False)
        except BaseException:
            self._slots.release()
            raise
        # The write goes on when its caller is cancelled: nobody knows when a thread has let go of the file.
        writing = self._begin(index, self._put(index, data, md5))
        writing.add_done_callback(lambda _: self._slots.release())
        return await asyncio.shield(writing)

    async def extend(self, data: bytes | bytearray) -> None:
        """Add bytes at the end. Raises SessionNotFound, DiskFull, StorageError."""
        await self.settle()
        self._require_open()
        await asyncio.shield(self._begin(_STREAM, self._extend(data)))

    async def amend_head(self, data: bytes) -> None:
        """Replace the first bytes of all that have come. Raises SessionNotFound, DiskFull, StorageError."""
        await self.settle()
        self._require_open()
        # What was made of them so far would be the digests of another file.
        await self._hash.restart()
        await self._in_file(lambda: upload_files.write_at(self.path, 0, data))
        self.touch()

    async def flush(self) -> None:
        """Have all bytes safe on the disk, where no digest would find out that they are not."""
        await self._in_file(lambda: upload_files.flush(self.path))

    async def settle(self) -> None:
        """Wait until nothing is being written."""
        while self._writing:
            await asyncio.wait(set(self._writing.values()))

    async def digests(self) -> tuple[str, str]:
        """MD5 and SHA-256 in hex of all bytes. Raises FileTooShort, StorageError."""
        return await self._hash.digests(self.size_bytes)

    def require_all(self) -> None:
        """Raise FinalizeError, saying what is missing, unless all bytes are there."""
        if self.is_whole:
            return
        if self.record.chunks:
            left = self.bitmap.count - self.bitmap.received
            raise FinalizeError(
                f"{left} of {self.bitmap.count} chunks are missing; ask upload_status which, and send them."
            )
        raise FinalizeError(f"{self.size_bytes - self.offset_bytes} bytes are missing; send them first.")

    async def reset(self) -> None:
        """Forget all bytes, so that they can be sent again. Raises StorageError."""
        await self.settle()
        # The row first: it may promise too little, never too much. The bitmap last: until then
        # chunks are taken for duplicates, and none is written into what is being emptied.
        self._emptying = True
        try:
            await self._uploads.save({self.record.id: {**self.changes(), "sha256": None, "md5": None}})
            await self._hash.restart()
            await self._uploads.in_thread(lambda: upload_files.empty(self.path))
            self.bitmap.clear()
            self.offset_bytes, self.sha256, self.md5 = 0, None, None
        finally:
            self._emptying = False

    async def end(self) -> None:
        """Let nothing more be written; returns when no thread has the file."""
        self.gone = True
        await self.settle()
        await self._hash.rest()

    def _begin(self, key: int, work: Coroutine[Any, Any, Put]) -> asyncio.Task[Put]:
        task = asyncio.create_task(work, name=f"upload {self.record.id}")
        self._writing[key] = task
        task.add_done_callback(lambda _: self._writing.pop(key, None))
        return task

    async def _put(self, index: int, data: bytes | memoryview, md5: bytes | None) -> Put:
        offset = index * self.record.chunk_bytes

        def work() -> None:
            if md5 is not None and hashlib.md5(data, usedforsecurity=False).digest() != md5:
                raise ChunkHashMismatch(f"Chunk {index} does not have the hash beside it; send it again.")
            upload_files.write_at(self.path, offset, data)

        await self._in_file(work)
        self.bitmap.add(index)
        self._grown()
        return Put(is_duplicate=False, whole=self.bitmap.is_full)

    async def _extend(self, data: bytes | bytearray) -> Put:
        await self._in_file(lambda: upload_files.write_at(self.path, self.offset_bytes, data))
        self.offset_bytes += len(data)
        self._grown()
        return Put(is_duplicate=False, whole=self.is_whole)

    async def _in_file(self, work: Callable[[], None]) -> None:
        try:
            await self._uploads.in_thread(work)
        except StorageError:
            self._require_open()
            raise

    def _grown(self) -> None:
        self._hash.advance(self._prefix_bytes())
        self.touch()

    def _prefix_bytes(self) -> int:
        """Bytes from the first on that are there without a hole."""
        if self.record.chunks:
            return min(self.bitmap.prefix * self.record.chunk_bytes, self.size_bytes)
        return self.offset_bytes

    def _check_chunk(self, index: int, length: int) -> None:
        record = self.record
        if not record.chunks:
            raise ChunkUploadError("This upload was not announced as chunked; send it as announced.")
        if not 0 <= index < record.chunks:
            raise InvalidChunk(f"There is no chunk {index}; the chunks are 0 to {record.chunks - 1}.")
        expected = min(record.chunk_bytes, record.size_bytes - index * record.chunk_bytes)
        if length != expected:
            raise InvalidChunk(f"Chunk {index} has {length} bytes; it should have {expected}.")

    def _require_open(self) -> None:
        if self.gone:
            raise SessionNotFound(_NO_SESSION)


def no_session() -> SessionNotFound:
    """The answer for an upload that is not there, or somebody else's."""
    return SessionNotFound(_NO_SESSION)
