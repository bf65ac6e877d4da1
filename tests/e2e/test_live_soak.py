"""Thousands of short live sessions with every fault there is: nothing grows, nobody hears anybody else.

PARLEY_TEST_SOAK_S says for how long, 600 seconds unless it is set.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.e2e.command import Parley, wait_until
from tests.e2e.serving import Served, serve
from tests.e2e.speaking import RATE, Speaker, session, sessions_of, workers_of_server

SOAK_S = float(os.environ.get("PARLEY_TEST_SOAK_S", "600"))
AT_ONCE = 12
KILL_EVERY_S = 15.0
MIB = 1024 * 1024


def beeps(level: int, count: int) -> bytes:
    """So many tones of that height in thousandths of full scale, with a second of silence after each."""
    tone = np.sin(np.arange(int(0.6 * RATE)) * 0.3)
    tone = np.round(tone / np.abs(tone).max() * level / 1000 * 32768).clip(-32768, 32767)
    return np.concatenate([tone, np.zeros(RATE)] * count).astype("<i2").tobytes()


@dataclass
class Soak:
    """Clients of one server until `ends_at`; `seen` counts what they did."""

    served: Served
    ends_at: float
    random: random.Random
    seen: Counter[str] = field(default_factory=Counter[str])

    async def client(self) -> None:
        faults = [self.whole] * 6 + [self.half_open, self.deaf, self.resumed, self.rude]
        while time.monotonic() < self.ends_at:
            fault = self.random.choice(faults)
            await fault(self.random.randrange(50, 950), self.random.randrange(1, 4))
            self.seen[fault.__name__] += 1
            # What grows, grows by the number of sessions; the processor is left to whoever else needs it.
            await asyncio.sleep(self.random.uniform(1.0, 3.0))

    async def whole(self, level: int, count: int) -> None:
        """Nothing special."""
        async with session(self.served.socket_url, partials=level % 2 == 0) as speaker:
            await speaker.say(beeps(level, count), chunk_s=self.random.uniform(0.01, 1.0))
        self.check(speaker, level, count)

    async def half_open(self, level: int, count: int) -> None:
        """The client is gone without a word, in the middle of its speech."""
        async with session(self.served.socket_url) as speaker:
            await speaker.speak(beeps(level, count)[: -RATE * 2 * self.random.randrange(1, 2)])
            speaker.connection.transport.abort()

    async def deaf(self, level: int, count: int) -> None:
        """It sends and never reads."""
        async with connect(f"{self.served.socket_url}/asr", max_queue=1) as connection:
            speaker = Speaker(connection)
            await speaker.send("start", levels=True)
            await speaker.speak(beeps(level, count))
            connection.transport.abort()

    async def resumed(self, level: int, count: int) -> None:
        """The line breaks and the client comes back."""
        pcm = beeps(level, count)
        async with session(self.served.socket_url) as first:
            ready = await first.until("ready")
            await first.speak(pcm[: len(pcm) // 2 // 2 * 2])
            first.connection.transport.abort()
        async with session(
            self.served.socket_url, resume_token=ready["resume_token"], have_utterance=-1
        ) as second:
            received = (await second.until("ready"))["received_samples"]
            await second.say(pcm[received * 2 :])
        assert second.texts == [f"Level {level}."] * count, (second.texts, level, count)

    async def rude(self, level: int, count: int) -> None:
        """What is sent makes no sense; the session may end by it, the server does not."""
        async with connect(f"{self.served.socket_url}/asr") as connection:
            try:
                await connection.send(json.dumps({"type": "start", "data": {"sample_rate": level}}))
                await connection.send("{")
                await connection.send(beeps(level, count)[:-1])
                await connection.recv()
            except WebSocketException:
                self.seen["turned away"] += 1

    def check(self, speaker: Speaker, level: int, count: int) -> None:
        speaker.check()
        if speaker.heard[-1]["type"] == "done":
            assert speaker.texts == [f"Level {level}."] * count, (speaker.texts, level, count)
            return
        # Refused for now, because killed workers made the others wait.
        assert speaker.heard[-1]["data"]["error"] in {"live_overloaded", "too_many_sessions"}, speaker.heard[
            -1
        ]
        self.seen["refused"] += 1

    async def murderer(self) -> None:
        while time.monotonic() < self.ends_at:
            await asyncio.sleep(KILL_EVERY_S)
            workers = workers_of_server(self.served.process.pid)
            if workers:
                os.kill(self.random.choice(workers), signal.SIGKILL)
                self.seen["killed"] += 1


@dataclass
class Readings:
    """What the server holds, over time."""

    process: psutil.Process
    rows: list[tuple[float, float, int, int]] = field(default_factory=list[tuple[float, float, int, int]])

    async def take(self, until: float) -> None:
        began = time.monotonic()
        while time.monotonic() < until:
            await asyncio.sleep(2)
            rss = self.process.memory_info().rss / MIB
            row = (time.monotonic() - began, rss, self.process.num_fds(), self.process.num_threads())
            self.rows.append(row)

    def slope_mib_per_hour(self) -> float:
        """After warm-up: a straight line through the later two thirds."""
        rows = self.rows[len(self.rows) // 3 :]
        slope, _ = np.polyfit([row[0] for row in rows], [row[1] for row in rows], 1)
        return float(slope) * 3600


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.timeout(SOAK_S + 300)
def test_nothing_grows_however_sessions_end(parley: Parley) -> None:
    parley.settings |= {
        "PARLEY_LIVE__WORKERS": "2",
        "PARLEY_LIVE__RESUME_S": "2",
        "PARLEY_LIVE__MAX_SESSIONS": "200",
        "PARLEY_LIVE__MAX_LAG_MS": "60000",
    }
    served = serve(parley.with_profile(asr="level", vad="loud", speakers="none"))
    process = psutil.Process(served.process.pid)
    ends_at = time.monotonic() + SOAK_S
    soak = Soak(served, ends_at, random.Random(20))
    readings = Readings(process)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(soak.client())
            group.create_task(soak.murderer())
            group.create_task(readings.take(ends_at))

    asyncio.run(main())
    print(dict(soak.seen), f"{readings.slope_mib_per_hour():.1f} MiB/h", readings.rows[-1])
    wait_until(lambda: sessions_of(served) == 0, 60)
    early, late = readings.rows[len(readings.rows) // 3], readings.rows[-1]
    assert late[1] - early[1] < 0.1 * early[1] + 10, readings.rows
    # One worker more or less is on its way at any moment.
    assert late[2] <= early[2] + 30 and late[3] <= early[3] + 8, readings.rows
    wait_until(lambda: process.num_fds() <= readings.rows[0][2] + 10, 60)
    assert soak.seen["whole"] > SOAK_S / 4
    assert served.stop() == 0
