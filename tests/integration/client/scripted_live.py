"""A server that speaks `/asr` as its document says, with faults on order; it hears digests, not words."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

UTTERANCE_SAMPLES = 8000


class Cut(Exception):
    """The line ends here."""


@dataclass
class Session:
    """What was heard; `token` leads back to it."""

    token: str
    start: dict[str, Any]
    frame_bytes: int
    heard: bytearray = field(default_factory=bytearray)
    half: bytes = b""
    began: int = 0
    finals: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    done: dict[str, Any] | None = None
    line: Line | None = None

    @property
    def samples(self) -> int:
        return len(self.heard) // self.frame_bytes

    def take(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            self.hear(frame)
        elif (kind := json.loads(frame)["type"]) == "finalize":
            self.conclude(self.samples)
        elif kind == "stop":
            self.stop()

    def hear(self, audio: bytes) -> None:
        whole = self.half + audio
        size = len(whole) - len(whole) % self.frame_bytes
        self.half = whole[size:]
        self.heard += whole[:size]
        while self.samples - self.began >= UTTERANCE_SAMPLES:
            self.conclude(self.began + UTTERANCE_SAMPLES)

    def conclude(self, end: int) -> None:
        if end == self.began:
            return
        audio = self.heard[self.began * self.frame_bytes : end * self.frame_bytes]
        self.finals.append(
            {
                "utterance": len(self.finals),
                "start": self.began / self.start["sample_rate"],
                "end": end / self.start["sample_rate"],
                "text": hashlib.md5(audio).hexdigest(),
            }
        )
        self.began = end

    def stop(self) -> None:
        self.conclude(self.samples)
        self.done = {"utterances": len(self.finals), "audio_seconds": self.samples / 16000, "task_id": None}


@dataclass
class Live:
    """What to do, and what was done. Messages are counted in both directions; the line is cut in place
    of those numbered in `cuts`.
    """

    token: str | None = None
    cuts: set[int] = field(default_factory=set[int])
    stalled: bool = False
    mute: bool = False
    deaf: bool = False
    forgetful: bool = False
    refusal: dict[str, Any] | None = None
    trouble: bool = False
    failure: str | None = None
    sessions: dict[str, Session] = field(default_factory=dict[str, Session])
    counted: int = 0
    lines: int = 0
    paths: set[str] = field(default_factory=set[str])
    url: str = ""

    @property
    def session(self) -> Session:
        [session] = self.sessions.values()
        return session


class Line:
    def __init__(self, live: Live, socket: ServerConnection) -> None:
        self.live = live
        self.socket = socket
        self.told = 0

    def count(self) -> None:
        self.live.counted += 1
        if self.live.counted in self.live.cuts:
            self.socket.transport.abort()
            raise Cut

    async def say(self, kind: str, **data: Any) -> None:
        self.count()
        stamp = datetime.now(UTC).isoformat()
        await self.socket.send(json.dumps({"type": kind, "data": data, "timestamp": stamp}))

    async def error(self, code: str, *, fatal: bool = True, **more: Any) -> None:
        await self.say("error", error=code, message=f"Because of {code}.", fatal=fatal, **more)

    async def talk(self) -> None:
        live = self.live
        live.lines += 1
        request = self.socket.request
        assert request is not None
        live.paths.add(request.path)
        if live.token is not None:
            if request.headers.get("Authorization") != f"Bearer {live.token}":
                await self.say("auth_required", message="Who is there?")
                await self.socket.wait_closed()
                return
            await self.say("auth_success", message="Welcome.", user={"username": "anna"})
        session = await self.open(json.loads(await self.socket.recv())["data"])
        if session is None:
            return
        session.half = b""
        session.line = self
        await self.hear(session)

    async def open(self, start: dict[str, Any]) -> Session | None:
        self.count()
        live = self.live
        if live.refusal:
            await self.error(live.refusal["error"], retry_after=2.0)
            return None
        token, received = start["resume_token"], 0
        if token is None:
            token = f"token-{len(live.sessions)}"
            size = {"pcm16": 2, "float32": 4, "mulaw": 1}[start["encoding"]] * start["channels"]
            live.sessions[token] = Session(token, start, size)
        elif live.forgetful:
            await self.error("session_not_found")
            return None
        session = live.sessions[token]
        if start["resume_token"]:
            received, self.told = session.samples, start["have_utterance"] + 1
        facts = {"sample_rate": session.start["sample_rate"], "profile": "embedded", "streaming": False}
        await self.say("ready", session_id="s", resume_token=token, received_samples=received, **facts)
        return session

    async def hear(self, session: Session) -> None:
        await self.tell(session)
        while self.live.stalled:  # noqa: ASYNC110 - it is set in another thread
            await asyncio.sleep(0.01)
        async for frame in self.socket:
            self.count()
            if self.live.deaf:
                continue
            session.take(frame)
            if self.live.failure:
                await self.error(self.live.failure)
                return
            if not self.live.mute:
                await self.tell(session)
                await self.say("ack", received_samples=session.samples, lag_ms=5, skipped_partials=1)
            if session.done is not None:
                return

    async def tell(self, session: Session) -> None:
        while self.told < len(session.finals):
            final = session.finals[self.told]
            known = {"utterance": final["utterance"], "start": final["start"], "text": final["text"][:8]}
            await self.say("vad", status="speech_start", time=final["start"])
            await self.say("partial", **known, stable_chars=4)
            if self.live.trouble:
                await self.error("recognition_failed", fatal=False, utterance=final["utterance"])
            # Counted only once it is out, as a server does that cannot know what arrived.
            await self.say("final", **final, words=None, confidence=0.5)
            self.told += 1
        if session.done is not None:
            await self.say("done", **session.done)


@contextmanager
def serving(live: Live, port: int = 0) -> Iterator[Live]:
    """Serve in a thread of its own; `live.url` says where."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def handle(socket: ServerConnection) -> None:
        with suppress(Cut, ConnectionClosed):
            await Line(live, socket).talk()

    async def main() -> None:
        async with serve(handle, "127.0.0.1", port, close_timeout=0.2) as server:
            live.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield live
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
