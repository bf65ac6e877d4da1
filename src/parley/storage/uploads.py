"""Uploads on their way in: a row each, and the folder `uploads/` with a file `<id>.part` each.

The row comes first and goes last, so that a file without a row is always an orphan. One server has
a data directory, so what a row says is changed by one process only.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, insert, select, update

from parley.storage import upload_files
from parley.storage.database import Database
from parley.storage.failures import storage_errors
from parley.storage.space import UploadLimits, require_place, require_space
from parley.storage.tables import TaskRow, UploadRow

_T = TypeVar("_T")

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PART = ".part"
_WRITERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRecord:
    """An upload as its row has it; the columns are explained at `tables.UploadRow`."""

    id: str
    user: str
    door: str
    file_name: str
    declared_hash: str
    size_bytes: int
    chunk_bytes: int
    chunks: int
    received: bytes
    offset_bytes: int
    sha256: str | None
    md5: str | None
    created_at: float
    touched_at: float
    order: bytes


_COLUMNS = tuple(getattr(UploadRow, name) for name in UploadRecord.__slots__)


class Uploads:
    """Rows and files of uploads. Every method may raise StorageError."""

    def __init__(self, root: Path, database: Database) -> None:
        self._root = root
        self._database = database
        self.writing = ThreadPoolExecutor(_WRITERS, thread_name_prefix="parley-upload")
        cores = os.cpu_count() or 2
        self.hashing = ThreadPoolExecutor(min(8, max(2, cores)), thread_name_prefix="parley-hash")

    def path(self, upload_id: str) -> Path:
        """Where the bytes of an upload are."""
        if not is_upload_id(upload_id):
            raise ValueError("an upload id is a UUID")
        return self._root / f"{upload_id}{_PART}"

    async def add(self, record: UploadRecord, limits: UploadLimits) -> None:
        """Open an upload; raises TooManySessions or DiskBudgetSpent when there is no place for it."""

        def write(connection: Connection) -> None:
            require_place(connection, record.user, limits)
            require_space(connection, record.size_bytes, limits.disk_bytes)
            connection.execute(insert(UploadRow).values(**_values(record)))

        await self._note(write)
        path = self.path(record.id)
        try:
            await self.in_thread(lambda: upload_files.create(path))
        except BaseException:
            await asyncio.shield(self.remove(record.id))
            raise

    async def get(self, upload_id: str) -> UploadRecord | None:
        """The upload, None if there is none."""
        if not is_upload_id(upload_id):
            return None
        row = select(*_COLUMNS).where(UploadRow.id == upload_id)
        found = await self._database.read(lambda connection: connection.execute(row).mappings().one_or_none())
        return None if found is None else UploadRecord(**found)

    async def grow(self, upload_id: str, size_bytes: int, disk_bytes: int) -> None:
        """Reserve more for an upload whose size nobody knows; raises DiskBudgetSpent."""

        def write(connection: Connection) -> None:
            row = select(UploadRow.size_bytes).where(UploadRow.id == upload_id)
            before = connection.execute(row).scalar() or 0
            require_space(connection, size_bytes - before, disk_bytes)
            _change(connection, upload_id, size_bytes=size_bytes)

        await self._note(write)

    async def save(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Change columns of several uploads at once; enough to survive the death of the process."""

        def write(connection: Connection) -> None:
            for upload_id, values in changes.items():
                _change(connection, upload_id, **values)

        await self._note(write)

    async def remove(self, upload_id: str) -> None:
        """Forget an upload and its bytes."""
        path = self.path(upload_id)
        await self.in_thread(lambda: upload_files.remove(path))
        await self._note(
            lambda connection: connection.execute(delete(UploadRow).where(UploadRow.id == upload_id))
        )

    async def silent_since(self, moment: float) -> list[str]:
        """Uploads of which nothing was heard since then."""
        rows = select(UploadRow.id).where(UploadRow.touched_at < moment)
        return await self._database.read(lambda connection: list(connection.execute(rows).scalars()))

    async def sweep(self, opened: Callable[[], set[str]]) -> int:
        """Remove files without a row, rows without a file, what a task has taken over, and request
        bodies that broke off with an earlier server; what is `opened` now is left alone. Gives the
        number of uploads there are.
        """
        # Files are listed first: a file has had its row before. What was opened since is asked for last.
        files = await self.in_thread(self._files)
        rows = await self._database.read(_outline)
        living = opened()
        gone = {row.id for row in rows if row.is_void(files)} - living
        for upload_id in gone:
            await self.remove(upload_id)
        orphans = files - {row.id for row in rows} - living
        for upload_id in orphans:
            await self.in_thread(lambda path=self.path(upload_id): upload_files.remove(path))
        return len(rows) - len(gone)

    async def digest(self, data: bytes) -> tuple[str, str]:
        """MD5 and SHA-256 in hex of bytes in memory."""
        loop = asyncio.get_running_loop()

        def hexdigest(algorithm: str) -> str:
            return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()

        both = (loop.run_in_executor(self.hashing, hexdigest, name) for name in ("md5", "sha256"))
        md5, sha256 = await asyncio.gather(*both)
        return md5, sha256

    async def in_thread(self, work: Callable[[], _T]) -> _T:
        """Run what blocks on files; raises DiskFull, StorageError."""

        def run() -> _T:
            with storage_errors():
                return work()

        return await asyncio.get_running_loop().run_in_executor(self.writing, run)

    def close(self) -> None:
        """Finish what was begun. Blocks."""
        self.writing.shutdown()
        self.hashing.shutdown()

    def _files(self) -> set[str]:
        names = (path.name for path in self._root.glob(f"*{_PART}"))
        return {name.removesuffix(_PART) for name in names if is_upload_id(name.removesuffix(_PART))}

    async def _note(self, write: Callable[[Connection], Any]) -> None:
        await self._database.write(write, survives_power_cut=False)


@dataclass(frozen=True, slots=True)
class _Outline:
    """What a sweep asks of a row."""

    id: str
    door: str
    is_whole: bool
    has_task: bool

    def is_void(self, files: set[str]) -> bool:
        if self.is_whole:
            return self.has_task
        return self.id not in files or self.door == "http"


def is_upload_id(text: str) -> bool:
    """Whether a text is a UUID as we write it, and so may become part of a path."""
    return _ID.fullmatch(text) is not None


def _outline(connection: Connection) -> list[_Outline]:
    task = select(TaskRow.id).where(TaskRow.id == UploadRow.id).exists()
    rows = select(UploadRow.id, UploadRow.door, UploadRow.sha256.is_not(None), task)
    return [_Outline(*row) for row in connection.execute(rows).all()]


def _values(record: UploadRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in UploadRecord.__slots__}


def _change(connection: Connection, upload_id: str, **values: Any) -> None:
    row = update(UploadRow).where(UploadRow.id == upload_id)
    connection.execute(row.values(**{"touched_at": time.time(), **values}))
