"""What a session has to tell, until its listener takes it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from parley.speech.live import Done, Failed, Final, Level, LiveEvent, Partial, Received

KEPT_FINALS = 64
"""Finals that were taken and can be told again to a client that comes back."""

MOST_WAITING = 256
"""Events that nobody has taken before the session stops taking audio."""


class Outbox:
    """Events for one listener, in order.

    Of what only counts while it is new (a partial of the same utterance, what was received, the level)
    the newest waits, in its turn. Everything else waits until it is taken: the session looks at `is_full`
    and takes no more audio then, so what waits is bounded. After `Done` or `Failed` nothing is taken in.
    """

    def __init__(self, *, most_waiting: int = MOST_WAITING, kept_finals: int = KEPT_FINALS) -> None:
        self._most = most_waiting
        self._waiting: deque[LiveEvent] = deque()
        self._finals: deque[Final] = deque(maxlen=kept_finals)
        self._changed = asyncio.Event()
        self._roomy = asyncio.Event()
        self._roomy.set()
        self._listener = 0
        self._end: Done | Failed | None = None

    @property
    def is_full(self) -> bool:
        """Whether so much waits that nothing more should be caused."""
        return len(self._waiting) >= self._most

    @property
    def waiting(self) -> int:
        """Events that nobody has taken."""
        return len(self._waiting)

    async def wait_for_room(self) -> None:
        """Returns when it is not full, or has ended."""
        await self._roomy.wait()

    def put(self, event: LiveEvent) -> None:
        """Take an event in; never waits."""
        if self._end is not None:
            return
        if isinstance(event, (Done, Failed)):
            self._end = event
        else:
            self._insert(event)
        self._tell()

    def listen(self, after: int | None = None) -> AsyncIterator[LiveEvent]:
        """Events until the end, which every listener is told; a later listener ends this one.

        With `after`, finals of later utterances that were taken before come first.
        """
        self._listener += 1
        self._changed.set()
        again = [final for final in self._finals if after is not None and final.utterance > after]
        return self._events(self._listener, again)

    async def _events(self, listener: int, again: list[Final]) -> AsyncIterator[LiveEvent]:
        for final in again:
            if self._listener == listener:
                yield final
        while self._listener == listener:
            if self._waiting:
                yield self._take()
            elif self._end is not None:
                yield self._end
                return
            else:
                self._changed.clear()
                await self._changed.wait()

    def _take(self) -> LiveEvent:
        event = self._waiting.popleft()
        if isinstance(event, Final):
            self._finals.append(event)
        self._tell()
        return event

    def _insert(self, event: LiveEvent) -> None:
        if isinstance(event, Final):
            kept = [old for old in self._waiting if not _is_partial_of(event.utterance, old)]
            self._waiting = deque(kept)
        index = next((at for at, old in enumerate(self._waiting) if _replaces(event, old)), None)
        if index is None:
            self._waiting.append(event)
        else:
            self._waiting[index] = event

    def _tell(self) -> None:
        self._changed.set()
        if self.is_full and self._end is None:
            self._roomy.clear()
        else:
            self._roomy.set()


def _is_partial_of(utterance: int, event: LiveEvent) -> bool:
    return isinstance(event, Partial) and event.utterance == utterance


def _replaces(new: LiveEvent, old: LiveEvent) -> bool:
    if isinstance(new, Partial):
        return _is_partial_of(new.utterance, old)
    return isinstance(new, (Received, Level)) and type(new) is type(old)
