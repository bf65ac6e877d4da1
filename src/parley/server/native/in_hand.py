"""Work beside the reading of the next message, a few pieces at a time; answers keep the order of messages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from parley.server.socket.line import LineGone

Tell = Callable[[], Awaitable[None]]
"""Sends what is to be said about a piece of work."""

Work = Callable[[], Awaitable[Tell]]
"""Does it, raising nothing, and answers how to tell."""


class InHand:
    """The pieces of one connection."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pieces: list[asyncio.Task[None]] = []

    async def take(self, work: Work) -> None:
        """Begin a piece, as soon as there are fewer than `most`."""
        while len(self._pieces) >= self._most:
            await self._oldest()
        self.append(work)

    def append(self, work: Work) -> None:
        """Begin a piece whose answer follows all those that are due now."""
        before = self._pieces[-1] if self._pieces else None
        self._pieces.append(asyncio.create_task(_run(work, before), name="in hand"))

    async def settle(self) -> None:
        """Wait until everything is done and told."""
        while self._pieces:
            await self._oldest()

    async def _oldest(self) -> None:
        # Taken off when it is done: a wait that is cancelled loses nothing.
        await asyncio.wait([self._pieces[0]])
        self._pieces.pop(0)


async def _run(work: Work, before: asyncio.Task[None] | None) -> None:
    tell = await work()
    if before is not None and not before.done():
        await asyncio.wait([before])
    with suppress(LineGone):  # the line is gone; the work is done all the same
        await tell()
