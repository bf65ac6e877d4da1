"""Hands what was said to the memory, in order, without anybody waiting for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from parley.assistant.contract import Memory, Message
from parley.errors import ParleyError, StoreBusy

MOST_WAITING = 64
"""Messages that the memory has not taken yet, before more are lost (and that is said)."""

PATIENCE_S = 5.0
"""How long the memory may take for what is left when a conversation ends."""


class Keeper:
    """One conversation's way to the memory; `trouble` is told what was not kept."""

    def __init__(
        self,
        memory: Memory,
        user: str,
        conversation_id: str,
        language: str | None,
        trouble: Callable[[ParleyError], None],
    ) -> None:
        self.conversation_id = conversation_id
        self._memory = memory
        self._user = user
        self._language = language
        self._is_begun = True
        self._trouble = trouble
        self._waiting: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue(MOST_WAITING)
        self._task = asyncio.create_task(self._run())

    def keep(self, message: Message) -> None:
        """Something was said."""

        async def append() -> None:
            await self._begin()
            await self._memory.append(self._user, self.conversation_id, message)

        self._put(append)

    def begin_anew(self) -> None:
        """What is said from now on is another conversation."""

        async def begin() -> None:
            self._is_begun = False
            await self._begin()

        self._put(begin)

    async def _begin(self) -> None:
        """What is said now never gets into the conversation before, though the memory may have failed."""
        if not self._is_begun:
            self.conversation_id = await self._memory.begin(self._user, self._language)
            self._is_begun = True

    async def settle(self) -> None:
        """Returns when everything that was said until now is kept, or cannot be."""
        await self._waiting.join()

    async def close(self) -> None:
        """Keep what is left, and end."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self.settle()
        except TimeoutError:
            pass
        finally:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _put(self, errand: Callable[[], Awaitable[None]]) -> None:
        try:
            self._waiting.put_nowait(errand)
        except asyncio.QueueFull:
            self._trouble(StoreBusy("The conversation is not kept at the moment: the disk is too slow."))

    async def _run(self) -> None:
        while True:
            errand = await self._waiting.get()
            try:
                await errand()
            except ParleyError as error:
                self._trouble(error)
            finally:
                self._waiting.task_done()
