"""One task from its recording to its end, over as many lines as it takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeVar

from parley.client.events import Completed, Event
from parley.client.failures import LineLost
from parley.client.following import Following
from parley.client.line import Door, open_line
from parley.client.patience import Patience
from parley.client.sending import Admission, Sending, Tell
from parley.errors import RateLimited, TooManySessions

_T = TypeVar("_T")

_MOST_UNREAD = 32
"""Events that wait for whoever iterates; then the server is not read any further."""


class Journey:
    """Keeps trying while something goes forward at least every `patience_s`.

    The first line must be there at once: waiting for a server whose name is misspelt helps nobody.
    """

    def __init__(self, door: Door, patience_s: float, tell: Tell) -> None:
        self._door = door
        self._tell = tell
        self._patience = Patience(patience_s)
        self._was_connected = False

    async def hear(self, event: Event) -> None:
        """Pass an event on; it is a sign of life."""
        self._patience.renew()
        await self._tell(event)

    async def admit(self, sending: Sending) -> None:
        """Bring the recording there."""
        admission = await self._insist(lambda: self._admit_over_one_line(sending))
        await sending.forget()
        if admission.completed:
            await self._tell(admission.completed)

    async def travel(self, sending: Sending) -> None:
        """Bring the recording there and follow its task to the end."""
        following: Following | None = None

        async def over_one_line() -> Completed:
            nonlocal following
            async with open_line(self._door) as line:
                self._was_connected = True
                if following is None:
                    admission = await sending.over(line)
                    if admission.completed:
                        return admission.completed
                    following = Following(sending.task_id or "", self.hear)
                else:
                    admission = Admission()
                if not admission.is_pushed:
                    await following.subscribe(line)
                return await following.to_end(line)

        completed = await self._insist(over_one_line)
        # Before the end is told: whoever hears it may leave at once.
        await sending.forget()
        await self._tell(completed)

    async def follow(self, task_id: str) -> None:
        """Follow a task that the server has."""
        following = Following(task_id, self.hear)

        async def over_one_line() -> Completed:
            async with open_line(self._door) as line:
                self._was_connected = True
                await following.subscribe(line)
                return await following.to_end(line)

        await self._tell(await self._insist(over_one_line))

    async def _admit_over_one_line(self, sending: Sending) -> Admission:
        async with open_line(self._door) as line:
            self._was_connected = True
            return await sending.over(line)

    async def _insist(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        while True:
            try:
                return await attempt()
            except LineLost as reason:
                if not self._was_connected:
                    raise
                await self._patience.wait(reason)
            except (RateLimited, TooManySessions) as reason:
                await self._patience.wait(reason)


async def events_of(
    travel: Callable[[Callable[[_T], Awaitable[None]]], Awaitable[object]],
) -> AsyncGenerator[_T, None]:
    """What a journey tells, as an iterator; leaving it ends the journey, not the task.

    The journey is one task from its beginning to its end, whoever iterates.
    """
    unread = asyncio.Queue[_T | None](_MOST_UNREAD)

    async def work() -> None:
        try:
            await travel(unread.put)
        except Exception:
            await unread.put(None)
            raise
        await unread.put(None)

    travelling = asyncio.create_task(work())
    try:
        while (event := await unread.get()) is not None:
            yield event
        await travelling
    finally:
        travelling.cancel()
        await asyncio.wait([travelling])
