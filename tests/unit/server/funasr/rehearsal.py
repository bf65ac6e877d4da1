"""A live room that plays what a test wrote, and clients that speak ASGI to the FunASR door."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from parley.engines.contract import Capability, EngineSpec, Role
from parley.engines.profiles import Profile
from parley.errors import AuthFailed, ParleyError
from parley.jobs.principal import Principal
from parley.live.contract import LiveStats, SessionFacts
from parley.live.options import LiveWish
from parley.server.funasr.behind import Behind
from parley.server.funasr.door import FunasrDoor
from parley.server.funasr.files import Decoder
from parley.server.socket.guests import Guests
from parley.speech.live import Done, Failed, Final, LiveEvent, Partial

Message = dict[str, Any]


class ScriptedSession:
    """Tells its lines as bytes come; `last` are told after `stop`, before `Done`."""

    def __init__(self, wish: LiveWish, lines: dict[int, list[LiveEvent]], last: list[LiveEvent]) -> None:
        self.wish = wish
        self.heard = bytearray()
        self.stopped = False
        self.closed = False
        self.streaming = False
        self._lines = lines
        self._last = last
        self._queue: asyncio.Queue[LiveEvent] = asyncio.Queue()
        self._over = False

    @property
    def facts(self) -> SessionFacts:
        return SessionFacts(
            session_id="s",
            resume_token="t",
            profile="p",
            sample_rate_hz=self.wish.sample_rate_hz,
            streaming=self.streaming,
        )

    @property
    def received_samples(self) -> int:
        return len(self.heard) // 2

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._over:
            return
        before = len(self.heard)
        self.heard += data
        for at in sorted(self._lines):
            if before < at <= len(self.heard):
                for event in self._lines[at]:
                    self.tell(event)
        await asyncio.sleep(0)

    def tell(self, event: LiveEvent) -> None:
        self._over |= isinstance(event, Done | Failed)
        self._queue.put_nowait(event)

    async def finalize(self) -> None:
        raise AssertionError("nobody finalises in this protocol")

    async def stop(self) -> None:
        self.stopped = True
        if self._over:
            return
        for event in self._last:
            self.tell(event)
        if not self._over:
            self.tell(Done(utterances=0, audio_seconds=self.received_samples / self.wish.sample_rate_hz))

    async def listen(self, after: int | None = None) -> AsyncIterator[LiveEvent]:
        while True:
            event = await self._queue.get()
            yield event
            if isinstance(event, Done | Failed):
                return

    async def leave(self) -> None:
        raise AssertionError("there is no way back to a session of this protocol")

    async def close(self) -> None:
        self.closed = True
        self._over = True


@dataclass
class ScriptedRoom:
    """Every session plays the same, or what stands in `plays` for the first, the second..."""

    lines: dict[int, list[LiveEvent]] = field(default_factory=dict)
    last: list[LiveEvent] = field(default_factory=list)
    plays: list[tuple[dict[int, list[LiveEvent]], list[LiveEvent]]] = field(default_factory=list)
    streaming: bool = False
    refusal: ParleyError | None = None
    sessions: list[ScriptedSession] = field(default_factory=list)

    async def open(self, user: str, wish: LiveWish) -> ScriptedSession:
        if self.refusal is not None:
            raise self.refusal
        lines, last = self.plays[len(self.sessions)] if self.plays else (self.lines, self.last)
        session = ScriptedSession(wish, lines, last)
        session.streaming = self.streaming
        self.sessions.append(session)
        return session

    async def resume(self, user: str, token: str) -> ScriptedSession:
        raise AssertionError("nobody resumes in this protocol")

    def stats(self) -> LiveStats:
        raise AssertionError("nobody asks")


class Nobody:
    """Authentication that is off, or knows one token."""

    def __init__(self, token: str | None = None) -> None:
        self._token = token

    @property
    def enabled(self) -> bool:
        return self._token is not None

    async def identify(self, token: str | None) -> Principal:
        if self.enabled and token != self._token:
            raise AuthFailed("Authentication failed; send a valid token.")
        return Principal()


def recogniser(name: str, *capabilities: Capability, languages: frozenset[str] | None = None) -> EngineSpec:
    return EngineSpec(
        name=name,
        role=Role.ASR,
        factory="",
        revision="1",
        summary="",
        licence="",
        capabilities=frozenset(capabilities),
        languages=languages,
    )


def profile(
    *capabilities: Capability,
    languages: frozenset[str] | None = None,
    streaming: EngineSpec | None = None,
) -> Profile:
    last = recogniser("whole", *capabilities, languages=languages)
    return Profile("one", {Role.ASR: last}, streaming=streaming)


class Client:
    """Speaks ASGI: what is sent, what was answered, how the line ended."""

    def __init__(self) -> None:
        self.answers: list[Message] = []
        self.close_code: int | None = None
        self.close_reason = ""
        self.subprotocol: str | None = None
        self._sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._told = asyncio.Event()
        self.is_gone = False
        self._is_known = False

    def send(self, *frames: Message | str | bytes) -> None:
        for frame in frames:
            text = json.dumps(frame, ensure_ascii=False) if isinstance(frame, dict) else frame
            kind = "bytes" if isinstance(text, bytes) else "text"
            self._sent.put_nowait({"type": "websocket.receive", kind: text})

    def hang_up(self) -> None:
        self._sent.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def receive(self) -> dict[str, Any]:
        if not self._is_known:
            self._is_known = True
            return {"type": "websocket.connect"}
        return await self._sent.get()

    async def say(self, event: Any) -> None:
        if self.is_gone or self.close_code is not None:
            raise OSError("gone")
        if event["type"] == "websocket.accept":
            self.subprotocol = event.get("subprotocol")
        elif event["type"] == "websocket.close":
            self.close_code, self.close_reason = event["code"], event.get("reason", "")
            self.hang_up()
        else:
            self.answers.append(json.loads(event["text"]))
        self._told.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not is_so():
                self._told.clear()
                await self._told.wait()

    def texts(self, *modes: str) -> list[str]:
        return [each["text"] for each in self.answers if each.get("mode") in modes]


@dataclass
class Stage:
    """The door with a scripted room behind it."""

    room: ScriptedRoom = field(default_factory=ScriptedRoom)
    profile: Profile = field(default_factory=profile)
    authority: Nobody = field(default_factory=Nobody)
    guests: Guests = field(default_factory=lambda: Guests(100, 100))
    decoder: Decoder | None = None
    max_spooled_bytes: int = 10_000

    def door(self) -> FunasrDoor:
        profiles = {"one": self.profile}
        return FunasrDoor(
            Behind(
                room=self.room,
                authority=self.authority,
                guests=self.guests,
                profiles=profiles,
                known=profiles,
                default="one",
                decoder=self.decoder,
                max_spooled_bytes=self.max_spooled_bytes,
            )
        )

    def enter(
        self,
        client: Client,
        *,
        query: str = "",
        subprotocols: Sequence[str] = ("binary",),
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> asyncio.Task[None]:
        scope = {
            "type": "websocket",
            "path": "/funasr",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "subprotocols": list(subprotocols),
            "client": ("127.0.0.1", 1),
        }
        return asyncio.create_task(self.door()(scope, client.receive, client.say))

    def play(self, *frames: Message | str | bytes, **scope: Any) -> Client:
        """Send everything, hang up, and wait for the end."""

        async def main() -> Client:
            client = Client()
            client.send(*frames)
            client.hang_up()
            async with asyncio.timeout(60):
                await self.enter(client, **scope)
            return client

        return asyncio.run(main())


def said(utterance: int, text: str, **more: Any) -> Final:
    return Final(utterance=utterance, start=float(utterance), end=utterance + 1.0, text=text, **more)


def hearing(utterance: int, text: str, stable: int | None = None) -> Partial:
    stable_chars = len(text) if stable is None else stable
    return Partial(utterance=utterance, start=float(utterance), text=text, stable_chars=stable_chars)
