"""What a conversation has to tell, until its listener takes it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from parley.assistant.events import (
    AnswerAudio,
    AnswerText,
    AssistantEvent,
    Farewell,
    Loudness,
    StateChanged,
    UserText,
)

MOST_WAITING = 256
"""Events that nobody has taken before the conversation takes no more of the microphone."""


class Outbox:
    """Events for one listener, in order, then audio: `take_audio` gives the next piece.

    Of what only counts while it is new (the level, a text that grows) the newest waits. Everything else
    waits until it is taken: no audio of the microphone is let in while `is_full`, so what waits is
    bounded. After `Farewell` nothing is taken in.
    """

    def __init__(
        self, take_audio: Callable[[], AnswerAudio | None], *, most_waiting: int = MOST_WAITING
    ) -> None:
        self._take_audio = take_audio
        self._most = most_waiting
        self._waiting: deque[AssistantEvent] = deque()
        self._changed = asyncio.Event()
        self._roomy = asyncio.Event()
        self._roomy.set()
        self._listener = 0
        self._farewell: Farewell | None = None

    @property
    def is_full(self) -> bool:
        """Whether so much waits that nothing more should be caused."""
        return len(self._waiting) >= self._most

    async def wait_for_room(self) -> None:
        """Returns when it is not full, or has ended."""
        await self._roomy.wait()

    def put(self, event: AssistantEvent) -> None:
        """Take an event in; never waits."""
        if self._farewell is not None:
            return
        if isinstance(event, Farewell):
            self._farewell = event
        else:
            self._insert(event)
        self.look()

    def put_first(self, event: AssistantEvent) -> None:
        """Take in what is told before anything that waits. After a state, older ones are not told."""
        if self._farewell is None:
            if isinstance(event, StateChanged):
                self._waiting = deque(old for old in self._waiting if not isinstance(old, StateChanged))
            self._waiting.appendleft(event)
            self.look()

    def look(self) -> None:
        """There may be something to take, or room."""
        self._changed.set()
        if self.is_full and self._farewell is None:
            self._roomy.clear()
        else:
            self._roomy.set()

    def leave(self) -> None:
        """Nobody listens from now on: who did hears no more."""
        self._listener += 1
        self._changed.set()

    def listen(self) -> AsyncIterator[AssistantEvent]:
        """Events until the farewell; a later listener ends this one."""
        self.leave()
        return self._events(self._listener)

    async def _events(self, listener: int) -> AsyncIterator[AssistantEvent]:
        while self._listener == listener:
            event = self._take()
            if event is not None:
                yield event
            elif self._farewell is not None:
                yield self._farewell
                return
            else:
                self._changed.clear()
                await self._changed.wait()

    def _take(self) -> AssistantEvent | None:
        if not self._waiting:
            return None if self._farewell is not None else self._take_audio()
        event = self._waiting.popleft()
        self.look()
        return event

    def _insert(self, event: AssistantEvent) -> None:
        index = next((at for at, old in enumerate(self._waiting) if _replaces(event, old)), None)
        if index is not None:
            del self._waiting[index]
        self._waiting.append(event)


def _replaces(new: AssistantEvent, old: AssistantEvent) -> bool:
    """Whether nobody needs the older one any more; it never was the last word on anything."""
    if isinstance(new, UserText) and isinstance(old, UserText):
        return new.turn == old.turn and not old.is_final
    if isinstance(new, AnswerText) and isinstance(old, AnswerText):
        return (new.turn, new.revision) == (old.turn, old.revision) and not old.is_complete
    return isinstance(new, Loudness) and isinstance(old, Loudness)
