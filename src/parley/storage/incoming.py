"""Recordings that arrive as a stream (standard input, an upload): spooled to a file, hashed on the way."""

from __future__ import annotations

import asyncio
import hashlib
import os
import select
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from parley.errors import MediaTooLarge
from parley.storage.failures import storage_errors
from parley.storage.leases import Leases
from parley.storage.tokens import is_token, new_token

_CHUNK_BYTES = 1024 * 1024
_MIB = 1024 * 1024
_LEASES = "incoming/"

_STOP_CHECK_S = 0.2
"""How long a read from a silent pipe goes on after its task was cancelled."""

# select() knows no larger descriptors.
_SELECT_LIMIT = 1024


class Incoming:
    """The folder `incoming/`."""

    def __init__(self, root: Path, leases: Leases) -> None:
        self._root = root
        self._leases = leases
        self._digests: dict[Path, str] = {}

    @asynccontextmanager
    async def spool(
        self, stream: BinaryIO | AsyncIterable[bytes], *, max_bytes: int
    ) -> AsyncGenerator[Path, None]:
        """The stream as a file, removed at the end.

        `stream` must not have been read from before: a pipe is read below its buffer, so that the
        read can be cancelled. Raises MediaTooLarge, DiskFull, StorageError.
        """
        token = new_token()
        path = self._root / token
        async with self._leases.hold(f"{_LEASES}{token}"):
            try:
                self._digests[path] = await self._receive(stream, path, max_bytes)
                yield path
            finally:
                self._digests.pop(path, None)
                await asyncio.shield(asyncio.to_thread(_remove, path))

    def digest_of(self, path: Path) -> str | None:
        """SHA-256 of a file that is being kept here, as hex."""
        return self._digests.get(path)

    async def sweep(self) -> None:
        """Remove what dead processes left. Raises StorageError."""
        # Listed before the leases are read: a file has had its lease first.
        found = await asyncio.to_thread(lambda: list(self._root.glob("*")))
        living = await self._leases.protected(_LEASES)
        for path in found:
            if is_token(path.name) and path.name not in living:
                await asyncio.to_thread(_remove, path)

    async def _receive(self, stream: BinaryIO | AsyncIterable[bytes], path: Path, max_bytes: int) -> str:
        spool = await asyncio.to_thread(_Spool, path, max_bytes)
        if isinstance(stream, AsyncIterable):
            with spool.file:
                async for chunk in stream:
                    await asyncio.to_thread(spool.write, chunk)
        else:
            try:
                await asyncio.to_thread(spool.fill, stream)
            finally:
                spool.stop()
        return spool.digest()


class _Spool:
    """A file being written, with its digest and its limit; `fill` and `write` block."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        with storage_errors():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self.file = path.open("xb", buffering=0)
        self._sha256 = hashlib.sha256()
        self._room = max_bytes
        self._max_bytes = max_bytes
        self._stopped = threading.Event()

    def fill(self, stream: BinaryIO) -> None:
        """Take everything from a blocking stream."""
        with self.file:
            for chunk in _chunks(stream, self._stopped):
                self.write(chunk)

    def write(self, chunk: bytes) -> None:
        """Add a chunk."""
        self._room -= len(chunk)
        if self._room < 0:
            raise MediaTooLarge(
                f"The recording is larger than the limit of {self._max_bytes / _MIB:.0f} MiB."
            )
        self._sha256.update(chunk)
        rest = memoryview(chunk)
        with storage_errors():
            while rest:
                # An unbuffered write may take less than it is given, on a disk that is filling up.
                rest = rest[self.file.write(rest) :]

    def digest(self) -> str:
        """SHA-256 of what was written, as hex."""
        return self._sha256.hexdigest()

    def stop(self) -> None:
        """End a `fill` that is going on, soon."""
        self._stopped.set()


def _chunks(stream: BinaryIO, stopped: threading.Event) -> Iterator[bytes]:
    """Blocks of a stream until it ends or `stopped` is set."""
    descriptor = _pollable(stream)
    while not stopped.is_set():
        if descriptor is None:
            chunk = stream.read(_CHUNK_BYTES)
        elif select.select([descriptor], [], [], _STOP_CHECK_S)[0]:
            chunk = os.read(descriptor, _CHUNK_BYTES)
        else:
            continue
        if not chunk:
            return
        yield chunk


def _pollable(stream: BinaryIO) -> int | None:
    """The descriptor of a stream if one can wait for it with a timeout; Windows cannot for pipes."""
    try:
        descriptor = stream.fileno()
    except (OSError, AttributeError):
        return None
    return descriptor if sys.platform != "win32" and descriptor < _SELECT_LIMIT else None


def _remove(path: Path) -> None:
    # Windows keeps a file that is still open; the next sweep takes it.
    with suppress(OSError):
        path.unlink(missing_ok=True)
