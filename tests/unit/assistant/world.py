"""A conversation in virtual time: the real rooms on scripted workers, a scripted language model, and a client
with a microphone and a loudspeaker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.unit.live import scripted_fleet as hearing
from tests.unit.live.virtual_time import now
from tests.unit.synthesis import scripted as speaking

from parley.assistant.contract import LanguageModel, Message, StoredConversation, ToolWish
from parley.assistant.course import EDGES
from parley.assistant.events import (
    AnswerAudio,
    AnswerText,
    AssistantEvent,
    Farewell,
    Playback,
    PlaybackOrder,
    State,
    StateChanged,
    Trouble,
    TurnMetrics,
    UserText,
)
from parley.assistant.options import AssistantLimits, AssistantWish
from parley.assistant.room import Assistant
from parley.assistant.session import SessionLine
from parley.errors import ConversationNotFound, ParleyError, StorageError

RATE = 16_000
TICK_S = 0.05


@dataclass
class Pen:
    """A language model that writes from a script: texts, seconds to wait, tools, errors. The last answer is
    given again and again."""

    answers: Sequence[Sequence[str | float | ToolWish | ParleyError]]
    name: str = "pen"
    asked: list[list[Message]] = field(default_factory=list)
    instructions: list[str] = field(default_factory=list)
    dropped: int = 0

    async def answer(
        self, instructions: str, history: Sequence[Message], language: str | None
    ) -> AsyncIterator[str | ToolWish]:
        script = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append(list(history))
        self.instructions.append(instructions)
        try:
            for part in script:
                if isinstance(part, float):
                    await asyncio.sleep(part)
                elif isinstance(part, ParleyError):
                    raise part
                else:
                    yield part
        except asyncio.CancelledError:
            self.dropped += 1
            raise

    @property
    def questions(self) -> list[str]:
        return [history[-1].text for history in self.asked]


@dataclass
class Notebook:
    """A memory in memory."""

    kept: dict[str, list[Message]] = field(default_factory=dict)
    breaks: bool = False

    async def begin(self, user: str, language: str | None) -> str:
        if self.breaks:
            raise StorageError("The disk is full; make room.")
        name = f"talk-{len(self.kept) + 1}"
        self.kept[name] = []
        return name

    async def append(self, user: str, conversation_id: str, message: Message) -> None:
        await asyncio.sleep(0.01)
        if self.breaks:
            raise StorageError("The disk is full; make room.")
        self.kept[conversation_id].append(message)

    async def messages(self, user: str, conversation_id: str, last: int | None = None) -> Sequence[Message]:
        if conversation_id not in self.kept:
            raise ConversationNotFound("There is no such conversation.")
        return self.kept[conversation_id][-(last or 0) :]

    async def conversations(
        self, user: str, limit: int, before: str | None = None
    ) -> tuple[Sequence[StoredConversation], str | None]:
        return (), None

    async def delete(self, user: str, conversation_id: str) -> bool:
        return self.kept.pop(conversation_id, None) is not None

    def said(self, conversation_id: str = "talk-1") -> list[tuple[str, str]]:
        return [(message.role, message.text) for message in self.kept[conversation_id]]


@dataclass
class World:
    room: Assistant
    pen: Any
    notebook: Notebook
    ears: hearing.ScriptedFleet
    hum: speaking.HummingFleet


@asynccontextmanager
async def world(
    *answers: Sequence[str | float | ToolWish | ParleyError],
    hum: speaking.HummingFleet | None = None,
    silent: bool = False,
    model: LanguageModel | None = None,
    live: dict[str, float] | None = None,
    **limits: Any,
) -> AsyncGenerator[World]:
    pen = model or Pen(answers or (["Well, that is a good question. Let me think about it."],))
    fleet, notebook, ears = hum or speaking.HummingFleet(), Notebook(), hearing.ScriptedFleet()
    voices = speaking.room(fleet)
    async with hearing.room(ears, **(live or {})) as live_room, voices:
        room = Assistant(
            live_room,
            None if silent else voices,
            pen,
            notebook,
            AssistantLimits(**limits),
            "Be brief.",
            {},
            now,
        )
        async with room:
            yield World(room, pen, notebook, ears, fleet)


@dataclass
class Client:
    """Plays in real time what it is told, obeys, and reports; `heard` is what left its loudspeaker, as
    (turn, sample) for each tick."""

    session: SessionLine
    reports: bool = True
    events: list[tuple[float, AssistantEvent]] = field(default_factory=list)
    sounds: list[tuple[float, int, int]] = field(default_factory=list)
    _buffer: list[AnswerAudio] = field(default_factory=list)
    _paused: bool = False
    _position: int = 0

    async def listen(self) -> None:
        async for event in self.session.listen():
            self.events.append((now(), event))
            if isinstance(event, AnswerAudio):
                self._take(event)
            elif isinstance(event, PlaybackOrder):
                self._obey(event)

    def _take(self, audio: AnswerAudio) -> None:
        if self._buffer:
            last = self._buffer[-1]
            assert audio.first_sample == last.first_sample + len(last.pcm) // 2 or audio.turn != last.turn
        self._buffer.append(audio)

    def _obey(self, order: PlaybackOrder) -> None:
        if order.action == "flush":
            self._buffer.clear()
        self._paused = order.action == "pause"

    async def play(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            if not self._paused and self._buffer:
                await self._play_tick()

    async def _play_tick(self) -> None:
        left = round(TICK_S * self._buffer[0].sample_rate_hz)
        while left and self._buffer:
            audio = self._buffer[0]
            start = max(audio.first_sample, self._position_in(audio))
            count = min(left, audio.first_sample + len(audio.pcm) // 2 - start)
            self.sounds.append((now(), audio.turn, start))
            self._turn, self._position = audio.turn, start + count
            left -= count
            if self._position == audio.first_sample + len(audio.pcm) // 2:
                self._buffer.pop(0)
        if self.reports:
            await self.session.played(self._turn, self._position)

    _turn: int = 0

    def _position_in(self, audio: AnswerAudio) -> int:
        return self._position if audio.turn == self._turn else 0

    async def speak(self, pcm: bytes, chunk_s: float = 0.1) -> None:
        size = round(chunk_s * RATE) * 2
        for first in range(0, len(pcm), size):
            await self.session.write(pcm[first : first + size])
            await asyncio.sleep(chunk_s)

    def of(self, kind: type) -> list[Any]:
        return [event for _, event in self.events if isinstance(event, kind)]

    @property
    def states(self) -> list[str]:
        return [event.state.value for event in self.of(StateChanged)]

    @property
    def answers(self) -> list[tuple[int, str]]:
        return [(event.turn, event.content) for event in self.of(AnswerText) if event.is_complete]

    @property
    def finals(self) -> list[str]:
        return [event.text for event in self.of(UserText) if event.is_final]

    @property
    def troubles(self) -> list[str]:
        return [event.error.code for event in self.of(Trouble)]

    @property
    def metrics(self) -> list[TurnMetrics]:
        return self.of(TurnMetrics)

    def check(self) -> None:
        """What holds of every conversation."""
        states = [event.state for event in self.of(StateChanged)]
        assert states[0] is State.IDLE
        for before, after in pairwise(states):
            assert (before, after) in EDGES or before is after, (before, after)
        turns = [turn for turn, _ in self.answers]
        assert len(turns) == len(set(turns)), "a turn has two complete answers"
        begun = [event.turn for event in self.of(Playback) if event.status == "started"]
        ended = [event.turn for event in self.of(Playback) if event.status == "ended"]
        assert begun == ended
        played = [turn for _, turn, _ in self.sounds]
        assert played == sorted(played), "two voices sound in turns"


@asynccontextmanager
async def client(room: Assistant, *, reports: bool = True, **wish: Any) -> AsyncGenerator[Client]:
    """Somebody in a conversation, until its end."""
    session = await room.open("me", AssistantWish(**wish))
    one = Client(session, reports)
    listening, playing = asyncio.create_task(one.listen()), asyncio.create_task(one.play())
    try:
        yield one
        await session.stop()
        await listening
        assert isinstance(one.events[-1][1], Farewell)
        one.check()
    finally:
        await session.close()
        for task in (listening, playing):
            task.cancel()
        await asyncio.wait({listening, playing})


async def until(what: Callable[[], object], within_s: float = 60.0) -> None:
    """Wait in virtual time."""
    async with asyncio.timeout(within_s):
        while not what():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def cough(seconds: float) -> bytes:
    """A sound that is speech to the detector and nothing to the recogniser."""
    return (b"\x05\x00\x06\x00") * round(seconds * RATE / 2)
