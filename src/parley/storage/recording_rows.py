"""What is known of recordings, and who refers to them: the statements behind `Recordings`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, select, update
from sqlalchemy.dialects.sqlite import insert

from parley.storage.tables import OwnerRow, RecordingRow, TaskRow, UploadRow
from parley.storage.tasks import EXPIRED, LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecording:
    """A recording whose bytes were here once; `path` may be gone unless a task needs it."""

    sha256: str
    md5: str
    size_bytes: int
    path: Path


def needed(*, keep_media: bool) -> ColumnElement[bool]:
    """Whether something refers to the recording of a row that keeps its file here."""
    refers = TaskRow.state != EXPIRED if keep_media else TaskRow.state.in_(LIVE)
    task = select(TaskRow.id).where(TaskRow.sha256 == RecordingRow.sha256, refers)
    upload = select(UploadRow.id).where(UploadRow.sha256 == RecordingRow.sha256)
    return task.exists() | upload.exists()


def waits(connection: Connection, sha256: str) -> bool:
    """Whether an upload with this content waits to be admitted."""
    row = select(UploadRow.id).where(UploadRow.sha256 == sha256).limit(1)
    return connection.execute(row).scalar() is not None


def owns(connection: Connection, user: str, sha256: str) -> bool:
    """Whether a user has sent this content."""
    row = select(OwnerRow.user).where(OwnerRow.user == user, OwnerRow.sha256 == sha256)
    return connection.execute(row).scalar() is not None


def mark_gone(connection: Connection, sha256: str) -> None:
    """Note that a file is here no more."""
    connection.execute(update(RecordingRow).where(RecordingRow.sha256 == sha256).values(present=False))


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
