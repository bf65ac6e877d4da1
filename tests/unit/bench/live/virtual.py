"""A loop whose clock jumps to the next thing to do, and a server that exists in memory only."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from parley.bench.live.line import LineClosed

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0)
        if not found:
            assert timeout is not None, "nothing will ever happen"
            self.loop.now += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Sleeping costs nothing."""

    def __init__(self) -> None:
        self.now = 1000.0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


@dataclass
class Server:
    """Bears `capacity` sessions: with more the lag grows, with fewer it shrinks. From `refuse_s` of lag on
    nobody is let in. Whatever is said, `texts` are its partials and finals, at seconds of the session."""

    capacity: float = 1e9
    refuse_s: float = 1e9
    texts: tuple[tuple[float, str, dict[str, Any]], ...] = ()
    lag_s: float = 0.0
    lines: list[ServerLine] = field(default_factory=list["ServerLine"])
    opened: int = 0
    most: int = 0

    async def dial(self) -> ServerLine:
        return ServerLine(self)

    async def live(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self.lag_s = max(0.0, self.lag_s + (len(self.lines) - self.capacity) / self.capacity * 2)
            for line in list(self.lines):
                line.tell("ack", received_samples=line.samples, lag_ms=int(self.lag_s * 1000))


class ServerLine:
    """One line to it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.samples = 0
        self.sent_at: list[float] = []
        self.start: dict[str, Any] = {}
        self.is_closed = False
        self._told: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def tell(self, kind: str, **data: Any) -> None:
        self._told.put_nowait({"type": kind, "data": data})

    async def send(self, frame: str | bytes) -> None:
        if self.is_closed:
            raise LineClosed("closed")
        if isinstance(frame, bytes):
            self.samples += len(frame) // 2
            self.sent_at.append(asyncio.get_running_loop().time())
            return
        message = msgspec.json.decode(frame)
        if message["type"] == "start":
            self._begin(message["data"])
        elif message["type"] == "stop":
            self._leave()
            self.tell("done", utterances=0, audio_seconds=self.samples / 16000)

    async def receive(self) -> dict[str, Any]:
        message = await self._told.get()
        if message is None:
            raise LineClosed("closed")
        return message

    async def close(self) -> None:
        self.is_closed = True
        self._leave()
        self._told.put_nowait(None)

    def _begin(self, start: dict[str, Any]) -> None:
        self.start = start
        if self.server.lag_s >= self.server.refuse_s:
            self.tell("error", error="live_overloaded", message="Too much.", fatal=True)
            return
        self.server.lines.append(self)
        self.server.opened += 1
        self.server.most = max(self.server.most, len(self.server.lines))
        self.tell("ready", session_id="s", streaming=True)
        loop = asyncio.get_running_loop()
        for at_s, kind, data in self.server.texts:
            loop.call_later(at_s, lambda kind=kind, data=data: self.tell(kind, **data))

    def _leave(self) -> None:
        if self in self.server.lines:
            self.server.lines.remove(self)
