"""Decoded audio, one folder per decode key, shared by all processes.

    pcm/<key>/          whole; never changed, only used and removed
    pcm/.part-<token>/  being written; whoever writes holds the lease `pcm-part/<token>`
    pcm/.gone-<token>/  being removed

Whoever uses a folder holds a lease `pcm/<key>/<token>` of its own; many may.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from parley.speech.media import DecodedMedia
from parley.storage.database import Database
from parley.storage.failures import storage_errors
from parley.storage.holdings import protected
from parley.storage.leases import Leases
from parley.storage.media_folder import (
    DESCRIPTION,
    GONE,
    mark_used,
    publish,
    read_media,
    remove,
    set_aside,
    size_bytes,
    used_at,
)
from parley.storage.tokens import new_token

_T = TypeVar("_T")

_KEY = re.compile(r"[0-9A-Za-z_-]{1,128}")
_PART = ".part-"
_IN_USE, _BEING_WRITTEN = "pcm/", "pcm-part/"


@dataclass(frozen=True, slots=True)
class PartialFolder:
    """An empty folder of one's own to write PCM files into; `publish` makes it the one for its key."""

    path: Path
    target: Path

    async def publish(self, media: DecodedMedia, *, replace: bool = False) -> DecodedMedia:
        """Put the folder in its place, whole or not at all; the media with its paths there.

        A folder that another process has published meanwhile stays and is what is returned, unless
        `replace` says that old results are not trusted. Raises StorageError, DiskFull.
        """
        return await _in_thread(lambda: publish(self.path, self.target, media, anew=replace))


class PcmStore:
    """The folder `pcm/`. Every method may raise StorageError."""

    def __init__(self, root: Path, database: Database, leases: Leases) -> None:
        self._root = root
        self._database = database
        self._leases = leases

    async def find(self, key: str) -> DecodedMedia | None:
        """The decoded audio if all of it is there. It stays there only while it is held."""
        return await _in_thread(lambda: _find(self._folder(key)))

    @asynccontextmanager
    async def holding(self, key: str) -> AsyncGenerator[None, None]:
        """Keep `key` from being swept, be it there already or published meanwhile."""
        self._folder(key)
        async with self._leases.hold(f"{_IN_USE}{key}/{new_token()}"):
            yield

    @asynccontextmanager
    async def writing(self, key: str) -> AsyncGenerator[PartialFolder, None]:
        """A fresh folder to decode into; removed at the end unless it was published."""
        target, token = self._folder(key), new_token()
        partial = PartialFolder(self._root / f"{_PART}{token}", target)
        async with self._leases.hold(f"{_BEING_WRITTEN}{token}"):
            try:
                await _in_thread(lambda: partial.path.mkdir(mode=0o700, parents=True))
                yield partial
            finally:
                await asyncio.shield(asyncio.to_thread(remove, partial.path))

    async def sweep(self, max_bytes: int) -> int:
        """Remove what dead processes left, then the least recently used folders that nobody holds,
        until the rest fits into `max_bytes`; bytes freed.
        """
        freed = await self._remove_orphans()
        folders = await _in_thread(lambda: _by_last_use(self._root))
        excess = sum(size for _, size in folders) - max_bytes
        for folder, size in folders:
            if excess <= 0:
                break
            if await self._remove_unused(folder):
                freed += size
                excess -= size
        return freed

    async def _remove_orphans(self) -> int:
        # Listed before the leases are read: a folder that is being written has had its lease first.
        found = await _in_thread(lambda: _hidden(self._root))
        living = {f"{_PART}{token}" for token in await self._leases.protected(_BEING_WRITTEN)}
        orphans = [folder for folder in found if folder.name not in living]
        return await _in_thread(lambda: sum(remove(folder) for folder in orphans))

    async def _remove_unused(self, folder: Path) -> bool:
        """Check and rename in one write transaction: a new hold comes before it and is seen, or
        after it and finds nothing.
        """

        def rename_unused(connection: Connection) -> Path | None:
            in_use = protected(connection, f"{_IN_USE}{folder.name}/")
            return None if in_use else set_aside(folder)

        gone = await self._database.write(rename_unused, survives_power_cut=False, alone=True)
        if gone is not None:
            await asyncio.to_thread(remove, gone)
        return gone is not None

    def _folder(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError("a PCM key is letters, digits, - and _")
        return self._root / key


async def _in_thread(work: Callable[[], _T]) -> _T:
    def run() -> _T:
        with storage_errors():
            return work()

    return await asyncio.to_thread(run)


def _find(folder: Path) -> DecodedMedia | None:
    media = read_media(folder)
    if media is not None:
        with suppress(OSError):
            mark_used(folder)
    return media


def _hidden(root: Path) -> list[Path]:
    return [path for path in _children(root) if _is_hidden(path)]


def _is_hidden(folder: Path) -> bool:
    return folder.name.startswith((_PART, GONE))


def _by_last_use(root: Path) -> list[tuple[Path, int]]:
    """Whole folders with their sizes, least recently used first."""
    # Only what was published here has a description; a stranger's folder is not ours to remove. One
    # that is about to be published has it too, but belongs to whoever writes it.
    whole = [path for path in _children(root) if not _is_hidden(path)]
    folders = [path for path in whole if (path / DESCRIPTION).is_file()]
    return [(path, size_bytes(path)) for path in sorted(folders, key=used_at)]


def _children(root: Path) -> Iterable[Path]:
    return list(root.iterdir()) if root.is_dir() else []
