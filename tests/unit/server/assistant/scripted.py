"""Conversations that do as a test tells them, and the door in front of them without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.unit.server.asr.scripted import Line as PlainLine
from tests.unit.server.asr.scripted import Message, ScriptedAuthority, until

from parley.assistant.contract import AssistantStats, ConversationFacts
from parley.assistant.events import AnswerAudio, AssistantEvent, Farewell, State, StateChanged
from parley.assistant.options import AssistantWish
from parley.errors import ParleyError, SessionNotFound
from parley.server.assistant.behind import AssistantOptions
from parley.server.assistant.door import AssistantDoor, assistant_door
from parley.server.pace import Pace
from parley.server.socket.guests import Guests

RATE = 16000


class ScriptedSession:
    """Takes audio; tells what the test puts in."""

    def __init__(self, number: int, user: str, wish: AssistantWish) -> None:
        self.user = user
        self.wish = wish
        self.number = number
        self.resets = 0
        self.audio = bytearray()
        self.calls: list[str] = []
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.refuses_text: ParleyError | None = None
        self.is_over = False
        self.state = State.IDLE
        self._listener: asyncio.Queue[AssistantEvent | None] | None = None
        self._untold: list[AssistantEvent] = []

    @property
    def facts(self) -> ConversationFacts:
        return ConversationFacts(
            session_id=f"session-{self.number}",
            resume_token=f"token-{self.number}",
            conversation_id=f"conversation-{self.number}-{self.resets}",
            voice=self.wish.voice,
            language=self.wish.language,
            sample_rate_hz=RATE,
            model="parrot",
            is_parrot=True,
        )

    @property
    def received_samples(self) -> int:
        return len(self.audio) // 2

    @property
    def has_listener(self) -> bool:
        return self._listener is not None

    @property
    def is_heard(self) -> bool:
        """Whether all that was told has been taken."""
        return self._listener is not None and self._listener.empty()

    async def write(self, pcm: bytes | bytearray | memoryview) -> None:
        await self.may_write.wait()
        self.audio += pcm

    async def finalize(self) -> None:
        self.calls.append("finalize")

    async def say(self, text: str) -> None:
        if self.refuses_text is not None:
            raise self.refuses_text
        self.calls.append(f"say {text}")

    async def interrupt(self) -> None:
        self.calls.append("interrupt")

    async def played(self, turn: int, samples: int) -> None:
        self.calls.append(f"played {samples} of {turn}")

    async def reset(self) -> None:
        self.resets += 1

    async def stop(self) -> None:
        self.calls.append("stop")

    def listen(self) -> AsyncGenerator[AssistantEvent]:
        if self._listener is not None:
            self._listener.put_nowait(None)
        mine = self._listener = asyncio.Queue()
        mine.put_nowait(StateChanged(state=self.state))
        for event in self._untold:
            mine.put_nowait(event)
        self._untold.clear()
        return self._events(mine)

    async def _events(self, mine: asyncio.Queue[AssistantEvent | None]) -> AsyncGenerator[AssistantEvent]:
        try:
            while (event := await mine.get()) is not None:
                yield event
                if isinstance(event, Farewell):
                    return
        finally:
            if self._listener is mine:
                self._listener = None

    def tell(self, *events: AssistantEvent) -> None:
        for event in events:
            if self._listener is not None:
                self._listener.put_nowait(event)
            else:
                self._untold.append(event)

    async def leave(self) -> None:
        self.calls.append("leave")

    async def close(self) -> None:
        self.calls.append("close")
        self.is_over = True


@dataclass
class ScriptedRoom:
    """`refusal` is what the next conversation is refused with."""

    sessions: list[ScriptedSession] = field(default_factory=list)
    refusal: Exception | None = None

    async def open(self, user: str, wish: AssistantWish) -> ScriptedSession:
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        self.sessions.append(ScriptedSession(len(self.sessions), user, wish))
        return self.sessions[-1]

    async def resume(self, user: str, token: str) -> ScriptedSession:
        for session in self.sessions:
            if session.facts.resume_token == token and session.user == user and not session.is_over:
                session.calls.append("resume")
                return session
        raise SessionNotFound("There is no such conversation.")

    async def drain(self, grace_s: float) -> None:
        raise NotImplementedError

    def stats(self) -> AssistantStats:
        raise NotImplementedError


class Line(PlainLine):
    """A client without a socket; binary frames are heard as messages of the type `bytes`."""

    stopper = ""

    def stop_after(self, kind: str) -> None:
        """Take nothing more once a message of this kind came, until `may_take` is set."""
        self.stopper = kind

    async def _send(self, event: Message) -> None:
        data = event.get("bytes")
        if event["type"] == "websocket.send" and data is not None:
            event = {"type": "websocket.send", "text": json.dumps({"type": "bytes", "data": data.hex()})}
        await super()._send(event)
        if self.stopper and self.heard and self.heard[-1]["type"] == self.stopper:
            self.stopper = ""
            self.may_take.clear()

    async def hear_audio(self) -> tuple[Message, bytes]:
        """The next audio, others being passed over; its frame follows at once."""
        while (message := await self.hear())["type"] != "audio":
            assert message["type"] != "bytes"
        frame = await self.hear()
        assert frame["type"] == "bytes", frame
        return message["data"], bytes.fromhex(frame["data"])

    def terminals(self) -> list[Message]:
        return [
            message
            for message in self.heard
            if message["type"] == "bye"
            or (message["type"] == "voice_assistant:error" and message["data"]["fatal"])
        ]


class Scene:
    """The door, its room, and its lines, which are all let go in the end."""

    def __init__(
        self, *users: str, pace: Pace | None = None, guests: Guests | None = None, **options: Any
    ) -> None:
        self.room = ScriptedRoom()
        self.authority = ScriptedAuthority(set(users), enabled=bool(users))
        self.guests = guests or Guests(100, 100)
        self.door: AssistantDoor = assistant_door(
            self.room, self.authority, AssistantOptions(**options), pace or Pace(0), self.guests
        )
        self.lines: list[Line] = []

    def line(self, **how: Any) -> Line:
        self.lines.append(Line(self.door, **how))
        return self.lines[-1]

    async def begun(self, **start: Any) -> tuple[Line, ScriptedSession, Message]:
        """A line with a conversation on it."""
        line = self.line()
        line.send("start", **start)
        ready = await line.expect("ready")
        await line.expect("voice_assistant:state_changed")
        return line, self.room.sessions[-1], ready


@asynccontextmanager
async def scene(*users: str, **how: Any) -> AsyncGenerator[Scene]:
    made = Scene(*users, **how)
    try:
        yield made
    finally:
        for line in made.lines:
            line.may_take.set()
            line.vanish()
        for line in made.lines:
            await line.ends()
    assert made.guests.total == 0
    assert len(made.door.behind.lines) == 0


def audio_of(seconds: float, *, turn: int = 1, first_sample: int = 0, text: str = "") -> AnswerAudio:
    """Audio whose samples count, so that a missing one shows."""
    samples = range(first_sample, first_sample + int(seconds * RATE))
    pcm = b"".join((sample % 65536).to_bytes(2, "little") for sample in samples)
    return AnswerAudio(turn=turn, sample_rate_hz=RATE, first_sample=first_sample, pcm=pcm, text=text)


__all__ = ["RATE", "Line", "Scene", "ScriptedSession", "audio_of", "scene", "until"]
