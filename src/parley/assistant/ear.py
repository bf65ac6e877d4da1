"""A conversation's ear: a live session that is opened anew when it has ended."""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_left
from collections import deque
from collections.abc import Callable

from parley.assistant.events import Loudness, Trouble
from parley.assistant.happenings import (
    EarFailed,
    FinalHeard,
    Happening,
    PartialHeard,
    SpeechBegan,
    SpeechStopped,
    SpeechWent,
)
from parley.errors import LiveError, ParleyError, SessionIdle
from parley.live.contract import LiveRoom, LiveSession
from parley.live.options import LiveWish
from parley.speech import live

_log = logging.getLogger(__name__)

LATE_S = 0.3
"""A detector says so much later that somebody has stopped (the shortest pause, and a feed of audio): speech
is sure to have gone on until so long ago only."""

RETRY_S = 2.0
"""After a failure live speech is not opened again before; audio that comes until then is not heard."""

_SILENT_DBFS = -60.0
_SAMPLE_BYTES = 2
_MOST_MARKS = 4096
"""When audio arrived is known of so many pieces: a minute of it, and more."""


class Ear:
    """Hears the microphone; `feed` is told what happens, `tell` what the client is to know beside that."""

    def __init__(
        self,
        room: LiveRoom,
        user: str,
        wish: LiveWish,
        feed: Callable[[Happening], None],
        tell: Callable[[Loudness | Trouble], None],
        clock: Callable[[], float],
    ) -> None:
        self._room = room
        self._user = user
        self._wish = wish
        self._feed = feed
        self._tell = tell
        self._clock = clock
        self._session: LiveSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()
        self._retry_at = 0.0
        self._is_closed = False
        self._bytes = 0
        self._received_bytes = 0
        self._lag_s = 0.0
        self._began_s: float | None = None
        self._marks: deque[tuple[float, float]] = deque(maxlen=_MOST_MARKS)

    @property
    def profile(self) -> str | None:
        """Which one recognises."""
        return self._session.facts.profile if self._session is not None else None

    @property
    def received_samples(self) -> int:
        """Of the microphone, since the conversation began."""
        return self._received_bytes // _SAMPLE_BYTES

    async def open(self) -> None:
        """Begin to listen; raises what LiveRoom.open raises."""
        session = await self._room.open(self._user, self._wish)
        if self._is_closed:
            await session.close()
            return
        self._session = session
        self._bytes, self._lag_s, self._began_s = 0, 0.0, None
        self._marks.clear()
        self._task = asyncio.create_task(self._follow(session))
        self._task.add_done_callback(self._ended)

    async def write(self, pcm: bytes | bytearray | memoryview) -> None:
        """More of the microphone; waits while live speech is too far behind."""
        size = memoryview(pcm).nbytes
        self._received_bytes += size
        session = await self._current()
        if session is None:
            return
        await session.write(pcm)
        if session is not self._session:
            return
        self._bytes += size
        self._marks.append((self._heard_s, self._clock()))
        if self._began_s is not None:
            went_s = self._heard_s - self._lag_s - LATE_S - self._began_s
            if went_s > 0:
                self._feed(SpeechWent(seconds=went_s))

    async def finalize(self) -> None:
        """End the utterance at the last sample written."""
        if self._session is not None:
            await self._session.finalize()

    async def close(self) -> None:
        """Free everything."""
        self._is_closed = True
        session, task = self._session, self._task
        self._session = None
        if session is not None:
            await session.close()
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    @property
    def _heard_s(self) -> float:
        return self._bytes / _SAMPLE_BYTES / self._wish.sample_rate_hz

    async def _current(self) -> LiveSession | None:
        async with self._opening:
            if self._session is None and not self._is_closed and self._clock() >= self._retry_at:
                try:
                    await self.open()
                except ParleyError as error:
                    self._fail(error)
            return self._session

    def _fail(self, error: ParleyError) -> None:
        self._retry_at = self._clock() + RETRY_S
        self._feed(EarFailed(error=error))

    async def _follow(self, session: LiveSession) -> None:
        async for event in session.listen():
            if session is not self._session:
                return
            self._hear(event)
        if session is self._session:
            self._session = None

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("live speech of a conversation broke", exc_info=error)
            self._session, self._began_s = None, None
            self._fail(LiveError("Something unforeseen ended live speech; it begins anew."))

    def _hear(self, event: live.LiveEvent) -> None:
        match event:
            case live.Voice() | live.Partial() | live.Final():
                self._hear_speech(event)
            case live.Received():
                self._lag_s = event.lag_ms / 1000
            case live.Level():
                level = min(1.0, max(0.0, 1 - event.dbfs / _SILENT_DBFS))
                self._tell(Loudness(level=round(level, 3)))
            case live.Trouble():
                self._tell(Trouble(error=event.error))
            case live.Failed():
                self._session, self._began_s = None, None
                if not isinstance(event.error, SessionIdle):
                    self._fail(event.error)
            case live.Done():
                self._session, self._began_s = None, None

    def _hear_speech(self, event: live.Voice | live.Partial | live.Final) -> None:
        match event:
            case live.Voice(status="speech_start"):
                self._began_s = event.time
                self._feed(SpeechBegan(time_s=event.time))
            case live.Voice():
                self._began_s = None
                self._feed(SpeechStopped(time_s=event.time, at=self._arrived_at(event.time)))
            case live.Partial():
                self._feed(PartialHeard(text=event.text, is_whole=event.whole))
            case live.Final():
                decided_s = event.end if event.decided is None else event.decided
                self._feed(
                    FinalHeard(
                        text=event.text,
                        end_s=event.end,
                        at=self._arrived_at(event.end),
                        decided_at=self._arrived_at(decided_s),
                        confidence=event.confidence,
                    )
                )

    def _arrived_at(self, time_s: float) -> float:
        """When the audio of a moment had come in."""
        now = self._clock()
        index = bisect_left(self._marks, time_s, key=lambda mark: mark[0])
        return min(now, self._marks[index][1]) if index < len(self._marks) else now
