"""A conversation at a server, over as many lines as it takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Self, cast

from pydantic import ValidationError

from parley.client.conversation_events import (
    KINDS,
    AnswerSound,
    ConversationEvent,
    ConversationOptions,
    start_of,
)
from parley.client.conversation_line import hear, hear_frame, introduce, raise_fatal, reach_assistant
from parley.client.failures import LineLost
from parley.client.line import Door, Line, both_ways
from parley.client.options import problem_of
from parley.client.patience import Patience
from parley.errors import RateLimited
from parley.wire.native.message import Data
from parley.wire.speech.assistant_client import (
    AssistantFinalize,
    AssistantStart,
    AssistantStop,
    Interrupt,
    Played,
    Reset,
    TypedTurn,
)
from parley.wire.speech.assistant_server import AssistantReady, AudioAhead, Bye

RESUME_S = 30.0
"""A server keeps a conversation so long for a client whose line was lost."""

MOST_UNSENT = 64
MOST_UNREAD = 4096
"""Messages each way; then whoever sends waits, and the server is not read any further."""

_PIECE_BYTES = 32 * 1024
_LONGEST_PAUSE_S = 2.0
_LEAVING_S = 1.0


class AsyncConversation:
    """Send the microphone's audio all the time, play each `AnswerSound`, say with `played` what was played,
    and obey `PlaybackControl` at once; iterate to hear what happens. Both at once, in two tasks.

    A lost line is opened again, and an answer goes on at the first sample that was not played. Iterating and
    sending raise ServerUnreachable once that was in vain for as long as the server waits, and whatever else
    ends the conversation. After `stop` iterating ends.
    """

    def __init__(self, door: Door, start: AssistantStart) -> None:
        self._door = door
        self._start = start
        self._unsent: asyncio.Queue[Data | bytes] = asyncio.Queue(MOST_UNSENT)
        self._unread: asyncio.Queue[ConversationEvent | None] = asyncio.Queue(MOST_UNREAD)
        self._is_open = asyncio.Event()
        self._ready: AssistantReady | None = None
        self._error: BaseException | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def facts(self) -> AssistantReady:
        """What it is: its id, its voice, the rate of its answers, its language model."""
        if self._ready is None:
            raise RuntimeError("the conversation is not open yet")
        return self._ready

    async def send(self, audio: bytes | bytearray | memoryview) -> None:
        """Audio of the microphone, of any length; waits while the server is too far behind."""
        whole = memoryview(audio).cast("B")
        for first in range(0, len(whole), _PIECE_BYTES):
            await self._put(bytes(whole[first : first + _PIECE_BYTES]))

    async def finalize(self) -> None:
        """What was said is the turn."""
        await self._put(AssistantFinalize())

    async def say(self, text: str) -> None:
        """A typed turn; interrupts an answer. Raises InvalidOption for one that is empty or too long."""
        try:
            turn = TypedTurn(text=text)
        except ValidationError as error:
            raise problem_of(error) from error
        await self._put(turn)

    async def interrupt(self) -> None:
        """End the answer now."""
        await self._put(Interrupt())

    async def played(self, turn: int, samples: int) -> None:
        """So many samples of a turn have left the loudspeaker."""
        await self._put(Played(turn=turn, samples=samples))

    async def reset(self) -> None:
        """Begin another conversation; `AssistantReady` tells which."""
        await self._put(Reset())

    async def stop(self) -> None:
        """End it; iterating ends soon."""
        await self._put(AssistantStop())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ConversationEvent:
        event = await self.next()
        if event is None:
            raise StopAsyncIteration
        return event

    async def next(self) -> ConversationEvent | None:
        """The next event, None after the last; raises what ends the conversation."""
        if self._running is not None and self._running.done() and self._unread.empty():
            self._require_alive()
            return None
        event = await self._unread.get()
        if event is None:
            self._require_alive()
        return event

    async def begin(self) -> None:
        """Wait for the server; raises what it refuses with."""
        self._running = asyncio.create_task(self._run())
        self._running.add_done_callback(self._ended)
        await self._is_open.wait()
        self._require_alive()

    async def close(self) -> None:
        """Leave; the server ends the conversation, and keeps what was said."""
        if self._running is None:
            return
        if not self._running.done() and not self._unsent.full():
            self._unsent.put_nowait(AssistantStop())
            await asyncio.wait([self._running], timeout=_LEAVING_S)
        self._running.cancel()
        await asyncio.wait([self._running])

    async def _put(self, message: Data | bytes) -> None:
        self._require_alive()
        if self._running is not None and not self._running.done():
            await self._unsent.put(message)

    async def _run(self) -> None:
        patience = Patience(RESUME_S, _LONGEST_PAUSE_S)
        while True:
            try:
                async with reach_assistant(self._door) as line:
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
        start = self._start if known is None else AssistantStart(resume_token=known.resume_token)
        self._ready = await introduce(line, start)
        self._is_open.set()

    async def _read(self, line: Line) -> None:
        while True:
            message = await hear(line)
            if message.type == Bye.TYPE:
                return
            raise_fatal(message)
            if message.type == AudioAhead.TYPE:
                await self._unread.put(await self._sound(line, message.checked(AudioAhead)))
            elif (kind := KINDS.get(message.type)) is not None:
                event = cast("ConversationEvent", message.checked(kind))
                if isinstance(event, AssistantReady):
                    self._ready = event
                await self._unread.put(event)

    async def _sound(self, line: Line, ahead: AudioAhead) -> AnswerSound:
        return AnswerSound(
            turn=ahead.turn,
            sample_rate=ahead.sample_rate,
            first_sample=ahead.first_sample,
            pcm=await hear_frame(line),
            text=ahead.text,
        )

    async def _write(self, line: Line) -> None:
        try:
            while True:
                message = await self._unsent.get()
                await (line.push(message) if isinstance(message, bytes) else line.send(message))
        except LineLost:
            # What the server said last is still to be read, and that says why.
            return

    def _ended(self, running: asyncio.Task[None]) -> None:
        self._error = None if running.cancelled() else running.exception()
        self._is_open.set()
        # Those that wait are let go; whoever comes later asks whether it is over.
        while not self._unsent.empty():
            self._unsent.get_nowait()
        if not self._unread.full():
            self._unread.put_nowait(None)

    def _require_alive(self) -> None:
        if self._error is not None:
            raise self._error


@asynccontextmanager
async def open_conversation(door: Door, options: ConversationOptions) -> AsyncGenerator[AsyncConversation]:
    """A conversation that is open; leaving the context ends it."""
    conversation = AsyncConversation(door, start_of(options))
    try:
        await conversation.begin()
        yield conversation
    finally:
        await conversation.close()
