"""The course of a connection: it is heard and told at once, and ends for one reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from parley.assistant.events import AssistantEvent, Farewell, PlaybackOrder
from parley.server.assistant.hearing import Hearing
from parley.server.assistant.lanes import Lanes
from parley.server.assistant.talk import Talk
from parley.server.assistant.telling import SAMPLE_BYTES, message_of
from parley.server.socket.ending import Ending, first_of
from parley.server.socket.line import LineGone

_CONFIRM_EVERY_S = 1.0
_LEAST_WAIT_S = 0.01


class Course:
    """Serves one connection to its end."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._lanes = Lanes()
        self._has_room = asyncio.Event()
        self._is_taken = False

    async def run(self) -> None:
        """Until the line is closed; the session is freed, or waits for its client."""
        talk = self._talk
        ending: Ending | Exception = Ending.LOST
        try:
            ending = await first_of(
                self._send(), self._collect(), self._watch(), self._confirm(), Hearing(talk).run()
            )
        except LineGone:
            pass
        except Exception as problem:  # noqa: BLE001 - the door
            ending = problem
        finally:
            await talk.part(ending)
        await talk.say_goodbye(ending)

    async def _collect(self) -> Ending:
        """Take in what the conversation tells at once, so that orders can overtake the rest; wait only where
        the client reads nothing at all.
        """
        events = await self._talk.opened()
        try:
            await self._sort(events)
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()
        # What was told is still to be sent.
        return await _never()

    async def _sort(self, events: AsyncIterator[AssistantEvent]) -> None:
        async for event in events:
            self._lanes.put(event)
            self._talk.has_news.set()
            if isinstance(event, Farewell):
                return
            while self._lanes.is_full:
                self._has_room.clear()
                await self._has_room.wait()
        self._is_taken = True
        self._talk.has_news.set()

    async def _send(self) -> Ending:
        """One thing after the other, the most urgent first."""
        lanes = self._lanes
        while True:
            self._talk.has_news.clear()
            event = lanes.take()
            self._has_room.set()
            if isinstance(event, Farewell):
                return await self._say_farewell(event)
            if event is not None:
                await self._say(event)
            elif (wait_s := self._until_audio_s()) == 0.0:
                await self._say_audio()
            elif self._is_taken:
                return Ending.TAKEN
            else:
                await self._wait(wait_s)

    def _until_audio_s(self) -> float | None:
        """When the audio that is next may be sent; None where there is none."""
        audio = self._lanes.audio
        return None if audio is None else self._talk.ahead.wait_s(audio.turn)

    async def _say(self, event: AssistantEvent) -> None:
        if isinstance(event, PlaybackOrder):
            if event.action == "pause":
                self._talk.ahead.hold(event.turn)
            elif event.action == "resume":
                self._talk.ahead.go_on(event.turn, event.from_sample)
            else:
                self._talk.ahead.flush(event.turn)
        await self._talk.say(message_of(event))

    async def _say_audio(self) -> None:
        audio = self._lanes.take_audio()
        samples = len(audio.pcm) // SAMPLE_BYTES
        self._talk.ahead.sent(audio.turn, audio.first_sample, samples, audio.sample_rate_hz)
        await self._talk.line.say_with(message_of(audio), audio.pcm)

    async def _say_farewell(self, farewell: Farewell) -> Ending:
        if farewell.error is not None:
            raise farewell.error
        await self._talk.say(message_of(farewell))
        return Ending.OVER

    async def _wait(self, at_most_s: float | None) -> None:
        try:
            async with asyncio.timeout(None if at_most_s is None else max(_LEAST_WAIT_S, at_most_s)):
                await self._talk.has_news.wait()
        except TimeoutError:
            return

    async def _confirm(self) -> Ending:
        """Look whether the key still holds, though the client may say nothing."""
        while True:
            await asyncio.sleep(_CONFIRM_EVERY_S)
            await self._talk.confirm()

    async def _watch(self) -> Ending:
        await self._talk.wanted_elsewhere.wait()
        return Ending.WANTED


async def _never() -> Ending:
    return await asyncio.get_running_loop().create_future()
