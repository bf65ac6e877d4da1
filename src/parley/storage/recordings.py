"""Recordings that have arrived, by content: `recordings/<sha256>`, the same bytes never twice.

A file is there for as long as somebody may need it: tasks that are not over, uploads that wait to
be admitted and, where media are kept, tasks that are remembered; of these a compact copy, where there
is one, serves as well. Every removal checks that in the write transaction that renames the file away,
so whoever comes later sees it gone.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from parley.errors import StorageError
from parley.storage import upload_files
from parley.storage.compact_copies import SUFFIX, CompactCopies, mark_copy
from parley.storage.database import Database
from parley.storage.failures import storage_errors
from parley.storage.recording_rows import (
    KeepMedia,
    StoredRecording,
    copy_needed,
    has_copy,
    mark_gone,
    needed,
    owns,
    remember,
    waits,
)
from parley.storage.space import bytes_reserved
from parley.storage.tables import RecordingRow
from parley.storage.tokens import new_token

_T = TypeVar("_T")

_NAME = re.compile(r"[0-9a-f]{64}")
_COPY = re.compile(rf"([0-9a-f]{{64}}){re.escape(SUFFIX)}")
_GONE = ".gone-"
SHA256_PREFIX = "sha256:"


class BytesLost(StorageError):
    """An upload's row says that its bytes are here, and they are not."""


class Recordings:
    """Rows and files of recordings. Every method may raise StorageError."""

    def __init__(self, root: Path, database: Database) -> None:
        self._root = root
        self._database = database
        self.copies = CompactCopies(root, database)

    def path(self, sha256: str) -> Path:
        """Where the bytes are if they are here."""
        if not _NAME.fullmatch(sha256):
            raise ValueError("a recording is named by its SHA-256")
        return self._root / sha256

    async def playable(self, sha256: str) -> Path | None:
        """The file to hear a recording from: the original, or else its compact copy."""
        return (await self.playable_of([sha256])).get(sha256)

    async def playable_of(self, contents: Iterable[str]) -> dict[str, Path]:
        """The same of many, by content; those that are gone are left out."""

        def look() -> dict[str, Path]:
            both = {each: (self.path(each), self.copies.path(each)) for each in contents}
            found = {each: next((p for p in paths if p.is_file()), None) for each, paths in both.items()}
            return {each: path for each, path in found.items() if path is not None}

        return await asyncio.to_thread(look)

    async def get(self, sha256: str) -> StoredRecording | None:
        """What is known of a content."""
        return await self._one(RecordingRow.sha256 == sha256)

    async def named(self, declared_hash: str, user: str, *, by_anybody: bool) -> StoredRecording | None:
        """The content that a user may mean by a hash (MD5 hex or `sha256:` and hex), if that is certain.

        An MD5 names content only to who has sent bytes with it, while exactly one content has it. A
        SHA-256 does so to who has sent it, or with `by_anybody` to everyone.
        """
        if not declared_hash.startswith(SHA256_PREFIX):
            return await self._one(RecordingRow.md5 == declared_hash, user)
        chosen = RecordingRow.sha256 == declared_hash.removeprefix(SHA256_PREFIX)
        return await self._one(chosen, None if by_anybody else user)

    async def take(self, part: Path, recording: StoredRecording, user: str) -> StoredRecording:
        """Move the file of an upload here and note who sent it; the same again does no harm.

        The upload's row must name the content already: that protects the file from now on. Raises
        BytesLost when neither place has it.
        """
        target = self.path(recording.sha256)
        await _in_thread(lambda: self._prepare(part, target, recording.size_bytes))

        def move(connection: Connection) -> None:
            if upload_files.size_of(target) != recording.size_bytes:
                part.replace(target)
            remember(connection, recording, user)

        await self._database.write(move, survives_power_cut=False)
        await _in_thread(lambda: upload_files.flush_folder(self._root))
        await asyncio.to_thread(upload_files.remove, part)
        return recording

    async def mark_used(self, sha256: str) -> None:
        """Note that a recording is used now."""
        touch = update(RecordingRow).where(RecordingRow.sha256 == sha256).values(used_at=time.time())
        await self._database.write(lambda connection: connection.execute(touch), survives_power_cut=False)

    async def make_room(self, needed_bytes: int, disk_bytes: int) -> bool:
        """Remove recordings that only tasks which are over refer to, least recently used first, until
        `needed_bytes` more fit into `disk_bytes`; whether they do.
        """
        reserved = await self._database.read(bytes_reserved)
        excess = reserved + needed_bytes - disk_bytes
        if excess <= 0:
            return True
        here = or_(RecordingRow.present, has_copy())
        rows = select(RecordingRow.sha256).where(here, ~needed(KeepMedia.NONE)).order_by(RecordingRow.used_at)
        for sha256 in await self._database.read(lambda connection: connection.execute(rows).scalars().all()):
            if excess <= 0:
                break
            excess -= await self._remove(sha256, KeepMedia.NONE)
        return excess <= 0

    async def sweep(self, *, keep_media: KeepMedia, disk_bytes: int) -> None:
        """Remove what nobody needs, what is too much, and what a crash left."""
        await self._remove_strays()
        original = and_(RecordingRow.present, ~needed(keep_media))
        copy = and_(has_copy(), ~copy_needed(keep_media))
        for sha256 in await self._chosen(or_(original, copy)):
            await self._remove(sha256, keep_media)
        await self.make_room(0, disk_bytes)

    async def release(self) -> None:
        """Remove originals that have a compact copy and that no task and no upload needs."""
        for sha256 in await self._chosen(and_(RecordingRow.present, has_copy(), ~needed(KeepMedia.COMPACT))):
            await self._remove(sha256, KeepMedia.COMPACT)

    async def _remove_strays(self) -> None:
        """Files without a row, rows without a file, and what was being removed."""
        names = await _in_thread(lambda: {path.name for path in self._root.glob("*")})
        rows = await self._chosen(RecordingRow.present.is_(True))
        files = {name for name in names if _NAME.fullmatch(name)}
        copied = await self._chosen(has_copy())
        copies = {found[1] for name in names if (found := _COPY.fullmatch(name))}
        for sha256 in (files ^ rows) | (copies ^ copied):
            await self._database.write(
                lambda connection, one=sha256: self._settle(connection, one), alone=True
            )
        names = await _in_thread(lambda: {path.name for path in self._root.glob(".*")})
        for name in names:
            if name.startswith(_GONE) or self.copies.is_leftover(name):
                await asyncio.to_thread(upload_files.remove, self._root / name)

    async def _chosen(self, chosen: ColumnElement[bool]) -> set[str]:
        rows = select(RecordingRow.sha256).where(chosen)
        return set(await self._database.read(lambda connection: connection.execute(rows).scalars().all()))

    def _settle(self, connection: Connection, sha256: str) -> None:
        """Make row and files agree about a content; a move in progress is seen whole or not at all."""
        path, copy = self.path(sha256), self.copies.path(sha256)
        row = select(RecordingRow.present, has_copy()).where(RecordingRow.sha256 == sha256)
        present, copied = connection.execute(row).one_or_none() or (False, False)
        if not path.exists():
            mark_gone(connection, sha256)
        elif not present and not waits(connection, sha256):
            self._set_aside(path)
        if copied and not copy.exists():
            mark_copy(connection, sha256, None)
        elif not copied:
            self._set_aside(copy)

    async def _remove(self, sha256: str, keep: KeepMedia) -> int:
        """Remove the files of a content that nobody needs by now; bytes freed."""
        this = select(RecordingRow.sha256).where(RecordingRow.sha256 == sha256)

        def rename_unneeded(connection: Connection) -> list[Path]:
            # Asked before anything changes: that an original is needed may be for want of a copy.
            needs = [connection.execute(this.where(each(keep))).scalar() for each in (needed, copy_needed)]
            gone = [] if needs[0] else self._set_aside(self.path(sha256))
            if gone:
                mark_gone(connection, sha256)
            copy = [] if needs[1] else self._set_aside(self.copies.path(sha256))
            if copy:
                mark_copy(connection, sha256, None)
            return gone + copy

        gone = await self._database.write(rename_unneeded, survives_power_cut=False, alone=True)
        freed = 0
        for path in gone:
            freed += await asyncio.to_thread(upload_files.size_of, path) or 0
            await asyncio.to_thread(upload_files.remove, path)
        return freed

    def _set_aside(self, path: Path) -> list[Path]:
        """Rename for removal; nothing where it is gone already or, on Windows, open."""
        try:
            return [path.rename(path.with_name(f"{_GONE}{new_token()}"))]
        except (FileNotFoundError, PermissionError):
            return []

    def _prepare(self, part: Path, target: Path, size_bytes: int) -> None:
        self._root.mkdir(mode=0o700, exist_ok=True)
        if upload_files.size_of(target) == size_bytes:
            return
        if upload_files.size_of(part) != size_bytes:
            raise BytesLost("Bytes that had arrived were lost; send the file again.")
        upload_files.flush(part)

    async def _one(self, chosen: ColumnElement[bool], owner: str | None = None) -> StoredRecording | None:
        """The one content that is chosen; None where there are two, or where `owner` has not sent it."""
        rows = select(RecordingRow.sha256, RecordingRow.md5, RecordingRow.size_bytes).where(chosen).limit(2)

        def read(connection: Connection) -> StoredRecording | None:
            found = connection.execute(rows).all()
            if len(found) != 1:
                return None
            sha256, md5, size = found[0]
            if owner is not None and not owns(connection, owner, sha256):
                return None
            return StoredRecording(sha256=sha256, md5=md5, size_bytes=size, path=self.path(sha256))

        return await self._database.read(read)


async def _in_thread(work: Callable[[], _T]) -> _T:
    def run() -> _T:
        with storage_errors():
            return work()

    return await asyncio.to_thread(run)
