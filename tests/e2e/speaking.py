"""`/asr` as a client speaks it: JSON and PCM by hand, no code shared with the server or its client."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import soundfile
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.e2e.serving import Served

PATIENCE_S = 120.0
RATE = 16000


def pcm_of(path: Path, seconds: float | None = None, silence_s: float = 1.0) -> bytes:
    """A recording as 16 kHz mono PCM16, with silence at its end."""
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    assert rate == RATE, path
    mono = samples[: int(seconds * RATE) if seconds else None, 0]
    return np.concatenate([mono, np.zeros(int(silence_s * RATE), np.int16)]).astype("<i2").tobytes()


@asynccontextmanager
async def session(url: str, **wish: Any) -> AsyncIterator[Speaker]:
    """A session that has begun; `url` is that of the server."""
    async with connect(f"{url}/asr", max_size=None, open_timeout=PATIENCE_S) as connection:
        speaker = Speaker(connection)
        await speaker.send("start", **wish)
        yield speaker


class Speaker:
    """One live session; every message received is kept in `heard`, in order."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[dict[str, Any]] = []
        self.sent = 0

    async def send(self, kind: str, **data: Any) -> None:
        await self.connection.send(json.dumps({"type": kind, "data": data}))

    async def speak(self, pcm: bytes, chunk_s: float = 0.1, speed: float | None = None) -> None:
        """Send audio, as fast as the server reads it, or at so many times real time."""
        size = int(chunk_s * RATE) * 2
        began = time.monotonic()
        for first in range(0, len(pcm), size):
            if speed:
                await asyncio.sleep(max(0.0, began + first / 2 / RATE / speed - time.monotonic()))
            await self.connection.send(pcm[first : first + size])
            self.sent += len(pcm[first : first + size]) // 2

    async def next(self) -> dict[str, Any]:
        message = json.loads(await asyncio.wait_for(self.connection.recv(), PATIENCE_S))
        self.heard.append(message)
        return message

    async def until(self, *kinds: str) -> dict[str, Any]:
        """The data of the next message of one of the kinds, others being only noted."""
        while True:
            message = await self.next()
            if message["type"] in kinds:
                return message["data"]

    async def to_the_end(self) -> None:
        """Read until the server closes the line."""
        while True:
            try:
                await self.next()
            except ConnectionClosed:
                return

    async def has_told(self, finals: int) -> None:
        """Wait until somebody who listens has heard so many finals."""
        while len(self.texts) < finals:  # noqa: ASYNC110 - who listens knows nothing of who waits
            await asyncio.sleep(0.05)

    async def say(self, pcm: bytes, **pace: Any) -> None:
        """All of it: speak, stop, and listen to the end."""
        listening = asyncio.create_task(self.to_the_end())
        try:
            await self.speak(pcm, **pace)
            await self.send("stop")
            await listening
        finally:
            listening.cancel()

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [message["data"] for message in self.heard if message["type"] == kind]

    @property
    def texts(self) -> list[str]:
        return [final["text"] for final in self.told("final")]

    def check(self) -> None:
        """What every session keeps to, whatever happened."""
        finals, partials = self.told("final"), self.told("partial")
        numbers = [final["utterance"] for final in finals]
        assert numbers == list(range(len(numbers))), numbers
        assert {partial["utterance"] for partial in partials} <= set(numbers)
        ends = [m for m in self.heard if m["type"] == "done" or (m["type"] == "error" and m["data"]["fatal"])]
        assert len(ends) == 1 and self.heard[-1] is ends[0], self.heard[-3:]
        times = [(final["start"], final["end"]) for final in finals]
        assert all(start < end for start, end in times), times
        assert all(before[1] <= after[0] for before, after in pairwise(times)), times
        self._check_stable(finals)

    def _check_stable(self, finals: list[dict[str, Any]]) -> None:
        said = {final["utterance"]: final["text"] for final in finals}
        kept: dict[int, str] = {}
        for partial in self.told("partial"):
            number, text = partial["utterance"], partial["text"]
            assert text.startswith(kept.get(number, "")), (kept[number], text)
            kept[number] = text[: partial["stable_chars"]]
            assert said[number].startswith(kept[number]), (kept[number], said[number])


async def spoken(url: str, pcm: bytes, *, pace: dict[str, Any] | None = None, **wish: Any) -> Speaker:
    """A whole session."""
    async with session(url, **wish) as speaker:
        await speaker.say(pcm, **(pace or {}))
    speaker.check()
    return speaker


def sessions_of(served: Served) -> float:
    """Live sessions there are, those that wait for their client included."""
    lines = served.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("parley_live_sessions{"))


def workers_of_server(pid: int) -> list[int]:
    """The worker processes of a server now."""
    found: list[int] = []
    for child in psutil.Process(pid).children(recursive=True):
        try:
            if "parley.workers" in child.cmdline():
                found.append(child.pid)
        except psutil.Error:
            continue
    return found
