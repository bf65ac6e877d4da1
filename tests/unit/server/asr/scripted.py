"""Live sessions that do as a test tells them, and the door in front of them without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from parley.errors import AuthFailed, ParleyError, SessionNotFound
from parley.jobs.principal import Principal
from parley.live.contract import LiveStats, SessionFacts
from parley.live.options import LiveWish
from parley.server.asr.behind import AsrOptions
from parley.server.asr.door import AsrDoor, asr_door
from parley.server.pace import Pace
from parley.server.socket.guests import Guests
from parley.server.socket.wire_options import LINE
from parley.speech.live import Done, Failed, LiveEvent

Message = dict[str, Any]


class ScriptedSession:
    """Takes audio; tells what the test puts in."""

    def __init__(self, number: int, user: str, wish: LiveWish) -> None:
        self.user = user
        self.wish = wish
        self.facts = SessionFacts(
            session_id=f"session-{number}",
            resume_token=f"token-{number}",
            profile=wish.profile or "embedded",
            sample_rate_hz=wish.sample_rate_hz,
            streaming=False,
        )
        self.audio = bytearray()
        self.calls: list[str] = []
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.asked_after: list[int | None] = []
        self.is_lost = False
        self.is_over = False
        self.writing = 0
        self._listener: asyncio.Queue[LiveEvent | None] | None = None
        self._untold: list[LiveEvent] = []

    @property
    def received_samples(self) -> int:
        return len(self.audio) // 2

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writing += 1
        try:
            await self.may_write.wait()
            self.audio += data
        finally:
            self.writing -= 1

    async def finalize(self) -> None:
        self.calls.append(f"finalize at {self.received_samples}")

    async def stop(self) -> None:
        self.calls.append("stop")

    def listen(self, after: int | None = None) -> AsyncGenerator[LiveEvent]:
        self.asked_after.append(after)
        return self._listen()

    async def _listen(self) -> AsyncGenerator[LiveEvent]:
        if self._listener is not None:
            self._listener.put_nowait(None)
        mine = self._listener = asyncio.Queue()
        for event in self._untold:
            mine.put_nowait(event)
        self._untold.clear()
        try:
            while (event := await mine.get()) is not None:
                yield event
                if isinstance(event, Done | Failed):
                    return
        finally:
            if self._listener is mine:
                self._listener = None

    @property
    def has_listener(self) -> bool:
        return self._listener is not None

    def tell(self, *events: LiveEvent) -> None:
        for event in events:
            if self._listener is not None:
                self._listener.put_nowait(event)
            else:
                self._untold.append(event)

    async def leave(self) -> None:
        self.calls.append("leave")
        self.is_lost = True

    async def close(self) -> None:
        self.calls.append("close")
        self.is_over = True


@dataclass
class ScriptedRoom:
    """`refusal` is what the next session is refused with."""

    sessions: list[ScriptedSession] = field(default_factory=list)
    refusal: Exception | None = None

    async def open(self, user: str, wish: LiveWish) -> ScriptedSession:
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        self.sessions.append(ScriptedSession(len(self.sessions), user, wish))
        return self.sessions[-1]

    async def resume(self, user: str, token: str) -> ScriptedSession:
        for session in self.sessions:
            if session.facts.resume_token == token and session.user == user and not session.is_over:
                session.calls.append("resume")
                session.is_lost = False
                return session
        raise SessionNotFound("There is no such session.")

    async def drain(self, grace_s: float) -> None:
        raise NotImplementedError

    def stats(self) -> LiveStats:
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
        self.most_bytes: list[int] = []
        self.claimed = 0
        self.limits: list[int] = []
        self.gives_on_pieces = False

    def limit(self, most_bytes: int) -> None:
        self.limits.append(most_bytes)

    def give_on_pieces(self) -> None:
        self.gives_on_pieces = True

    def claim(self) -> int:
        self.claimed += 1
        return 1

    def release(self, size: int) -> None:
        self.claimed -= size


class Line:
    """A client without a socket. `may_take` cleared: it reads nothing more."""

    def __init__(self, door: Callable[..., Any], *, query: str = "", headers: tuple[Any, ...] = ()) -> None:
        self.wire = CountedWire()
        self.heard: list[Message] = []
        self.closed: int | None = None
        self.may_take = asyncio.Event()
        self.may_take.set()
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._told = asyncio.Event()
        self._read = 0
        scope = {
            "type": "websocket",
            "path": "/asr",
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
            self.heard.append(json.loads(event["text"]))
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

    async def hear(self) -> Message:
        """The next message that is no acknowledgement."""
        async with asyncio.timeout(60):
            while True:
                while self._read == len(self.heard):
                    self._told.clear()
                    await self._told.wait()
                self._read += 1
                if self.heard[self._read - 1]["type"] != "ack":
                    return self.heard[self._read - 1]

    async def expect(self, kind: str) -> Message:
        message = await self.hear()
        assert message["type"] == kind, message
        return message["data"]

    async def ends(self) -> None:
        """Wait until the door is done with the line."""
        async with asyncio.timeout(60):
            await self.running
        assert self.wire.claimed == 0

    def terminals(self) -> list[Message]:
        return [
            message
            for message in self.heard
            if message["type"] == "done" or (message["type"] == "error" and message["data"]["fatal"])
        ]


class Scene:
    """The door, its rooms, and its lines, which are all let go in the end."""

    def __init__(
        self,
        *users: str,
        pace: Pace | None = None,
        guests: Guests | None = None,
        refusal: ParleyError | None = None,
        **options: Any,
    ) -> None:
        self.room = ScriptedRoom(refusal=refusal)
        self.authority = ScriptedAuthority(set(users), enabled=bool(users))
        self.guests = guests or Guests(100, 100)
        self.door: AsrDoor = asr_door(
            self.room, self.authority, AsrOptions(**options), pace or Pace(0), self.guests
        )
        self.lines: list[Line] = []

    def line(self, **how: Any) -> Line:
        self.lines.append(Line(self.door, **how))
        return self.lines[-1]

    async def begun(self, **start: Any) -> tuple[Line, ScriptedSession, Message]:
        """A line with a session on it."""
        line = self.line()
        line.send("start", **start)
        ready = await line.expect("ready")
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


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that will come true."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - any condition
            await asyncio.sleep(0.005)
