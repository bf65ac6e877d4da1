"""Clients of scripted rooms."""

from __future__ import annotations

import asyncio

from tests.unit.live.scripted_fleet import RATE

from parley.live.contract import LiveSession
from parley.live.options import LiveWish
from parley.live.room import LiveSpeech
from parley.speech.live import Final, LiveEvent, Partial


async def pace(session: LiveSession, pcm: bytes, chunk_s: float = 0.1) -> None:
    """Send as fast as one speaks."""
    size = round(chunk_s * RATE) * 2
    for first in range(0, len(pcm), size):
        await session.write(pcm[first : first + size])
        await asyncio.sleep(chunk_s)


async def events_of(session: LiveSession, after: int | None = None) -> list[LiveEvent]:
    return [event async for event in session.listen(after)]


async def talk(
    live: LiveSpeech, pcm: bytes, wish: LiveWish | None = None, user: str = "me", *, paced: bool = True
) -> list[LiveEvent]:
    """Everything that one client is told."""
    session = await live.open(user, wish or LiveWish())
    listener = asyncio.create_task(events_of(session))
    if paced:
        await pace(session, pcm)
    else:
        await session.write(pcm)
    await session.stop()
    return await listener


def finals(events: list[LiveEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Final)]


def partials(events: list[LiveEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Partial)]
