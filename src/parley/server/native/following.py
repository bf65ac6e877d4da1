"""Tasks that a connection is told about: one coroutine each, one terminal message each."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress

from parley.errors import FleetClosed, JobError, ParleyError
from parley.jobs.principal import Principal
from parley.server.messages import follow
from parley.server.native.refusals import CODES, About, told
from parley.server.rooms import Tasks
from parley.server.socket.line import LineGone
from parley.wire.native.message import Data
from parley.wire.native.server import Error, TaskCancelled, TaskComplete, TaskSegment

_MOST_REMEMBERED = 10_000
_ATTEMPTS = 5
_PAUSE_S = 1.0

Say = Callable[[Data], Awaitable[None]]


class Following:
    """The tasks that one connection follows, and those whose end it has been told."""

    def __init__(self, desk: Tasks, who: Principal, say: Say) -> None:
        self._desk = desk
        self._who = who
        self._say = say
        self._running: dict[str, asyncio.Task[None]] = {}
        self._over: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._running)

    def knows_the_end_of(self, task_id: str) -> bool:
        """Whether the terminal message was sent on this connection."""
        return task_id in self._over

    def __contains__(self, task_id: str) -> bool:
        return task_id in self._running

    async def begin(self, task_id: str, from_segment: int | None) -> None:
        """Tell what happens to a task from now on, in place of any earlier following of it.

        Where its end was told before, only its text is told again.
        """
        await self.leave(task_id)
        if from_segment is not None or not self.knows_the_end_of(task_id):
            coroutine = self._follow(task_id, from_segment)
            self._running[task_id] = asyncio.create_task(coroutine, name=f"follow {task_id}")

    async def leave(self, task_id: str) -> None:
        """Tell nothing more about a task, unless its end is being told just now."""
        running = self._running.pop(task_id, None)
        if running is None:
            return
        if not self.knows_the_end_of(task_id):
            running.cancel()
        await asyncio.wait([running])

    async def conclude(self, message: TaskComplete | TaskCancelled | Error) -> None:
        """Send a terminal message, unless the task's end was told before."""
        if message.task_id is None or self.knows_the_end_of(message.task_id):
            return
        self._over[message.task_id] = None
        while len(self._over) > _MOST_REMEMBERED:
            self._over.popitem(last=False)
        await self._say(message)

    async def close(self) -> None:
        """The connection ends: nothing is left behind."""
        running = list(self._running.values())
        self._running.clear()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _follow(self, task_id: str, from_segment: int | None) -> None:
        try:
            await self._tell_patiently(task_id, from_segment)
        except LineGone:
            pass  # the line is gone; its reader notices too
        except Exception as problem:  # noqa: BLE001 - the door
            with suppress(LineGone):
                await self.conclude(told(problem, About("task_status", task_id)))
        finally:
            if self._running.get(task_id) is asyncio.current_task():
                del self._running[task_id]

    async def _tell_patiently(self, task_id: str, from_segment: int | None) -> None:
        """A database that is locked for a moment is no reason to leave a client without an end."""
        place = [from_segment]
        for left in reversed(range(_ATTEMPTS)):
            try:
                return await self._tell(task_id, place)
            except FleetClosed:
                # The task goes on after the next start: no end of it may be told, the line just closes.
                return None
            except ParleyError as error:
                if error.permanent or left == 0:
                    raise
            await asyncio.sleep(_PAUSE_S)
        return None

    async def _tell(self, task_id: str, place: list[int | None]) -> None:
        """Tell all there is, from a place in the text that moves on as it is told."""
        async with aclosing(follow(self._desk, self._who, task_id, place[0])) as messages:
            async for message in messages:
                if isinstance(message, TaskComplete | TaskCancelled | Error):
                    await self.conclude(_in_known_words(message))
                elif isinstance(message, TaskSegment):
                    await self._say(message)
                    place[0] = message.index + 1
                elif not self.knows_the_end_of(task_id):
                    await self._say(message)


def _in_known_words(message: TaskComplete | TaskCancelled | Error) -> TaskComplete | TaskCancelled | Error:
    """A task may fail for a reason that clients of this protocol have no code for."""
    if not isinstance(message, Error) or message.error in CODES:
        return message
    details = {**(message.details or {}), "code": message.error}
    return message.model_copy(update={"error": JobError.code, "details": details})
