"""Compact copies of recordings: `recordings/<sha256>.ogg`, which may outlive their originals.

A copy is written to a file of its own name, flushed, and moved in the write transaction that notes
it. So whatever is noted is there, and the original is needed until then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select, update

from parley.storage import upload_files
from parley.storage.database import Database
from parley.storage.recording_rows import KeepMedia, copy_needed
from parley.storage.tables import RecordingRow, TaskRow
from parley.storage.tasks import COMPLETED
from parley.storage.tokens import new_token

SUFFIX = ".ogg"
_PART = ".copy-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncopied:
    """A recording that could have a compact copy, and what a task that is done with it asked for."""

    sha256: str
    size_bytes: int
    path: Path
    profile: str
    order: bytes


class CompactCopies:
    """Rows and files of compact copies. Every method may raise StorageError."""

    def __init__(self, root: Path, database: Database) -> None:
        self._root = root
        self._database = database
        self._writing: set[str] = set()

    def path(self, sha256: str) -> Path:
        """Where a copy is if there is one; the caller has checked the name."""
        return self._root / f"{sha256}{SUFFIX}"

    async def next(self, but: Collection[str], profiles: Collection[str]) -> Uncopied | None:
        """A recording that a task of these profiles is done with and that has no copy, but none of those."""
        rows = (
            select(RecordingRow.sha256, RecordingRow.size_bytes, TaskRow.profile, TaskRow.order)
            .join(TaskRow, TaskRow.sha256 == RecordingRow.sha256)
            .where(RecordingRow.present, RecordingRow.compact_bytes.is_(None))
            .where(RecordingRow.sha256.not_in(but))
            .where(TaskRow.state == COMPLETED, TaskRow.profile.in_(profiles))
            .limit(1)
        )
        found = await self._database.read(lambda connection: connection.execute(rows).one_or_none())
        if found is None:
            return None
        sha256, size_bytes, profile, order = found
        return Uncopied(
            sha256=sha256, size_bytes=size_bytes, path=self._root / sha256, profile=profile, order=order
        )

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[Path, None]:
        """The name of a file to write a copy to; removed at the end unless it was adopted."""
        name = f"{_PART}{new_token()}"
        self._writing.add(name)
        try:
            yield self._root / name
        finally:
            self._writing.discard(name)
            await asyncio.shield(asyncio.to_thread(upload_files.remove, self._root / name))

    async def adopt(self, sha256: str, part: Path) -> bool:
        """Move a copy that is safe on the disk to its place; False when nobody needs it by now."""
        size_bytes = await asyncio.to_thread(upload_files.size_of, part)
        wanted = select(RecordingRow.sha256).where(
            RecordingRow.sha256 == sha256, RecordingRow.present, copy_needed(KeepMedia.COMPACT)
        )

        def move(connection: Connection) -> bool:
            if not size_bytes or connection.execute(wanted).scalar() is None:
                return False
            part.replace(self.path(sha256))
            # From the end of the transaction on, the original may go.
            upload_files.flush_folder(self._root)
            mark_copy(connection, sha256, size_bytes)
            return True

        return await self._database.write(move, alone=True)

    async def mark_impossible(self, sha256: str) -> None:
        """Note that a recording stays as it is."""
        row = update(RecordingRow).where(RecordingRow.sha256 == sha256, RecordingRow.present)
        row = row.where(RecordingRow.compact_bytes.is_(None)).values(compact_bytes=0)
        await self._database.write(lambda connection: connection.execute(row), survives_power_cut=False)

    def is_leftover(self, name: str) -> bool:
        """Whether a file is a copy that a crash has left half written."""
        return name.startswith(_PART) and name not in self._writing


def mark_copy(connection: Connection, sha256: str, size_bytes: int | None) -> None:
    """Note how large the copy is; 0: there can be none, None: there is none."""
    row = update(RecordingRow).where(RecordingRow.sha256 == sha256)
    connection.execute(row.values(compact_bytes=size_bytes))
