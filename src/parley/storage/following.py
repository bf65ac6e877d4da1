"""Digests of a file that is still being written: they follow its beginning, as far as that has no hole.

    bytes in the file   ████████████████░░████░░░░░░░
    may be read up to                  ^ advance()
    hashed              ██████████^

What is hashed is read back (the system still has it in memory), so chunks may come in any order,
nothing waits for a digest, and after a restart the same code catches up.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from concurrent.futures import Executor
from pathlib import Path

from parley.errors import StorageError
from parley.storage.failures import storage_errors

_BLOCK_BYTES = 1024 * 1024
# A thread is asked for when there are milliseconds of work, and turns to another upload after a tenth of
# a second.
_WORTHWHILE_BYTES = 4 * _BLOCK_BYTES
_TURN_BYTES = 64 * _BLOCK_BYTES


class FileTooShort(StorageError):
    """The file ends before the bytes that are said to be in it, as after a power cut."""


class _Follower:
    """One digest. `_turn` runs in a thread, one at a time; everything else on the event loop."""

    def __init__(self, path: Path, algorithm: str, threads: Executor) -> None:
        self._path = path
        self._threads = threads
        self._digest = hashlib.new(algorithm, usedforsecurity=False)
        self._done = 0
        self._target = 0
        self._turning: asyncio.Future[None] | None = None

    def advance(self, target: int, *, at_once: bool) -> None:
        """Bytes up to `target` may be read."""
        self._target = max(self._target, target)
        behind = self._target - self._done
        if self._turning is None and behind and (at_once or behind >= _WORTHWHILE_BYTES):
            loop = asyncio.get_running_loop()
            self._turning = loop.run_in_executor(self._threads, self._turn)
            self._turning.add_done_callback(self._turned)

    async def reach(self, size_bytes: int) -> str:
        """The digest in hex of exactly `size_bytes`, which must all be there. Raises StorageError."""
        while self._done < size_bytes:
            self.advance(size_bytes, at_once=True)
            turning = self._turning
            if turning is not None:
                await asyncio.wait({turning})
                turning.result()
        return self._digest.hexdigest()

    async def rest(self) -> None:
        """Wait until no thread has the file."""
        self._target = self._done
        while self._turning is not None:
            await asyncio.wait({self._turning})
            await asyncio.sleep(0)

    def _turned(self, turn: asyncio.Future[None]) -> None:
        self._turning = None
        # A failed turn is tried again when bytes come, or by whoever waits for the digest.
        if not turn.cancelled() and turn.exception() is None:
            self.advance(self._target, at_once=False)

    def _turn(self) -> None:
        stop_at = self._done + _TURN_BYTES
        buffer = bytearray(_BLOCK_BYTES)
        with storage_errors(), self._path.open("rb", buffering=0) as file:
            file.seek(self._done, os.SEEK_SET)
            # The target may be lowered meanwhile, by `rest`.
            while (wanted := min(_BLOCK_BYTES, min(self._target, stop_at) - self._done)) > 0:
                count = file.readinto(memoryview(buffer)[:wanted])
                if not count:
                    raise FileTooShort("Bytes that had arrived were lost; send the file again.")
                self._digest.update(memoryview(buffer)[:count])
                self._done += count


class FollowingHash:
    """MD5 and SHA-256 of one file, each in a thread of its own."""

    def __init__(self, path: Path, threads: Executor) -> None:
        self._path = path
        self._threads = threads
        self._followers = self._start()

    def _start(self) -> tuple[_Follower, _Follower]:
        return (
            _Follower(self._path, "md5", self._threads),
            _Follower(self._path, "sha256", self._threads),
        )

    def advance(self, target: int) -> None:
        """Bytes from the first up to `target` are in the file for good."""
        for follower in self._followers:
            follower.advance(target, at_once=False)

    async def digests(self, size_bytes: int) -> tuple[str, str]:
        """MD5 and SHA-256 in hex of the whole file. Raises StorageError, FileTooShort."""
        md5, sha256 = self._followers
        for follower in self._followers:
            follower.advance(size_bytes, at_once=True)
        return await md5.reach(size_bytes), await sha256.reach(size_bytes)

    async def restart(self) -> None:
        """Begin anew, for other bytes."""
        await self.rest()
        self._followers = self._start()

    async def rest(self) -> None:
        """Stop reading; returns when no thread has the file."""
        for follower in self._followers:
            await follower.rest()
