"""`/assistant` as a client speaks it: JSON and PCM by hand, with a microphone and a loudspeaker that take
their time; no code shared with the server or its client.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.e2e.serving import Served

PATIENCE_S = 120.0
RATE = 16000
CHUNK_S = 0.1
EVENT = "voice_assistant:"


@asynccontextmanager
async def conversation(url: str, *, listens: bool = True, **wish: Any) -> AsyncIterator[Talker]:
    """A conversation that has begun; `url` is that of the server. With `listens` somebody reads the line,
    moves the loudspeaker on, and sends silence where nothing is said.
    """
    async with connect(f"{url}/assistant", max_size=None, open_timeout=PATIENCE_S) as connection:
        talker = Talker(connection)
        await talker.send("start", **wish)
        works = [talker.read(), talker.loudspeaker.play(), talker.microphone()] if listens else []
        tasks = [asyncio.create_task(work) for work in works]
        try:
            yield talker
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class Loudspeaker:
    """Plays one turn after the other in real time, and tells how far it is, unless `is_on` is False."""

    def __init__(self, tell: Callable[[int, int], Any]) -> None:
        self._tell = tell
        self.rate = RATE
        self.is_on = True
        self.held = False
        self.turn = 0
        self.have: dict[int, bytearray] = {}
        self.firsts: dict[int, int] = {}
        self.played: dict[int, int] = {}

    def add(self, ahead: dict[str, Any], pcm: bytes) -> None:
        turn = ahead["turn"]
        if turn not in self.have:
            self.have[turn], self.firsts[turn] = bytearray(), ahead["first_sample"]
            self.played[turn] = ahead["first_sample"]
        begin = 2 * (ahead["first_sample"] - self.firsts[turn])
        assert begin == len(self.have[turn]), "audio comes in order, and once"
        self.have[turn] += pcm
        self.turn, self.rate = turn, ahead["sample_rate"]

    def obey(self, order: dict[str, Any]) -> None:
        self.held = order["action"] == "pause"
        if order["action"] == "flush":
            self.have.pop(order["turn"], None)

    async def play(self) -> None:
        while True:
            await asyncio.sleep(CHUNK_S)
            have = self.have.get(self.turn)
            if not self.is_on or self.held or have is None:
                continue
            until = self.firsts[self.turn] + len(have) // 2
            before = self.played[self.turn]
            self.played[self.turn] = min(until, before + int(CHUNK_S * self.rate))
            if self.played[self.turn] > before:
                await self._tell(self.turn, self.played[self.turn])


class Talker:
    """One conversation; every message received is kept in `heard`, with the moment it came in `times`."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.audio: dict[int, bytearray] = {}
        self.loudspeaker = Loudspeaker(self._tell_played)
        self.sent = 0
        self.is_over = False
        self._saying: deque[bytes] = deque()
        self._ahead: dict[str, Any] | None = None
        self._changed = asyncio.Event()

    async def send(self, kind: str, **data: Any) -> None:
        await self.connection.send(json.dumps({"type": kind, "data": data}))

    def say(self, pcm: bytes) -> None:
        """Let the microphone hear something, after what it hears already."""
        size = int(CHUNK_S * RATE) * 2
        self._saying.extend(pcm[first : first + size] for first in range(0, len(pcm), size))

    @property
    def is_saying(self) -> bool:
        return bool(self._saying)

    async def microphone(self) -> None:
        """All the time, in real time: what is said, and else silence."""
        silence = bytes(int(CHUNK_S * RATE) * 2)
        began, chunks = time.monotonic(), 0
        while True:
            piece = self._saying.popleft() if self._saying else silence
            await self.connection.send(piece)
            self.sent += len(piece) // 2
            chunks += 1
            await asyncio.sleep(max(0.0, began + chunks * CHUNK_S - time.monotonic()))

    async def read(self) -> None:
        """Until the line is closed."""
        try:
            async for frame in self.connection:
                self._take(frame)
        except ConnectionClosed:
            pass
        self.is_over = True
        self._changed.set()

    def _take(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            assert self._ahead is not None, "a frame is announced"
            assert len(frame) == 2 * self._ahead["samples"]
            self.audio.setdefault(self._ahead["turn"], bytearray()).extend(frame)
            self.loudspeaker.add(self._ahead, frame)
            self._ahead = None
            return
        assert self._ahead is None, "a frame follows its message at once"
        message = json.loads(frame)
        self.heard.append(message)
        self.times.append(time.monotonic())
        if message["type"] == "audio":
            self._ahead = message["data"]
        elif message["type"] == f"{EVENT}playback":
            self.loudspeaker.obey(message["data"])
        self._changed.set()

    async def _tell_played(self, turn: int, samples: int) -> None:
        await self.send("played", turn=turn, samples=samples)

    async def wait(self, condition: Callable[[], Any], timeout_s: float = PATIENCE_S) -> Any:
        """Until something is so, looked at with each message; AssertionError with what came instead."""
        try:
            async with asyncio.timeout(timeout_s):
                while not (found := condition()):
                    self._changed.clear()
                    await self._changed.wait()
                return found
        except TimeoutError:
            last = [m for m in self.heard if m["type"] not in ("audio", f"{EVENT}audio_level")][-12:]
            raise AssertionError(f"it did not come; at the end there was {last}") from None

    async def until(
        self, kind: str, where: Callable[[dict[str, Any]], Any] = bool, after: int = 0
    ) -> dict[str, Any]:
        """The data of the first message of a kind, from place `after` on, for which `where` holds."""
        full = kind if kind in _SHORT else EVENT + kind

        def find() -> list[dict[str, Any]]:
            return [
                m["data"]
                for m in self.heard[after:]
                if m["type"] == full and (m["data"] == {} or where(m["data"]))
            ]

        return (await self.wait(find))[0]

    async def reaches(self, state: str, after: int = 0) -> None:
        """Wait for a state, from place `after` in what was heard on."""
        await self.until("state_changed", lambda data: data["state"] == state, after)

    def told(self, kind: str, after: int = 0) -> list[dict[str, Any]]:
        full = kind if kind in _SHORT else EVENT + kind
        return [message["data"] for message in self.heard[after:] if message["type"] == full]

    @property
    def states(self) -> list[str]:
        return [data["state"] for data in self.told("state_changed")]

    @property
    def finals(self) -> list[str]:
        return [data["final_text"] for data in self.told("user_transcript") if data["final_text"] is not None]

    def problems(self) -> list[str]:
        return [data["code"] for data in self.told("error")]

    def check(self) -> None:
        """What every conversation keeps to, whatever happened."""
        steps = [(None, "Idle"), *zip(self.states, self.states[1:], strict=False)]
        assert all(before != after for before, after in steps), self.states
        ends = [
            m
            for m in self.heard
            if m["type"] == "bye" or (m["type"] == f"{EVENT}error" and m["data"]["fatal"])
        ]
        assert len(ends) == 1 and self.heard[-1] is ends[0], self.heard[-3:]

    async def stop(self) -> None:
        await self.send("stop")
        await self.wait(lambda: self.is_over)
        self.check()


_SHORT = ("ready", "audio", "bye", "pong")


def pcm_at(rate: int, pcm: bytes) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Audio at 16 kHz, as the recogniser takes it."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
    if rate == RATE:
        return samples
    import soxr

    return np.asarray(soxr.resample(samples, rate, RATE), np.float32)


def conversations_of(served: Served) -> float:
    """Conversations that are open."""
    lines = served.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("parley_assistant_sessions "))
