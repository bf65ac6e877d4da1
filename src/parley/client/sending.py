"""A recording on its way to being an admitted task, over as many lines as it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from parley.client.asking import SILENCE_S, ask_over, next_message
from parley.client.events import Completed, Event, Progress, Queued, Reading, Uploading
from parley.client.failures import LineLost, error_of
from parley.client.line import Line, Message
from parley.client.notes import Notes
from parley.client.options import request_for
from parley.client.parcel import Parcel
from parley.client.patience import Patience
from parley.client.result import result_of
from parley.client.source import Source
from parley.errors import (
    ChunkHashMismatch,
    ChunkUploadError,
    FileHashMismatch,
    FinalizeError,
    InputError,
    ParleyError,
    QueueIsFull,
    SessionNotFound,
    TaskExpired,
    TaskNotFound,
)
from parley.wire.native.client import AskTaskStatus, AskUploadStatus, FinalizeUpload
from parley.wire.native.server import (
    ChunkReceived,
    QueueFull,
    TaskComplete,
    TaskQueued,
    TaskStatus,
    UploadReady,
    UploadStatus,
)

Tell = Callable[[Event], Awaitable[None]]

WINDOW = 8
"""Chunks in flight: enough for a round trip of 80 ms at 100 MB/s, with the usual chunk."""

MOST_DETOURS = 4
"""An upload that the server forgets or finds incomplete is mended so often, then given up."""

_FAILED = frozenset({"failed", "cancelled", "timed_out"})


@dataclass(frozen=True, slots=True)
class Admission:
    """The server has the task. `is_pushed`: messages about it come over the line it was admitted on."""

    completed: Completed | None = None
    is_pushed: bool = False


class Sending:
    """Announces, sends, and asks for admission. Notes say which upload or task of an earlier run this
    may be; whether it still is, the server decides.
    """

    def __init__(
        self,
        source: Source,
        options: Mapping[str, Any],
        *,
        chunk_bytes: int,
        patience_s: float,
        tell: Tell,
        notes: Notes | None = None,
    ) -> None:
        self.task_id: str | None = None
        self._is_from_before = False
        self._notes = notes
        self._source = source
        self._options = options
        self._parcel = Parcel(source, chunk_bytes)
        self._chunk_bytes = chunk_bytes
        self._tell = tell
        self._sha256 = ""
        self._full = Patience(patience_s)
        self._detours = 0
        self._was_sent_again = False

    async def over(self, line: Line) -> Admission:
        """Go on over this line, from wherever the last one was lost. Raises LineLost and what the server
        finds wrong.
        """
        admission = await (self._announce(line) if self.task_id is None else self._resume(line))
        return admission or await self._send(line)

    async def prepare(self) -> None:
        """Read the recording for its hash, before any line is open, and look into the notes."""
        await self._hash()
        if self._notes is not None:
            self.task_id = await asyncio.to_thread(self._notes.recall, self._sha256, self._options)
            self._is_from_before = self.task_id is not None

    async def forget(self) -> None:
        """Drop the note: the same command means new work from now on."""
        if self._notes is not None:
            await asyncio.to_thread(self._notes.drop, self._sha256, self._options)

    async def _hash(self) -> None:
        total = self._source.size_bytes
        await self._tell(Reading(done_bytes=0, total_bytes=total))
        async for done in self._source.hashing():
            await self._tell(Reading(done_bytes=done, total_bytes=total))
        self._sha256 = self._source.sha256

    async def _announce(self, line: Line) -> Admission | None:
        request = request_for(
            self._options,
            size_bytes=self._source.size_bytes,
            file_hash=f"sha256:{self._sha256}",
            chunk_bytes=self._chunk_bytes,
        )
        answer = await ask_over(line, request, "upload_ready", "task_complete")
        if answer.type == "task_complete":
            return await self._known(answer)
        ready = await answer.read(UploadReady)
        self.task_id, self._is_from_before = ready.task_id, False
        if self._notes is not None:
            await asyncio.to_thread(self._notes.keep, self._sha256, self._options, ready.task_id)
        self._parcel.expect(ready.chunk_size or self._chunk_bytes)
        await self._tell_uploading()
        return None

    async def _known(self, message: Message) -> Admission:
        complete = await message.read(TaskComplete)
        self.task_id = complete.task_id
        result = result_of(complete.task_id, complete.result)
        completed = Completed(task_id=complete.task_id, result=result, was_known=True)
        return Admission(completed)

    async def _resume(self, line: Line) -> Admission | None:
        task_id = self._id
        try:
            answer = await ask_over(line, AskUploadStatus(task_id=task_id), "upload_status")
        except SessionNotFound:
            return await self._rejoin(line)
        status = await answer.read(UploadStatus)
        self._parcel.expect(status.chunk_size, status.missing)
        await self._tell_uploading()
        if not self._parcel.is_waiting:
            await line.send(FinalizeUpload(task_id=task_id))
        return None

    async def _rejoin(self, line: Line) -> Admission | None:
        """No upload any more: a task by now, or forgotten."""
        try:
            answer = await ask_over(line, AskTaskStatus(task_id=self._id), "task_status")
        except (TaskNotFound, TaskExpired) as error:
            return await self._anew(line, error)
        status = await answer.read(TaskStatus)
        if self._is_from_before and status.status in _FAILED:
            return await self._anew(line, None)
        return await self._joined(status)

    async def _joined(self, status: TaskStatus) -> Admission:
        message = "The task goes on."
        await self._tell(Progress(task_id=self._id, percent=status.progress, message=message))
        return Admission()

    async def _anew(self, line: Line, error: ParleyError | None) -> Admission | None:
        if error and not self._is_from_before:
            self._detour(error)
        self.task_id = None
        return await self._announce(line)

    def _detour(self, error: ParleyError) -> None:
        self._detours += 1
        if self._detours > MOST_DETOURS:
            raise error

    async def _send(self, line: Line) -> Admission:
        while True:
            if self._parcel.is_waiting and self._parcel.flying < WINDOW:
                frame = await self._parcel.next_frame(self._id)
                await line.send_frame(frame, SILENCE_S)
                continue
            admission = await self._take(line, await next_message(line))
            if admission is not None:
                return admission

    async def _take(self, line: Line, message: Message) -> Admission | None:
        match message.type:
            case "chunk_received":
                self._parcel.arrived((await message.read(ChunkReceived)).chunk_index)
                await self._tell_uploading()
            case "upload_complete":
                await self._tell(
                    Progress(task_id=self._id, percent=0.0, message="The recording has arrived.")
                )
                return Admission(is_pushed=True)
            case "task_queued":
                await self._tell_queued(await message.read(TaskQueued))
                return Admission(is_pushed=True)
            case "queue_full":
                await self._wait_for_admission(line, await message.read(QueueFull))
            case "task_status":
                return await self._joined(await message.read(TaskStatus))
            case "task_complete":
                return await self._known(message)
            case "error":
                await self._mend(message.data)
            case _:
                pass
        return None

    async def _wait_for_admission(self, line: Line, full: QueueFull) -> None:
        wait_s = float(full.retry_after)
        await self._tell(Queued(task_id=self._id, wait_s=wait_s, is_admitted=False))
        await self._full.wait(QueueIsFull(full.message), wait_s)
        await line.send(FinalizeUpload(task_id=self._id))

    async def _mend(self, data: Mapping[str, Any]) -> None:
        """Correct what an error is about, or raise it."""
        error, index = error_of(data), data.get("chunk_index")
        match error:
            case ChunkHashMismatch() | ChunkUploadError() if isinstance(index, int):
                self._parcel.refused(index, error)
            case FileHashMismatch():
                await self._send_again(error)
            case SessionNotFound() | FinalizeError():
                # More answers about the same upload may be under way; a fresh line has none.
                self._detour(error)
                raise LineLost(error.message)
            case _:
                raise error

    async def _send_again(self, error: ParleyError) -> None:
        announced = self._sha256
        await self._hash()
        if announced and self._sha256 != announced:
            raise InputError(f"'{self._source.name}' was changed while it was being sent; send it again.")
        if self._was_sent_again:
            raise error
        self._was_sent_again = True
        self._parcel.expect(self._parcel.chunk_bytes)

    async def _tell_uploading(self) -> None:
        await self._tell(
            Uploading(
                task_id=self._id,
                sent_bytes=self._parcel.arrived_bytes,
                total_bytes=self._source.size_bytes,
            )
        )

    async def _tell_queued(self, queued: TaskQueued) -> None:
        await self._tell(
            Queued(task_id=self._id, position=queued.queue_position, wait_s=queued.estimated_wait_seconds)
        )

    @property
    def _id(self) -> str:
        if self.task_id is None:
            raise RuntimeError("nothing was announced yet")
        return self.task_id
