"""A live session at a server, over as many lines as it takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Self

from parley.client.failures import LineLost
from parley.client.heard import event_of
from parley.client.inbox import Inbox
from parley.client.line import Door, Line, Silence, both_ways
from parley.client.live_line import introduce, reach_live
from parley.client.live_options import LiveOptions, frame_bytes, start_of
from parley.client.outgoing import Outgoing
from parley.client.patience import Patience
from parley.errors import RateLimited
from parley.speech.live import Done, Final, LiveEvent, Received
from parley.wire.speech.asr_client import Start
from parley.wire.speech.asr_server import Ready

RESUME_S = 30.0
"""A server keeps a session so long for a client whose line was lost."""

_LONGEST_PAUSE_S = 2.0
_QUIET_S = 20.0
"""A server acknowledges every second."""

_KEPT_S = 64.0
_LEAVING_S = 1.0


class AsyncLiveSession:
    """Send audio, and iterate over what was heard: `Voice`, `Partial`, `Final`, `Received`, `Level`,
    `Trouble`, and `Done` at the end. Both at once, in two tasks: neither waits for the other until some
    buffer is full.

    A lost line is opened again, and the audio goes on where the server stopped hearing it. Iterating and
    sending raise ServerUnreachable once that was in vain for as long as the server waits, and whatever
    else ends the session.
    """

    def __init__(self, door: Door, start: Start) -> None:
        self._door = door
        self._start = start
        size = frame_bytes(start)
        self._outgoing = Outgoing(size, int(_KEPT_S * size * start.sample_rate))
        self._inbox = Inbox()
        self._has_work = asyncio.Event()
        self._has_room = asyncio.Event()
        self._is_open = asyncio.Event()
        self._ready: Ready | None = None
        self._last_final = -1
        self._is_over = False
        self._error: BaseException | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def id(self) -> str:
        """The server's name for it."""
        return self._facts.session_id

    @property
    def profile(self) -> str:
        """The profile that hears."""
        return self._facts.profile

    @property
    def streaming(self) -> bool:
        """Whether its recogniser hears speech as it comes."""
        return self._facts.streaming

    async def send(self, audio: bytes | bytearray | memoryview) -> None:
        """Take audio of any length; waits while the server is too far behind. Ignored after the end."""
        rest = memoryview(audio).cast("B")
        while rest and not self._outgoing.is_stopped and not self._is_done:
            self._require_alive()
            self._has_room.clear()
            taken = self._outgoing.append(rest)
            rest = rest[taken:]
            self._has_work.set()
            if rest:
                await self._has_room.wait()
        # Whoever sends in a loop lets others work.
        await asyncio.sleep(0)

    async def finalize(self) -> None:
        """End the utterance here, after what was sent."""
        self._require_alive()
        self._outgoing.finalize()
        self._has_work.set()

    async def stop(self) -> None:
        """The input has ended; the last finals and `Done` follow."""
        self._outgoing.stop()
        self._has_work.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LiveEvent:
        event = await self.next()
        if event is None:
            raise StopAsyncIteration
        return event

    async def next(self) -> LiveEvent | None:
        """The next event, None after the last; raises what ends the session."""
        return await self._inbox.get()

    async def begin(self) -> None:
        """Wait for the server; raises what it refuses with."""
        self._running = asyncio.create_task(self._run())
        self._running.add_done_callback(self._ended)
        await self._is_open.wait()
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        """Leave; what the server has by now is the end of the input."""
        if self._running is None:
            return
        if not self._is_over:
            self._outgoing.abandon()
            self._has_work.set()
            await asyncio.wait([self._running], timeout=_LEAVING_S)
        self._running.cancel()
        await asyncio.wait([self._running])

    async def _run(self) -> None:
        patience = Patience(RESUME_S, _LONGEST_PAUSE_S)
        while True:
            try:
                async with reach_live(self._door) as line:
                    await self._introduce(line)
                    patience.renew()
                    await both_ways(self._read(line), self._write(line))
                    return
            except (LineLost, RateLimited) as reason:
                # The first line is not waited for: its address may be wrong.
                if self._ready is None:
                    raise
                await patience.wait(reason)

    async def _introduce(self, line: Line) -> None:
        known = self._ready
        again = known and Start(resume_token=known.resume_token, have_utterance=self._last_final)
        ready = await introduce(line, again or self._start)
        if known is not None:
            self._outgoing.rewind(ready.received_samples)
        self._ready = ready
        self._is_open.set()

    async def _read(self, line: Line) -> None:
        while True:
            try:
                message = await line.receive(_QUIET_S)
            except Silence:
                raise LineLost("The server has said nothing for a while.") from None
            event = event_of(message)
            if isinstance(event, Received):
                self._outgoing.acknowledge(event.received_samples)
                self._has_room.set()
            if event is not None and not self._is_told(event):
                await self._inbox.put(event)
            if isinstance(event, Done):
                return

    def _is_told(self, event: LiveEvent) -> bool:
        """A final that a lost line had brought already."""
        if not isinstance(event, Final):
            return False
        was_told = event.utterance <= self._last_final
        self._last_final = max(self._last_final, event.utterance)
        return was_told

    async def _write(self, line: Line) -> None:
        try:
            while True:
                self._has_work.clear()
                while (message := self._outgoing.take()) is not None:
                    await (line.push(message) if isinstance(message, bytes) else line.send(message))
                await self._has_work.wait()
        except LineLost:
            # What the server said last is still to be read, and that says why.
            return

    def _ended(self, running: asyncio.Task[None]) -> None:
        self._error = None if running.cancelled() else running.exception()
        self._is_over = True
        self._inbox.end(self._error)
        self._is_open.set()
        self._has_room.set()

    @property
    def _is_done(self) -> bool:
        return self._is_over and self._error is None

    def _require_alive(self) -> None:
        if self._error is not None:
            raise self._error

    @property
    def _facts(self) -> Ready:
        if self._ready is None:
            raise RuntimeError("the session is not open yet")
        return self._ready


@asynccontextmanager
async def open_session(door: Door, options: LiveOptions) -> AsyncGenerator[AsyncLiveSession]:
    """A session that is open; leaving the context ends it."""
    session = AsyncLiveSession(door, start_of(options))
    try:
        await session.begin()
        yield session
    finally:
        await session.close()
