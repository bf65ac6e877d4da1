"""A text spoken in this process, with the events of one spoken at a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from parley.app.voice_workshop import open_voices
from parley.client.journey import events_of
from parley.client.speaking import Text, pieces_of
from parley.errors import SpeakingError
from parley.jobs.principal import ANYBODY
from parley.settings import Settings
from parley.speech.speaking import (
    Sentence,
    SpeakingCancelled,
    SpeakingEvent,
    SpeakingFailed,
    SpeechBegun,
    SpeechEvent,
    Spoken,
)
from parley.synthesis.contract import Speaking, SynthesisRoom
from parley.synthesis.options import SpeakingWish

Tell = Callable[[SpeechEvent], Awaitable[None]]


async def speak(
    settings: Settings, text: Text, wish: SpeakingWish, notice: Callable[[str], None] | None = None
) -> AsyncGenerator[SpeechEvent, None]:
    """What is said, `Spoken` last, by engines in workers of their own, of which none is left in the end.

    Whoever stops iterating stops the voice. Raises VoiceUnknown, VoicesNotInstalled, UnsupportedOption,
    InvalidOption, TextTooLong, SpeakingError, and what iterating over the text raised.
    """

    async def work(tell: Tell) -> None:
        async with open_voices(settings, notice) as room:
            await speak_in(room, text, wish, tell)

    async with aclosing(events_of(work)) as events:
        async for event in events:
            yield event


async def speak_in(room: SynthesisRoom, text: Text, wish: SpeakingWish, tell: Tell) -> None:
    """One text from its start to its end."""
    speaking = await room.open(ANYBODY, wish)
    feeding = asyncio.create_task(_feed(speaking, text))
    try:
        has_begun = False
        async for event in speaking.listen():
            if not has_begun and isinstance(event, Sentence | Spoken):
                # Where nobody was named the text has decided who speaks.
                has_begun = True
                await tell(SpeechBegun(voice=speaking.voice.voice_id, sample_rate_hz=speaking.sample_rate_hz))
            await _tell(event, feeding, tell)
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        await speaking.cancel()


async def _tell(event: SpeakingEvent, feeding: asyncio.Task[None], tell: Tell) -> None:
    match event:
        case SpeakingFailed():
            raise event.error
        case SpeakingCancelled():
            # It was the text that broke off; what is wrong with it is raised here.
            await feeding
            raise SpeakingError("The voice fell silent in the middle; try again.")
        case _:
            await tell(event)


async def _feed(speaking: Speaking, text: Text) -> None:
    has_ended = False
    try:
        async for piece in _pieces(text):
            await speaking.write(piece)
        await speaking.end()
        has_ended = True
    finally:
        if not has_ended:
            # Whoever listens would wait for ever.
            await speaking.cancel()


async def _pieces(text: Text) -> AsyncGenerator[str]:
    if isinstance(text, str):
        yield text
        return
    async for piece in pieces_of(text):
        yield piece
