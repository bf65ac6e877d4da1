"""A task followed to its end: every segment once, whatever happens to the line."""

from __future__ import annotations

from parley.client.events import Completed, Progress, Queued, Segment
from parley.client.failures import LineLost, error_of
from parley.client.line import Line, Message, Silence
from parley.client.result import result_of
from parley.client.sending import Tell
from parley.errors import JobCancelled, JobError, JobStalled, ParleyError
from parley.wire.native.client import Subscribe
from parley.wire.native.server import TaskCancelled, TaskComplete, TaskProgress, TaskSegment, TaskStatus

QUIET_S = 30.0
"""A server tells something every ten seconds; after so long it is asked again."""

_OVER = frozenset({"completed", "failed", "cancelled", "timed_out"})
_LAST_WORDS_S = 10.0
"""After the status of a task that is over, its terminal message follows at once, or never."""


class Following:
    """Reads what is told about one task."""

    def __init__(self, task_id: str, tell: Tell) -> None:
        self.task_id = task_id
        self._tell = tell
        self._next_segment = 0
        self._percent = 0.0
        self._gap_at = -1

    async def subscribe(self, line: Line) -> None:
        """Ask for what was not heard yet, and for everything new."""
        await line.send(Subscribe(task_id=self.task_id, from_segment=self._next_segment))

    async def to_end(self, line: Line) -> Completed:
        """Read until the task is over; raises JobError, JobCancelled, the task's own error, LineLost."""
        was_quiet = False
        ended: TaskStatus | None = None
        while True:
            try:
                message = await line.receive(_LAST_WORDS_S if ended else QUIET_S)
            except Silence:
                if ended:
                    return self._from_status(ended)
                if was_quiet:
                    raise LineLost("The server has said nothing for a minute.") from None
                was_quiet = True
                await self.subscribe(line)
                continue
            was_quiet = False
            if message.type == "task_status":
                ended = await self._hear_status(message) or ended
            elif completed := await self._take(line, message):
                return completed

    async def _take(self, line: Line, message: Message) -> Completed | None:
        match message.type:
            case "task_progress":
                await self._hear_progress(await message.read(TaskProgress))
            case "task_segment":
                await self._hear_segment(line, await message.read(TaskSegment))
            case "task_complete":
                complete = await message.read(TaskComplete)
                return self._completed(complete)
            case "task_cancelled":
                raise JobCancelled((await message.read(TaskCancelled)).message)
            case "error":
                raise error_of(message.data)
            case _:
                pass
        return None

    def _completed(self, complete: TaskComplete) -> Completed:
        return Completed(task_id=self.task_id, result=result_of(self.task_id, complete.result))

    async def _hear_progress(self, progress: TaskProgress) -> None:
        # A failure is told twice; the `error` that follows is the terminal message.
        if progress.status == "processing":
            self._percent = max(self._percent, progress.progress)
            await self._tell(Progress(task_id=self.task_id, percent=self._percent, message=progress.message))

    async def _hear_segment(self, line: Line, told: TaskSegment) -> None:
        if told.index < self._next_segment:
            return
        if told.index > self._next_segment and self._gap_at != self._next_segment:
            # Some were missed; they are asked for once, because a server may have forgotten them.
            self._gap_at = self._next_segment
            await self.subscribe(line)
            return
        self._next_segment = told.index + 1
        await self._tell(
            Segment(
                task_id=self.task_id,
                index=told.index,
                start=told.start,
                end=told.end,
                text=told.text,
                final=told.final,
            )
        )

    async def _hear_status(self, message: Message) -> TaskStatus | None:
        status = await message.read(TaskStatus)
        if status.status in _OVER:
            return status
        if status.status == "pending":
            await self._tell(Queued(task_id=self.task_id))
        else:
            self._percent = max(self._percent, status.progress)
            await self._tell(
                Progress(task_id=self.task_id, percent=self._percent, message="The task goes on.")
            )
        return None

    def _from_status(self, status: TaskStatus) -> Completed:
        if status.status == "completed" and status.result is not None:
            return Completed(task_id=self.task_id, result=result_of(self.task_id, status.result))
        raise failure_of(status)


def failure_of(status: TaskStatus) -> ParleyError:
    """Why a task that is over has no result."""
    kinds = {"cancelled": JobCancelled, "timed_out": JobStalled}
    sentence = status.error or f"The task ended as '{status.status}'."
    return kinds.get(status.status, JobError)(sentence)
