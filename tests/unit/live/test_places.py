"""A place is taken while a session opens, and what is over is remembered for a while only."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.live.scripted_fleet import RATE, ScriptedFleet, room, said
from tests.unit.live.talking import events_of, finals, pace
from tests.unit.live.virtual_time import run

from parley.errors import SessionNotFound, TooManySessions
from parley.live.options import LiveWish
from parley.speech.live import Done


class SlowTape:
    """A recorder that needs a second to begin."""

    async def open(self, user: str, wish: LiveWish, sample_rate_hz: int = RATE) -> SlowTape:
        await asyncio.sleep(1.0)
        return self

    async def write(self, pcm: bytes) -> None:
        """Kept nowhere."""

    async def finish(self) -> str | None:
        return None

    async def abandon(self) -> None:
        """Nothing to remove."""


def test_a_session_that_is_being_opened_has_its_place() -> None:
    async def main() -> None:
        made = room(ScriptedFleet(), max_sessions=1)
        made._recorder = SlowTape()  # pyright: ignore[reportPrivateUsage]
        async with made as live:
            opening = asyncio.create_task(live.open("me", LiveWish(record=True)))
            await asyncio.sleep(0.5)
            with pytest.raises(TooManySessions):
                await live.open("you", LiveWish())
            await (await opening).close()
            await (await live.open("you", LiveWish())).close()

    run(main())


def test_what_is_over_waits_for_its_client_as_long_as_one_may_be_lost() -> None:
    async def main() -> None:
        async with room(ScriptedFleet(), resume_s=10.0) as live:
            tokens: list[str] = []
            for _ in range(2):
                session = await live.open("me", LiveWish())
                await pace(session, said(0.5, [1, 2], 1.5))
                await session.stop()
                await session.leave()
                tokens.append(session.facts.resume_token)
            await asyncio.sleep(2.0)
            assert live.stats().sessions == 0
            events = await events_of(await live.resume("me", tokens[1]))
            assert finals(events) == ["w1 w2"] and isinstance(events[-1], Done)
            await asyncio.sleep(10.0)
            with pytest.raises(SessionNotFound):
                await live.resume("me", tokens[0])

    run(main())
