"""Live speech in a whole server, and in a process without one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parley.app.house import House, open_house
from parley.app.live_workshop import open_live
from parley.errors import FleetClosed, UnsupportedOption
from parley.jobs.principal import Principal
from parley.jobs.task import TaskState
from parley.live.contract import LiveSession
from parley.live.options import LiveWish
from parley.settings import Settings, load_settings
from parley.speech.live import Done, Failed, Final, LiveEvent
from tests.integration.fleet.scenario import until, worker_pids

PLUGINS = Path(__file__).parents[1] / "plugins"
RATE_HZ = 16000
PATIENCE_S = 120.0
WHO = Principal(user="alice")


def tone(height: float, seconds: float = 1.0) -> bytes:
    """A second of speech, as the detector of loudness hears it, whose height is the text; then a pause."""
    loud = np.full(round(seconds * RATE_HZ), round(height * 32767), dtype="<i2")
    loud[::2] *= -1
    return loud.tobytes() + bytes(2 * RATE_HZ)


def settings_in(folder: Path, monkeypatch: pytest.MonkeyPatch, **given: Any) -> Settings:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("PARLEY_CONFIG", raising=False)
    asr = given.pop("asr", "level")
    # However late the start of a worker makes a session on a loaded machine, the next one is let in.
    live = {"workers": 2, "max_lag_ms": 600_000} | given.pop("live", {})
    roles = {"vad": "loud", "asr": asr, "punctuation": "none", "speakers": "none", "align": "none"}
    return load_settings(
        data_dir=folder / "data",
        profile="tones",
        engine_dirs=[PLUGINS],
        profiles={"tones": roles},
        live=live,
        **{"workers": 1, **given},
    )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[House]:
    async with asyncio.timeout(PATIENCE_S), open_house(settings, notice=lambda sentence: None) as house:
        yield house
    assert worker_pids() == []


async def say(session: LiveSession, *heights: float) -> None:
    for height in heights:
        said = tone(height)
        for at in range(0, len(said), 3200):
            await session.write(said[at : at + 3200])


async def everything(session: LiveSession) -> list[LiveEvent]:
    return [event async for event in session.listen()]


def texts(events: list[LiveEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Final)]


async def ended(house: House, task_id: str) -> TaskState:
    while not (task := await house.desk.get(WHO, task_id)).state.is_over:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return task.state


def live_workers(house: House) -> int:
    return sum(pool.alive for pool in house.fleet.health().pools if pool.is_live)


def test_what_was_recorded_is_a_task_with_the_same_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with opened(settings_in(tmp_path, monkeypatch)) as house:
            assert live_workers(house) == 0
            session = await house.live.open("alice", LiveWish(record=True, sample_rate_hz=RATE_HZ))
            hearing = asyncio.create_task(everything(session))
            await say(session, 0.25, 0.5)
            await session.stop()
            events = await hearing
            assert texts(events) == ["Level 250.", "Level 500."]
            done = events[-1]
            assert isinstance(done, Done)
            assert live_workers(house) == 1
            tasks, _ = await house.desk.list(WHO, limit=5, cursor=None, state=None)
            assert [task.id for task in tasks] == [done.task_id]
            assert tasks[0].order.file_name.startswith("live-")
            assert await ended(house, str(done.task_id)) is TaskState.COMPLETED
            _, transcript = await house.desk.transcript(WHO, str(done.task_id))
            # A recording's islands are recognised together: the loudest is the text.
            assert (transcript.text, transcript.duration) == ("Level 500.", 4.0)
            page = house.metrics.render().decode()
            assert "parley_live_finals_total 2.0" in page
            assert 'parley_live_sessions{state="open"} 0.0' in page

    asyncio.run(main())


def test_one_that_is_closed_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with opened(settings_in(tmp_path, monkeypatch)) as house:
            session = await house.live.open("alice", LiveWish(record=True))
            await say(session, 0.25)
            await session.close()
            assert await house.desk.list(WHO, limit=5, cursor=None, state=None) == ([], None)
            assert not [*(tmp_path / "data" / "uploads").glob("*")]

    asyncio.run(main())


def test_a_server_that_stops_lets_sessions_have_their_finals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with opened(settings_in(tmp_path, monkeypatch)) as house:
            session = await house.live.open("alice", LiveWish(record=True))
            hearing = asyncio.create_task(everything(session))
            await say(session, 0.25)
            await session.write(tone(0.5)[:RATE_HZ])  # In the middle of a word.
            await house.drain()
            assert house.unready()[0] == "the server is stopping"
            events = await hearing
            assert texts(events) == ["Level 250.", "Level 500."]
            assert isinstance(events[-1], Done | Failed)
            with pytest.raises(FleetClosed):
                await house.live.open("alice", LiveWish())

    asyncio.run(main())


def test_a_house_that_falls_leaves_no_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        with pytest.raises(ExceptionGroup):  # The house wraps what ends it.
            async with opened(settings_in(tmp_path, monkeypatch)) as house:
                session = await house.live.open("alice", LiveWish(record=True))
                await say(session, 0.25)
                raise KeyError("a bug")
        await until(lambda: worker_pids() == [], PATIENCE_S)

    asyncio.run(main())


def test_a_recogniser_that_hangs_costs_seconds_and_no_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_TEST_MARKER", str(tmp_path / "marker"))
    given = {"asr": "hangs_once", "live": {"workers": 1, "call_floor_s": 3.0, "call_per_audio_s": 0.0}}

    async def main() -> None:
        async with opened(settings_in(tmp_path, monkeypatch, **given)) as house:
            session = await house.live.open("alice", LiveWish(partials=False))
            hearing = asyncio.create_task(everything(session))
            await say(session, 0.25, 0.5)
            await session.stop()
            assert texts(await hearing) == ["Awake.", "Awake."]
            [seat] = [pool for pool in house.fleet.health().pools if pool.is_live]
            assert seat.restarts >= 1
            assert not house.fleet.health().gave_up_on(["hangs_once"])

    asyncio.run(main())


def test_in_lock_mode_people_who_speak_and_recordings_take_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with opened(settings_in(tmp_path, monkeypatch, queue={"mode": "lock"})) as house:
            first = await house.live.open("alice", LiveWish(record=True))
            hearing = asyncio.create_task(everything(first))
            await say(first, *[0.25] * 5)
            await first.stop()
            done = (await hearing)[-1]
            assert isinstance(done, Done)
            second = await house.live.open("bob", LiveWish())
            hearing = asyncio.create_task(everything(second))
            await say(second, 0.5)
            await second.stop()
            assert texts(await hearing) == ["Level 500."]
            assert await ended(house, str(done.task_id)) is TaskState.COMPLETED
            assert live_workers(house) == 1

    asyncio.run(main())


def test_without_a_server_there_is_a_room_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_in(tmp_path, monkeypatch, queue={"mode": "lock"})

    async def main() -> None:
        async with asyncio.timeout(PATIENCE_S), open_live(settings) as room:
            session = await room.open("anybody", LiveWish())
            hearing = asyncio.create_task(everything(session))
            await say(session, 0.25, 0.5, 0.75)
            await session.stop()
            assert texts(await hearing) == ["Level 250.", "Level 500.", "Level 750."]
            assert len(worker_pids()) == 1
            with pytest.raises(UnsupportedOption):
                await room.open("anybody", LiveWish(record=True))
        assert worker_pids() == []

    asyncio.run(main())
