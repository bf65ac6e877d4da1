"""A desk that does what the test says, and writes real task rows so that recordings are referred to."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

from parley.errors import TaskNotFound
from parley.jobs.known import Hit
from parley.jobs.principal import Principal
from parley.jobs.reception import Reception, ReceptionOptions
from parley.jobs.task import Order, Task, TaskState
from parley.jobs.upload import Acknowledgement, Full, Started, UploadPlan
from parley.speech.transcript import Transcript
from parley.storage.recordings import StoredRecording
from parley.storage.store import Store
from parley.storage.tasks import StoredTask

ALICE, BOB = Principal(user="alice"), Principal(user="bob")
ORDER = Order(file_name="talk.wav", profile="embedded")


class ScriptedDesk:
    """Tasks by id; survives the store that it writes to."""

    def __init__(self) -> None:
        self.store: Store | None = None
        self.tasks: dict[str, Task] = {}
        self.recordings: dict[str, StoredRecording] = {}
        self.hits: dict[str, Hit] = {}
        self.is_full = False
        self.admitting: asyncio.Event | None = None
        self.admissions = 0

    async def admit(
        self, who: Principal, task_id: str, order: Order, recording: StoredRecording
    ) -> Acknowledgement:
        self.admissions += 1
        if self.admitting is not None:
            await self.admitting.wait()
        assert recording.path.stat().st_size == recording.size_bytes
        if self.is_full:
            return Full(task_id=task_id, retry_after_s=5, waiting=1, most_waiting=1)
        await self._add(who, task_id, order, recording, TaskState.PENDING)
        return Started(task_id=task_id)

    async def answer(
        self, who: Principal, task_id: str, order: Order, recording: StoredRecording, hit: Hit
    ) -> None:
        await self._add(who, task_id, order, recording, TaskState.COMPLETED)

    async def known(self, who: Principal, order: Order, recording: StoredRecording) -> Hit | None:
        return self.hits.get(recording.sha256)

    async def get(self, who: Principal, task_id: str) -> Task:
        task = self.tasks.get(task_id)
        if task is None and self.store is not None:
            row = await self.store.tasks.get(task_id)
            task = _task(row) if row is not None else None
        if task is None or not who.may_see(task.user):
            raise TaskNotFound("There is no such task.")
        return task

    def remember(self, content: bytes) -> None:
        """From now on there is a transcript of it."""
        self.hits[hashlib.sha256(content).hexdigest()] = Hit(transcript=Transcript(duration=1.0), key="key")

    async def end(self, task_id: str) -> None:
        """The task is over."""
        assert self.store is not None
        await self.store.tasks.move([task_id], "completed")

    async def _add(
        self, who: Principal, task_id: str, order: Order, recording: StoredRecording, state: TaskState
    ) -> None:
        assert task_id not in self.tasks
        assert self.store is not None
        made = {"id": task_id, "user": who.user, "sha256": recording.sha256, "md5": recording.md5}
        now = time.time()
        row = StoredTask(
            **made, state=state.value, turn=0, work="work", size_bytes=recording.size_bytes, created_at=now,
            file_name=order.file_name, profile=order.profile, output_format="json", order=b"{}",
        )  # fmt: skip
        await self.store.tasks.add(row)
        self.tasks[task_id] = Task(
            **made, state=state, progress=0.0, order=order, size_bytes=recording.size_bytes, created_at=now
        )
        self.recordings[task_id] = recording


def _task(row: StoredTask) -> Task:
    return Task(
        id=row.id, user=row.user, state=TaskState(row.state), progress=row.progress, order=ORDER,
        sha256=row.sha256, md5=row.md5, size_bytes=row.size_bytes, created_at=row.created_at,
    )  # fmt: skip


def accept(order: Order) -> Order:
    """Every option is possible."""
    return order


@asynccontextmanager
async def reception_of(
    data_dir: Path, desk: ScriptedDesk, options: ReceptionOptions | None = None
) -> AsyncIterator[Reception]:
    store = await Store.open(data_dir)
    desk.store = store
    reception = Reception(store, desk, accept, options)
    try:
        yield reception
    finally:
        await reception.close()
        await store.close()


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def chunked(content: bytes, chunk_bytes: int, *, declared: str | None = None) -> UploadPlan:
    chunks = -(-len(content) // chunk_bytes)
    plan = single(content, declared=declared)
    return replace(plan, door="chunked", chunk_bytes=chunk_bytes, chunks=chunks)


def single(content: bytes, *, declared: str | None = None) -> UploadPlan:
    return UploadPlan(
        order=ORDER,
        door="single",
        size_bytes=len(content),
        declared_hash=md5(content) if declared is None else declared,
    )


def body(size_bytes: int | None = None) -> UploadPlan:
    return UploadPlan(order=ORDER, door="http", size_bytes=size_bytes)


def tus(size_bytes: int) -> UploadPlan:
    return UploadPlan(order=ORDER, door="tus", size_bytes=size_bytes)


def cut(content: bytes, chunk_bytes: int) -> list[bytes]:
    return [content[at : at + chunk_bytes] for at in range(0, len(content), chunk_bytes)]


async def send(reception: Reception, who: Principal, content: bytes, chunk_bytes: int = 4) -> str:
    """A whole upload in chunks, not finished; its id."""
    task_id = (await reception.open(who, chunked(content, chunk_bytes))).task_id
    for index, chunk in enumerate(cut(content, chunk_bytes)):
        await reception.write_chunk(who, task_id, index, chunk, None)
    return task_id


async def pieces(*parts: bytes, then: BaseException | None = None) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    if then is not None:
        raise then


def rows(data_dir: Path, query: str) -> Sequence[tuple[object, ...]]:
    with closing(sqlite3.connect(data_dir / "parley.db")) as connection, connection:
        return connection.execute(query).fetchall()


def files(data_dir: Path, folder: str) -> set[str]:
    return {path.name for path in (data_dir / folder).glob("*")}


def memory_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder in memory where there is one: flushes to a disk would take most of the time."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
