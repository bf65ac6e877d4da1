"""Requests are spoken one after the other; each ends with exactly one last message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from parley.errors import AuthFailed, SpeakingError
from parley.server.socket.ending import Ending
from parley.server.socket.line import LineGone
from parley.server.tts.problems import problem_of
from parley.server.tts.requests import Mark, Request
from parley.server.tts.talk import Talk
from parley.speech.speaking import Sentence, SpeakingCancelled, SpeakingFailed, Spoken, SpokenAudio
from parley.synthesis.contract import Speaking
from parley.wire.native.message import Data
from parley.wire.speech.tts_server import SentenceAhead, SpeakCancelled, SpeakDone, SpeakStarted

_FRAME_BYTES = 16 * 1024
"""Of audio: a third of a second at 24 kHz. What was handed to the socket cannot be taken back."""


class Telling:
    """The mouth of one connection."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    async def run(self) -> Ending:
        """For ever; raises what ends the line. Nothing is spoken on when it is cancelled."""
        while True:
            request = await self._talk.requests.turn()
            last = await self._spoken(request)
            self._talk.requests.remove(request)
            self._talk.move()
            await self._talk.say(last)

    async def _spoken(self, request: Request) -> Data:
        """Speak it; the last message about it, after which there is no audio of it."""
        speaking = request.speak(self._speak(request))
        try:
            await asyncio.wait({speaking})
        finally:
            await _ended(speaking)
        if speaking.cancelled():
            failure = request.failure
            if failure is None:
                return SpeakCancelled(request_id=request.request_id)
        elif (failure := speaking.exception()) is None:
            return speaking.result()
        if not isinstance(failure, Exception) or isinstance(failure, LineGone | AuthFailed):
            raise failure
        return problem_of(failure, request_id=request.request_id)

    async def _speak(self, request: Request) -> Data:
        speaking = await self._talk.behind.room.open(self._talk.user, request.wish)
        is_over = False
        try:
            if not request.is_whole:
                # Its client may wait for this before it sends text.
                await self._talk.say(_started(request, speaking))
            last = await self._fed(request, speaking)
            is_over = True
            return last
        finally:
            if not is_over:
                await speaking.cancel()

    async def _fed(self, request: Request, speaking: Speaking) -> Data:
        """Text goes in while audio comes out."""
        listening = asyncio.create_task(self._listen(request, speaking))
        feeding = asyncio.create_task(_feed(request, speaking))
        try:
            await asyncio.wait({listening, feeding}, return_when=asyncio.FIRST_COMPLETED)
            if not listening.done():
                feeding.result()
            return await listening
        finally:
            await _ended(listening, feeding)

    async def _listen(self, request: Request, speaking: Speaking) -> Data:
        events = speaking.listen()
        is_due = request.is_whole
        try:
            async for event in events:
                await self._talk.confirm()
                if is_due and isinstance(event, Sentence | Spoken):
                    # Where nobody was named the text has decided who speaks.
                    is_due = False
                    await self._talk.say(_started(request, speaking))
                match event:
                    case Sentence():
                        await self._talk.say(_sentence(request, event))
                    case SpokenAudio():
                        await self._send(event.pcm)
                    case Spoken():
                        return _done(request, event)
                    case SpeakingCancelled():
                        return SpeakCancelled(request_id=request.request_id)
                    case SpeakingFailed():
                        raise event.error
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()
        raise SpeakingError("The voice fell silent in the middle; send the text again.")

    async def _send(self, pcm: bytes) -> None:
        for first in range(0, len(pcm), _FRAME_BYTES):
            await self._talk.line.say_bytes(pcm[first : first + _FRAME_BYTES])


async def _feed(request: Request, speaking: Speaking) -> None:
    async for piece in request.pieces():
        match piece:
            case Mark.FLUSH:
                await speaking.flush()
            case Mark.END:
                await speaking.end()
            case str():
                await speaking.write(piece)


async def _ended(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _started(request: Request, speaking: Speaking) -> SpeakStarted:
    return SpeakStarted(
        request_id=request.request_id,
        voice=speaking.voice.voice_id,
        sample_rate=speaking.sample_rate_hz,
    )


def _sentence(request: Request, event: Sentence) -> SentenceAhead:
    return SentenceAhead(
        request_id=request.request_id,
        index=event.index,
        text=event.text,
        first_sample=event.first_sample,
        samples=event.samples,
    )


def _done(request: Request, event: Spoken) -> SpeakDone:
    return SpeakDone(
        request_id=request.request_id,
        samples=event.samples,
        first_audio_ms=event.first_audio_ms,
        rtf=round(event.rtf, 4),
    )
