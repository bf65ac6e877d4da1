"""Tasks of the server: what was asked for, and how it stands.

Every change of a state is one compare-and-set statement along the table of transitions, so whoever
comes second changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, tuple_, update

from parley.storage.database import Database
from parley.storage.tables import HeardRow, TaskRow, TranscriptRow

PENDING, PROCESSING = "pending", "processing"
COMPLETED, FAILED, CANCELLED, TIMED_OUT = "completed", "failed", "cancelled", "timed_out"
EXPIRED = "expired"
"""Of a task that is over and forgotten only the row's id and owner are left."""

LIVE = (PENDING, PROCESSING)
OVER = (COMPLETED, FAILED, CANCELLED, TIMED_OUT)

TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    PROCESSING: (PENDING,),
    # A server that was killed puts what it had begun back in its place.
    PENDING: (PROCESSING,),
    COMPLETED: LIVE,
    FAILED: LIVE,
    TIMED_OUT: LIVE,
    CANCELLED: LIVE,
    EXPIRED: OVER,
}
"""From which states each state may be reached."""

KEPT = "task-"
"""Begins the keys of transcripts that are the results of tasks."""

KEPT_AT_LEAST_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTask:
    """A row of the table; see there."""

    id: str
    user: str
    state: str
    turn: int
    work: str
    sha256: str
    md5: str
    size_bytes: int
    file_name: str
    profile: str
    output_format: str
    order: bytes
    created_at: float
    progress: float = 0.0
    transcript: str | None = None
    projected: bool = False
    duration: float | None = None
    processing_s: float = 0.0
    error_code: str | None = None
    error_message: str | None = None
    error_type: str | None = None
    started_at: float | None = None
    finished_at: float | None = None
    edited_at: float | None = None
    edits: bytes | None = None


_COLUMNS = [getattr(TaskRow, field.name) for field in fields(StoredTask)]
_NAMES = tuple(field.name for field in fields(StoredTask))

_FORGOTTEN: Mapping[str, Any] = {
    "state": EXPIRED,
    "file_name": "",
    "sha256": "",
    "md5": "",
    "work": "",
    "transcript": None,
    "edits": None,
    "error_message": None,
    "order": b"",
}


class Tasks:
    """The rows of all tasks. Every method may raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, task: StoredTask) -> None:
        """Write a new task down; it is on the disk when this returns."""
        row = insert(TaskRow).values({name: getattr(task, name) for name in _NAMES})
        await self._database.write(lambda connection: connection.execute(row))

    async def remove(self, task_id: str) -> None:
        """Take back a task that nobody was told of."""
        row = delete(TaskRow).where(TaskRow.id == task_id)
        await self._database.write(lambda connection: connection.execute(row))

    async def get(self, task_id: str) -> StoredTask | None:
        """The task of that id, whoever owns it."""
        return (await self.many([task_id])).get(task_id)

    async def many(self, ids: Collection[str]) -> dict[str, StoredTask]:
        """The tasks of these ids, as far as there are any."""
        rows = select(*_COLUMNS).where(TaskRow.id.in_(ids))
        found = await self._database.read(lambda connection: connection.execute(rows).all())
        return {row[0]: _task(row) for row in found}

    async def unfinished(self) -> list[StoredTask]:
        """Every task that is not over, by turn and age."""
        rows = select(*_COLUMNS).where(TaskRow.state.in_(LIVE))
        rows = rows.order_by(TaskRow.turn, TaskRow.created_at, TaskRow.id)
        found = await self._database.read(lambda connection: connection.execute(rows).all())
        return [_task(row) for row in found]

    async def page(
        self, user: str | None, *, state: str | None, limit: int, before: tuple[float, str] | None
    ) -> list[StoredTask]:
        """Tasks of a user (None: of everybody), the newest first, older than `before` (time and id)."""
        rows = select(*_COLUMNS).where(TaskRow.state != EXPIRED)
        if user is not None:
            rows = rows.where(TaskRow.user == user)
        if state is not None:
            rows = rows.where(TaskRow.state == state)
        if before is not None:
            rows = rows.where(tuple_(TaskRow.created_at, TaskRow.id) < before)
        rows = rows.order_by(TaskRow.created_at.desc(), TaskRow.id.desc()).limit(limit)
        found = await self._database.read(lambda connection: connection.execute(rows).all())
        return [_task(row) for row in found]

    async def move(self, ids: Collection[str], state: str, **values: Any) -> set[str]:
        """Bring tasks into a state and set `values` beside it; the ids of those that could be moved.

        What ends a task is on the disk when this returns; the rest would be found out again.
        """
        row = update(TaskRow).where(TaskRow.id.in_(ids), TaskRow.state.in_(TRANSITIONS[state]))
        row = row.values(state=state, **values).returning(TaskRow.id)

        def change(connection: Connection) -> set[str]:
            return set(connection.execute(row).scalars().all())

        return await self._database.write(change, survives_power_cut=state not in LIVE)

    async def advance(self, progress: Mapping[str, float]) -> None:
        """Note how far tasks are; never less than before, and nothing for those that are over.

        Survives the end of the process but maybe not a power cut.
        """

        def change(connection: Connection) -> None:
            for task_id, value in progress.items():
                further = (TaskRow.id == task_id, TaskRow.state.in_(LIVE), TaskRow.progress < value)
                connection.execute(update(TaskRow).where(*further).values(progress=value))

        await self._database.write(change, survives_power_cut=False)

    async def edit(self, task_id: str, edits: bytes | None, *, before: bytes | None) -> bool:
        """Replace the edits of a completed task; whether it is there, completed and edited as `before`."""
        row = update(TaskRow).where(
            TaskRow.id == task_id, TaskRow.state == COMPLETED, TaskRow.edits.is_not_distinct_from(before)
        )
        row = row.values(edits=edits, edited_at=time.time())
        return await self._database.write(lambda connection: connection.execute(row).rowcount == 1)

    async def processing_s(self, sha256: str, transcript: str) -> float:
        """What making a transcript took, 0 where nobody knows."""
        row = select(func.max(TaskRow.processing_s))
        row = row.where(TaskRow.sha256 == sha256, TaskRow.transcript == transcript)
        return await self._database.read(lambda connection: connection.execute(row).scalar()) or 0.0

    async def expire(self, *, finished_before: float) -> int:
        """Forget what old tasks were about, and the very old ones altogether; how many were forgotten.

        `finished_before` is a time of day; a tombstone goes when it is as old again.
        """
        age_s = time.time() - finished_before
        old = update(TaskRow).where(TaskRow.state.in_(OVER), TaskRow.finished_at < finished_before)
        gone = delete(TaskRow).where(TaskRow.state == EXPIRED, TaskRow.finished_at < finished_before - age_s)

        unwanted = delete(TranscriptRow).where(
            TranscriptRow.key.startswith(KEPT),
            # One that was just kept waits for the row of its task.
            TranscriptRow.accessed_at < time.time() - KEPT_AT_LEAST_S,
            ~is_referenced(),
            # So does one whose server died in between, maybe long ago: the task is older than it.
            ~select(TaskRow.id)
            .where(TaskRow.state.in_(LIVE), TaskRow.created_at <= TranscriptRow.accessed_at)
            .exists(),
        )

        def change(connection: Connection) -> int:
            connection.execute(gone)
            forgotten = connection.execute(old.values(_FORGOTTEN)).rowcount
            connection.execute(_UNHEARD)
            connection.execute(unwanted)
            return forgotten

        return await self._database.write(change, survives_power_cut=False)


_UNHEARD = delete(HeardRow).where(HeardRow.work.not_in(select(TaskRow.work)))
"""What was told of works that no task remembers."""


def is_referenced() -> Any:
    """The condition under which a transcript is the result of a task that is still remembered."""
    return TranscriptRow.key.in_(select(TaskRow.transcript).where(TaskRow.transcript.is_not(None)))


def _task(row: Iterable[Any]) -> StoredTask:
    return StoredTask(**dict(zip(_NAMES, row, strict=True)))
