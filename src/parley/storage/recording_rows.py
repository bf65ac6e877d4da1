"""What is known of recordings, and who refers to them: the statements behind `Recordings`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, false, func, select, update
from sqlalchemy.dialects.sqlite import insert

from parley.storage.tables import OwnerRow, RecordingRow, TaskRow, UploadRow
from parley.storage.tasks import EXPIRED, LIVE


class KeepMedia(StrEnum):
    """What stays of a recording when its tasks are over, until they are forgotten.

    With COMPACT the original stays where it has no copy.
    """

    COMPACT = "compact"
    ORIGINAL = "original"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecording:
    """A recording whose bytes were here once; `path` may be gone unless a task needs it."""

    sha256: str
    md5: str
    size_bytes: int
    path: Path


def needed(keep: KeepMedia) -> ColumnElement[bool]:
    """Whether something refers to the recording of a row that keeps its file here."""
    upload = select(UploadRow.id).where(UploadRow.sha256 == RecordingRow.sha256)
    now = _has_task(TaskRow.state.in_(LIVE)) | upload.exists()
    if keep is KeepMedia.NONE:
        return now
    later = _has_task(TaskRow.state != EXPIRED)
    return now | (later if keep is KeepMedia.ORIGINAL else later & ~has_copy())


def copy_needed(keep: KeepMedia) -> ColumnElement[bool]:
    """Whether something refers to the recording of a row that keeps its compact copy here."""
    return false() if keep is KeepMedia.NONE else _has_task(TaskRow.state != EXPIRED)


def has_copy() -> ColumnElement[bool]:
    """Whether the recording of a row has a compact copy."""
    return func.coalesce(RecordingRow.compact_bytes, 0) > 0


def _has_task(refers: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(TaskRow.id).where(TaskRow.sha256 == RecordingRow.sha256, refers).exists()


def waits(connection: Connection, sha256: str) -> bool:
    """Whether an upload with this content waits to be admitted."""
    row = select(UploadRow.id).where(UploadRow.sha256 == sha256).limit(1)
    return connection.execute(row).scalar() is not None


def owns(connection: Connection, user: str, sha256: str) -> bool:
    """Whether a user has sent this content."""
    row = select(OwnerRow.user).where(OwnerRow.user == user, OwnerRow.sha256 == sha256)
    return connection.execute(row).scalar() is not None


def mark_gone(connection: Connection, sha256: str) -> None:
    """Note that a file is here no more. If it comes again, a copy is tried again."""
    row = update(RecordingRow).where(RecordingRow.sha256 == sha256)
    connection.execute(row.values(present=False, compact_bytes=func.nullif(RecordingRow.compact_bytes, 0)))


def remember(connection: Connection, recording: StoredRecording, user: str) -> None:
    """Note that a file is here, and who has sent it."""
    now = time.time()
    row = insert(RecordingRow).values(
        sha256=recording.sha256,
        md5=recording.md5,
        size_bytes=recording.size_bytes,
        present=True,
        created_at=now,
        used_at=now,
    )
    again = {"present": True, "used_at": now}
    connection.execute(row.on_conflict_do_update(index_elements=["sha256"], set_=again))
    owner = insert(OwnerRow).values(user=user, sha256=recording.sha256, created_at=now)
    connection.execute(owner.on_conflict_do_nothing())
