"""Voices that do as a test tells them, and the door in front of them without a socket."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parley.errors import AuthFailed, ParleyError, VoicesNotInstalled, VoiceUnknown
from parley.jobs.principal import Principal
from parley.server.pace import Pace
from parley.server.socket.guests import Guests
from parley.server.socket.wire_options import LINE
from parley.server.tts.behind import TtsOptions
from parley.server.tts.door import TtsDoor, tts_door
from parley.speech.speaking import (
    Sentence,
    SpeakingCancelled,
    SpeakingEvent,
    SpeakingFailed,
    Spoken,
    SpokenAudio,
)
from parley.speech.voice import VoiceFacts
from parley.synthesis.contract import SynthesisStats
from parley.synthesis.options import NewVoice, SpeakingWish

Message = dict[str, Any]

ANNA = VoiceFacts(
    voice_id="tone/anna", name="anna", kind="preset", engine="tone", model="tone", languages=("en",)
)
SAMPLES_PER_CHAR = 40


class ScriptedSpeaking:
    """Says a clause for each `|` in its text and for each flush: `SAMPLES_PER_CHAR` samples for a character,
    all of the value `loudness`. `gate` cleared: nothing more is made.
    """

    def __init__(self, user: str, wish: SpeakingWish, loudness: int) -> None:
        self.user = user
        self.wish = wish
        self.voice = ANNA
        self.sample_rate_hz = wish.sample_rate_hz or 16000
        self.calls: list[str] = []
        self.is_over = False
        self.loudness = loudness
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: ParleyError | None = None
        self.refusal: ParleyError | None = None
        self._text = ""
        self._clauses: asyncio.Queue[str | None] = asyncio.Queue()

    async def write(self, text: str) -> None:
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        self._text += text
        *whole, self._text = self._text.split("|")
        for clause in whole:
            self._clauses.put_nowait(clause)

    async def flush(self) -> None:
        self._cut()

    async def end(self) -> None:
        self._cut()
        self._clauses.put_nowait(None)

    async def cancel(self) -> None:
        self.calls.append("cancel")
        self.is_over = True

    def _cut(self) -> None:
        if self._text:
            self._clauses.put_nowait(self._text)
        self._text = ""

    async def listen(self) -> AsyncIterator[SpeakingEvent]:
        index = samples = 0
        try:
            while (clause := await self._clauses.get()) is not None:
                await self.gate.wait()
                if self.failure is not None:
                    yield SpeakingFailed(error=self.failure)
                    return
                count = SAMPLES_PER_CHAR * len(clause)
                yield Sentence(index=index, text=clause, first_sample=samples, samples=count)
                yield SpokenAudio(pcm=self.loudness.to_bytes(2, "little") * count)
                index, samples = index + 1, samples + count
            self.is_over = True
            yield Spoken(samples=samples, first_audio_ms=7, rtf=0.25)
        finally:
            self.calls.append("left")


class SelfCancelling(ScriptedSpeaking):
    """Tells that it was cancelled, as a room does that was asked by somebody else."""

    async def listen(self) -> AsyncIterator[SpeakingEvent]:
        yield SpeakingCancelled()


@dataclass
class ScriptedRoom:
    """`refusal` is what the next request is refused with; `kind` makes them."""

    speaking: list[ScriptedSpeaking] = field(default_factory=list)
    refusal: Exception | None = None
    kind: type[ScriptedSpeaking] = ScriptedSpeaking
    known: tuple[VoiceFacts, ...] = (ANNA,)
    kept: list[tuple[str, NewVoice, bytes]] = field(default_factory=list)
    preview_path: Path | None = None
    workspaces: list[Path] = field(default_factory=list)

    async def open(self, user: str, wish: SpeakingWish) -> ScriptedSpeaking:
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        self.speaking.append(self.kind(user, wish, loudness=1000 + len(self.speaking)))
        return self.speaking[-1]

    async def voices(self, user: str) -> Sequence[VoiceFacts]:
        return self.known

    async def default_voice(self, user: str, language: str | None, engine: str | None = None) -> VoiceFacts:
        if not self.known:
            raise VoicesNotInstalled("No engine that speaks is installed.")
        return self.known[0]

    @asynccontextmanager
    async def workspace(self) -> AsyncGenerator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            self.workspaces.append(Path(folder))
            yield Path(folder)

    async def add(self, user: str, voice: NewVoice) -> VoiceFacts:
        recording = b"" if voice.reference is None else await asyncio.to_thread(voice.reference.read_bytes)
        if self.refusal is not None:
            raise self.refusal
        self.kept.append((user, voice, recording))
        return VoiceFacts(
            voice_id=f"voice-{len(self.kept)}",
            name=voice.name,
            kind="designed" if voice.design else "cloned",
            engine=voice.engine or "tone",
            model="tone",
            languages=(voice.language,) if voice.language else (),
            created_at=1748766600.0,
        )

    async def remove(self, user: str, voice_id: str) -> bool:
        return voice_id in [f"voice-{number + 1}" for number in range(len(self.kept))]

    async def preview(self, user: str, voice_id: str) -> Path:
        if self.refusal is not None:
            raise self.refusal
        if self.preview_path is None or voice_id not in [voice.voice_id for voice in self.known]:
            raise VoiceUnknown("There is no such voice.")
        return self.preview_path

    def stats(self) -> SynthesisStats:
        raise NotImplementedError


@dataclass
class ScriptedAuthority:
    """Knows users by their names; nobody is asked where there are none."""

    users: set[str] = field(default_factory=set)
    enabled: bool = False

    async def identify(self, token: str | None) -> Principal:
        if self.enabled and token not in self.users:
            raise AuthFailed("Authentication failed.")
        return Principal(user=token) if token else Principal()


class CountedWire:
    """Counts claims that are not released, as the socket's memory would."""

    def __init__(self) -> None:
        self.claimed = 0
        self.limits: list[int] = []

    def limit(self, most_bytes: int) -> None:
        self.limits.append(most_bytes)

    def give_on_pieces(self) -> None:
        raise NotImplementedError

    def claim(self) -> int:
        self.claimed += 1
        return 1

    def release(self, size: int) -> None:
        self.claimed -= size


class Line:
    """A client without a socket; `heard` holds messages, and audio as bytes. `may_take` cleared: it reads
    nothing more.
    """

    def __init__(self, door: TtsDoor, *, query: str = "", headers: tuple[Any, ...] = ()) -> None:
        self.wire = CountedWire()
        self.heard: list[Message | bytes] = []
        self.closed: int | None = None
        self.may_take = asyncio.Event()
        self.may_take.set()
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._told = asyncio.Event()
        self._read = 0
        scope = {
            "type": "websocket",
            "path": "/tts",
            "headers": list(headers),
            "query_string": query.encode(),
            "client": ("127.0.0.1", 1),
            LINE: self.wire,
        }
        self.running = asyncio.create_task(door(scope, self._incoming.get, self._send))
        self._incoming.put_nowait({"type": "websocket.connect"})

    async def _send(self, event: Message) -> None:
        if self.closed is not None:
            raise ConnectionResetError("the line is closed")
        await self.may_take.wait()
        if event["type"] == "websocket.send":
            self.heard.append(event["bytes"] if event.get("bytes") is not None else json.loads(event["text"]))
        elif event["type"] == "websocket.close":
            self.closed = event["code"]
            self._incoming.put_nowait({"type": "websocket.disconnect", "code": event["code"]})
        self._told.set()

    def send(self, kind: str, **data: Any) -> None:
        self.send_text(json.dumps({"type": kind, "data": data}))

    def send_text(self, text: str) -> None:
        self._incoming.put_nowait({"type": "websocket.receive", "text": text})

    def send_audio(self, audio: bytes) -> None:
        self._incoming.put_nowait({"type": "websocket.receive", "bytes": audio})

    def vanish(self, code: int = 1006) -> None:
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": code})

    @property
    def unread(self) -> int:
        """Frames that nobody has taken off the line."""
        return self._incoming.qsize()

    async def hear(self) -> Message | bytes:
        """The next message or audio."""
        async with asyncio.timeout(60):
            while self._read == len(self.heard):
                self._told.clear()
                await self._told.wait()
            self._read += 1
            return self.heard[self._read - 1]

    async def message(self) -> Message:
        """The next message; audio before it is passed over."""
        while isinstance(heard := await self.hear(), bytes):
            pass
        return heard

    async def expect(self, kind: str) -> dict[str, Any]:
        """The data of the next message, which is of this kind."""
        message = await self.message()
        assert message["type"] == kind, message
        return message["data"]

    async def until(self, kind: str) -> dict[str, Any]:
        """The data of the next message of this kind."""
        while (message := await self.message())["type"] != kind:
            pass
        return message["data"]

    async def ends(self) -> None:
        """Wait until the door is done with the line."""
        async with asyncio.timeout(60):
            await self.running
        assert self.wire.claimed == 0

    def lasts(self, request_id: str) -> list[Message]:
        """The messages that end the request."""
        return [message for message in self._messages() if is_last(message, request_id)]

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [message["data"] for message in self._messages() if message["type"] == kind]

    def audio(self) -> bytes:
        return b"".join(heard for heard in self.heard if isinstance(heard, bytes))

    def _messages(self) -> list[Message]:
        return [message for message in self.heard if not isinstance(message, bytes)]


def is_last(message: Message, request_id: str) -> bool:
    """Whether it ends the request."""
    return (
        message["type"] in ("done", "cancelled", "error") and message["data"].get("request_id") == request_id
    )


class Scene:
    """The door, its rooms, and its lines, which are all let go in the end."""

    def __init__(
        self, *users: str, pace: Pace | None = None, guests: Guests | None = None, **options: Any
    ) -> None:
        self.room = ScriptedRoom()
        self.authority = ScriptedAuthority(set(users), enabled=bool(users))
        self.guests = guests or Guests(100, 100)
        self.door = tts_door(self.room, self.authority, TtsOptions(**options), pace or Pace(0), self.guests)
        self.lines: list[Line] = []

    def line(self, **how: Any) -> Line:
        self.lines.append(Line(self.door, **how))
        return self.lines[-1]


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
    # Whatever was begun has been left, and is free.
    for speaking in made.room.speaking:
        assert speaking.is_over or "cancel" in speaking.calls


async def until(condition: Any) -> None:
    """Wait for something that will come true."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - any condition
            await asyncio.sleep(0.005)
