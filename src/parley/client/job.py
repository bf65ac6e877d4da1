"""A task at the server."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from parley.client.asking import ask
from parley.client.events import Completed, Event
from parley.client.following import failure_of
from parley.client.journey import Journey, events_of
from parley.client.line import Door
from parley.client.result import Result, result_of
from parley.client.sending import Tell
from parley.client.web import fetch
from parley.formats.json import load_json
from parley.speech.transcript import Transcript
from parley.wire.native.client import AskTaskStatus, CancelTask, OutputFormat
from parley.wire.native.result import JsonResult
from parley.wire.native.server import TaskCancelled, TaskStatus


class AsyncJob:
    """A task by its `id`; every method may raise TaskNotFound, TaskExpired, ServerUnreachable."""

    def __init__(self, door: Door, patience_s: float, task_id: str) -> None:
        self._door = door
        self._patience_s = patience_s
        self.id = task_id

    async def status(self) -> TaskStatus:
        """How it stands now."""
        return await ask(self._door, AskTaskStatus(task_id=self.id), TaskStatus)

    async def watch(self) -> AsyncGenerator[Event, None]:
        """Everything that happens from now on and the segments told before, `Completed` last.

        Raises JobError when the task fails, JobCancelled when it is cancelled.
        """

        async def travel(tell: Tell) -> None:
            await Journey(self._door, self._patience_s, tell).follow(self.id)

        async with aclosing(events_of(travel)) as events:
            async for event in events:
                yield event

    async def result(self, format: OutputFormat | None = None) -> Result:
        """Wait for the end, and take the result in the format given or ordered; raises as `watch`."""
        found = await self._end()
        if format is None or format == found.format:
            return found
        content = await fetch(self._door, f"/v1/jobs/{self.id}/result", format=format)
        if format == "json":
            return result_of(self.id, JsonResult.model_validate_json(content))
        return replace(found, format=format, content=content, segments=(), speakers=())

    async def transcript(self) -> Transcript:
        """Wait for the end, and take everything that is known: sentences unmerged, times in milliseconds."""
        await self._end()
        return load_json(await fetch(self._door, f"/v1/jobs/{self.id}/transcript"))

    async def cancel(self) -> str:
        """Stop it for good; gives the server's words. Raises CancelFailed when it is over."""
        return (await ask(self._door, CancelTask(task_id=self.id), TaskCancelled)).message

    async def _end(self) -> Result:
        status = await self.status()
        if status.status == "completed" and status.result is not None:
            return result_of(self.id, status.result)
        if status.status not in ("pending", "processing", "completed"):
            raise failure_of(status)
        async with aclosing(self.watch()) as events:
            async for event in events:
                if isinstance(event, Completed):
                    return event.result
        raise AssertionError("a journey ends with its result or an exception")
