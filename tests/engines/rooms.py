"""Rooms of live speech over real workers of any environments, with the models of the cases."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager

from parley.engines.contract import EngineSpec
from parley.engines.profiles import Profile, build_profiles
from parley.engines.registry import discover
from parley.fleet.fleet import Fleet
from parley.fleet.spec import PoolSpec
from parley.live.contract import LiveRoom, LiveSession
from parley.live.options import LiveLimits, LiveWish
from parley.live.room import LiveSpeech
from parley.speech.live import Done, Final, LiveEvent, Partial, Voice
from tests.engines.conformance import PATIENT, all_cases, pool_of, workers

NAME = "tested"
LIMITS = LiveLimits(max_sessions=100, max_lag_s=3600.0, session_idle_s=3600.0, backlog_s=300.0)
"""Nobody is refused or given up, however slow the machine is."""


def profile_of(said: Mapping[str, str]) -> Profile:
    """A profile as a user would write it, without engines that live speech does not ask."""
    return build_profiles(discover(), {NAME: said})[NAME]


def pools_of(profile: Profile, seat: int) -> list[PoolSpec]:
    """One worker for each environment of the profile."""
    cases = {case.engine: case for case in all_cases()}
    groups: dict[str, list[EngineSpec]] = {}
    for spec in profile.for_live:
        groups.setdefault(spec.environment, []).append(spec)
    return [
        _pool(seat, [pool_of(cases[spec.name]) for spec in group if spec.name in cases], group)
        for group in groups.values()
    ]


def _pool(seat: int, single: list[PoolSpec], engines: list[EngineSpec]) -> PoolSpec:
    """What pools of one engine each say, in one."""
    where = engines[0].environment
    placements = {name: place for pool in single for name, place in pool.placements.items()}
    models = {name: folders for pool in single for name, folders in pool.models.items()}
    python = single[0].python if single else PoolSpec(name="", engines=(), workers=1).python
    return PoolSpec(
        name=f"live-{seat}-{where}" if where else f"live-{seat}",
        engines=tuple(engines),
        workers=1,
        python=python,
        is_live=True,
        placements=placements,
        models=models,
    )


@asynccontextmanager
async def open_room(
    said: Mapping[str, str], *, seats: int = 1, limits: LiveLimits = LIMITS
) -> AsyncGenerator[LiveRoom]:
    """A room of one profile; `said` names its engines by role."""
    profile = await asyncio.to_thread(profile_of, said)
    pools = [await asyncio.to_thread(pools_of, profile, seat) for seat in range(1, seats + 1)]
    homes = [{spec.name: pool.name for pool in mine for spec in pool.engines} for mine in pools]
    known = {NAME: profile}
    async with (
        Fleet([pool for mine in pools for pool in mine], PATIENT) as fleet,
        LiveSpeech(fleet, known, known, NAME, homes, limits) as room,
    ):
        yield room


async def tell(session: LiveSession, events: list[LiveEvent]) -> None:
    """Keep what a session says."""
    async for event in session.listen():
        events.append(event)  # noqa: PERF401 - looked at meanwhile


async def told(
    live: LiveRoom,
    pcm: bytes,
    wish: LiveWish,
    *,
    pause_at: int | None = None,
    until: Callable[[list[LiveEvent]], bool] = bool,
    then: Callable[[], None] | None = None,
) -> list[LiveEvent]:
    """Everything that is told of speech which comes as fast as it is taken.

    At the byte `pause_at` nothing more comes before `until` is true of the events; `then` is done after that.
    """
    session = await live.open("me", wish)
    events: list[LiveEvent] = []
    listener = asyncio.create_task(tell(session, events))
    for first in range(0, len(pcm), 6400):
        await session.write(pcm[first : first + 6400])
        if pause_at is not None and first <= pause_at < first + 6400:
            while not until(events) and not listener.done():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            if then is not None:
                then()
    await session.stop()
    await listener
    return events


def facts(events: list[LiveEvent]) -> list[LiveEvent]:
    """What does not depend on when it is told, each kind in its order."""
    return [event for kind in (Voice, Final, Done) for event in events if isinstance(event, kind)]


def assert_complete(events: list[LiveEvent]) -> None:
    """One end, a final for each utterance that was told of, in order, and none of it changed."""
    assert isinstance(events[-1], Done), events[-1]
    finals = [event for event in events if isinstance(event, Final)]
    assert [final.utterance for final in finals] == list(range(events[-1].utterances))
    texts = {final.utterance: final.text for final in finals}
    ended: set[int] = set()
    for event in events:
        if isinstance(event, Partial):
            assert event.utterance not in ended, "a partial text after the final one"
            assert texts[event.utterance].startswith(event.text[: event.stable_chars])
        elif isinstance(event, Final):
            ended.add(event.utterance)


def kill_live_workers() -> None:
    """All of them, at once."""
    pids = workers()
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
