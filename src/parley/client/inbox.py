"""Events of a live session that wait for whoever iterates."""

from __future__ import annotations

import asyncio
from collections import deque

from parley.speech.live import Level, LiveEvent, Partial, Received

MOST_UNREAD = 4096
"""An hour of lively talk; then the server is not read any further."""

_REPLACED = (Partial, Received, Level)
"""Kinds of which the newest says all."""


class Inbox:
    """In order. A newer partial, acknowledgement or level takes the place of an unread one."""

    def __init__(self) -> None:
        self._unread: deque[LiveEvent] = deque()
        self._newest: dict[type, LiveEvent] = {}
        self._moved = asyncio.Event()
        self._error: BaseException | None = None
        self._is_over = False

    async def put(self, event: LiveEvent) -> None:
        """Add an event; waits while too many are unread."""
        if isinstance(event, _REPLACED):
            self._replace(event)
        while len(self._unread) >= MOST_UNREAD:
            await self._wait()
        self._unread.append(event)
        self._wake()

    def end(self, error: BaseException | None) -> None:
        """Nothing more comes; `error` is raised once all is read."""
        self._error, self._is_over = error, True
        self._wake()

    async def get(self) -> LiveEvent | None:
        """The next event, None after the last; raises what the session ended with."""
        while not self._unread:
            if self._error is not None:
                raise self._error
            if self._is_over:
                return None
            await self._wait()
        event = self._unread.popleft()
        if self._newest.get(type(event)) is event:
            del self._newest[type(event)]
        self._wake()
        return event

    def _replace(self, event: LiveEvent) -> None:
        old = self._newest.get(type(event))
        if old is not None:
            # By identity: equal levels are common.
            self._unread = deque(each for each in self._unread if each is not old)
        self._newest[type(event)] = event

    async def _wait(self) -> None:
        await self._moved.wait()

    def _wake(self) -> None:
        """For those that wait now; whoever comes later waits for the next time."""
        self._moved.set()
        self._moved = asyncio.Event()
