"""Real speech, real workers, the engines that come with Parley; no doors."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.integration.fleet.scenario import worker_pids

from parley.app.live_workshop import open_live
from parley.live.contract import LiveRoom
from parley.live.options import LiveWish
from parley.settings import Settings, load_settings
from parley.speech.live import Done, Final, LiveEvent, Partial, Voice

CLIPS = ("3331-159605-0004", "367-130732-0000", "1688-142285-0002")
PATIENCE_S = 120.0
RATE_HZ = 16_000


@pytest.fixture(scope="module")
def speech(audio: Path) -> bytes:
    """Three readers, a second apart."""
    pause = np.zeros(RATE_HZ, dtype=np.int16)
    pieces: list[object] = [pause[: RATE_HZ // 2]]
    for clip in CLIPS:
        samples, rate = soundfile.read(audio / "librispeech/test-other" / f"{clip}.flac", dtype="int16")
        assert rate == RATE_HZ
        pieces += [samples, pause]
    return np.concatenate(pieces).tobytes()


def settings_in(folder: Path) -> Settings:
    # A worker that is killed or starts on a loaded machine makes its sessions late, and nobody is refused.
    return load_settings(data_dir=folder / "data", profile="embedded", live={"max_lag_ms": 600_000})


async def told(live: LiveRoom, pcm: bytes, wish: LiveWish, kill_at: int | None = None) -> list[LiveEvent]:
    """What is told of speech that comes as fast as it is taken; when so much has come and somebody was
    heard to speak, the worker dies."""
    session = await live.open("me", wish)
    events: list[LiveEvent] = []

    async def listen() -> None:
        async for event in session.listen():
            events.append(event)  # noqa: PERF401 - looked at meanwhile

    listener = asyncio.create_task(listen())
    for first in range(0, len(pcm), 6400):
        await session.write(pcm[first : first + 6400])
        if kill_at is not None and first <= kill_at < first + 6400:
            while not any(isinstance(event, Voice) for event in events):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            for pid in worker_pids():
                os.kill(pid, signal.SIGKILL)
    await session.stop()
    await listener
    return events


def facts(events: list[LiveEvent]) -> list[LiveEvent]:
    """What does not depend on when it is told, each kind in its order."""
    return [event for kind in (Voice, Final, Done) for event in events if isinstance(event, kind)]


def test_finals_are_the_same_however_they_came_about(
    speech: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PARLEY_CONFIG", raising=False)

    async def main() -> None:
        async with asyncio.timeout(PATIENCE_S), open_live(settings_in(tmp_path)) as live:
            alone = facts(await told(live, speech, LiveWish(partials=False)))
            shown, hurt = await asyncio.gather(
                told(live, speech, LiveWish()),
                told(live, speech, LiveWish(partials=False), kill_at=len(speech) * 2 // 3),
            )
            assert facts(hurt) == alone
            assert live.stats().moved >= 1
            finals = [event for event in alone if isinstance(event, Final)]
            assert len(finals) >= 3 and all(final.text for final in finals)
            texts = {event.utterance: event.text for event in shown if isinstance(event, Final)}
            assert [event.utterance for event in finals] == sorted(texts)
            for event in shown:
                if isinstance(event, Partial):
                    assert texts[event.utterance].startswith(event.text[: event.stable_chars])

    asyncio.run(main())
    assert worker_pids() == []
