"""A session tells what was said, and ends."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.live.scripted_fleet import RATE, ScriptedFleet, room, said
from tests.unit.live.virtual_time import run

from parley.live.contract import LiveSession
from parley.live.options import LiveWish
from parley.speech.live import Done, Final, LiveEvent, Partial, Received, Voice

TALK = said(1.0, [1, 2, 3], 1.5, [4, 5], 0.4, [6], 2.0)


async def pace(session: LiveSession, pcm: bytes, chunk_s: float = 0.1) -> None:
    """Send as fast as one speaks."""
    size = round(chunk_s * RATE) * 2
    for first in range(0, len(pcm), size):
        await session.write(pcm[first : first + size])
        await asyncio.sleep(chunk_s)


async def heard(session: LiveSession) -> list[LiveEvent]:
    return [event async for event in session.listen()]


async def told(
    fleet: ScriptedFleet, wish: LiveWish, pcm: bytes = TALK, profile: str = "plain"
) -> list[LiveEvent]:
    async with room(fleet, profile=profile) as live:
        session = await live.open("me", wish)
        listener = asyncio.create_task(heard(session))
        await pace(session, pcm)
        await session.stop()
        events = await listener
        assert live.stats().sessions == 0
    assert fleet.streams == 0
    return events


def finals(events: list[LiveEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Final)]


@pytest.mark.parametrize("profile", ["plain", "two", "alone"])
@pytest.mark.parametrize("partials", [True, False])
def test_what_was_said_is_told(profile: str, partials: bool) -> None:
    events = run(told(ScriptedFleet(), LiveWish(partials=partials), profile=profile))
    assert finals(events) == ["w1 w2 w3", "w4 w5 w6"]
    assert any(isinstance(event, Partial) for event in events) is partials
    assert events[-1] == Done(utterances=2, audio_seconds=len(TALK) / 2 / RATE)
    voices = [event.status for event in events if isinstance(event, Voice)]
    assert voices == ["speech_start", "speech_end"] * 3
    received = [event.received_samples for event in events if isinstance(event, Received)]
    assert received == sorted(received) and received[-1] == len(TALK) // 2 and len(received) >= 7
