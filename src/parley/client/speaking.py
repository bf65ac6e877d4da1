"""A text spoken by a server, over a line of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from contextlib import aclosing, suppress
from typing import TypedDict

from pydantic import ValidationError

from parley.client.apart import apart
from parley.client.failures import LineLost, error_of
from parley.client.line import Door, Line, Message, Silence, reach
from parley.client.options import problem_of, require_known
from parley.errors import AuthFailed, SpeakingError
from parley.speech.speaking import Sentence, SpeechBegun, SpeechEvent, Spoken, SpokenAudio
from parley.wire.speech.tts_client import SpeakEnd, SpeakPing, SpeakStart, SpeakText, Synthesize
from parley.wire.speech.tts_server import (
    SentenceAhead,
    SpeakCancelled,
    SpeakDone,
    SpeakProblem,
    SpeakStarted,
)

PAGE = "/tts"

Text = str | AsyncIterable[str] | Iterable[str]
"""A text, or its pieces as they are written; a plain iterable may block, it is read in a thread."""

_REQUEST = "1"
_QUIET_S = 30.0
"""After so long without a word the server is asked whether it is there: a voice may take its time."""

_PIECE_CHARS = 4096


class SpeakOptions(TypedDict, total=False):
    """How to speak. `voice` is an id or a name of `voices()`; without one `language` decides, and without
    that the text; `engine` is preferred then. `instruct` says in words how to speak; `paced` asks for audio
    at most 1.5 s ahead of real time.
    """

    voice: str | None
    language: str | None
    engine: str | None
    speed: float
    sample_rate: int | None
    instruct: str
    paced: bool


def start_of(options: SpeakOptions) -> SpeakStart:
    """The message that opens a request; raises InvalidOption for an option that means nothing."""
    require_known(options, SpeakOptions)
    try:
        return SpeakStart.model_validate({**options, "request_id": _REQUEST})
    except ValidationError as error:
        raise problem_of(error) from error


async def speak(door: Door, text: Text, options: SpeakOptions) -> AsyncGenerator[SpeechEvent, None]:
    """What a server says, `Spoken` last. Whoever stops iterating stops the voice.

    Raises what the server refuses with, ServerUnreachable when the line is lost, and what iterating over the
    text raised.
    """
    start = start_of(options)
    headers = {"Authorization": f"Bearer {door.token}"} if door.token else None
    async with reach(door, door.address.socket_at(PAGE), headers) as line:
        writing = asyncio.create_task(_write(line, start, text))
        try:
            async with aclosing(_heard(line, writing)) as events:
                async for event in events:
                    yield event
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)


async def _heard(line: Line, writing: asyncio.Task[None]) -> AsyncGenerator[SpeechEvent, None]:
    while True:
        message = await _next(line, writing)
        if isinstance(message, bytes):
            yield SpokenAudio(pcm=message)
        elif (event := _event_of(message)) is not None:
            yield event
            if isinstance(event, Spoken):
                return


async def _next(line: Line, writing: asyncio.Task[None]) -> Message | bytes:
    """What the server says next; raises what became of the text."""
    hearing = asyncio.create_task(_hear(line))
    waited = [hearing] if writing.done() else [hearing, writing]
    try:
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not hearing.done() and writing.done():
            writing.result()
        return await hearing
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)


async def _hear(line: Line) -> Message | bytes:
    """The next message that is no pong; raises LineLost where not even that comes."""
    is_asked = False
    while True:
        try:
            message = await line.hear(_QUIET_S)
        except Silence:
            if is_asked:
                raise LineLost("The server has said nothing for a minute.") from None
            is_asked = True
            await line.send(SpeakPing())
            continue
        is_asked = False
        if isinstance(message, bytes) or message.type != "pong":
            return message


def _event_of(message: Message) -> SpeechEvent | None:
    match message.type:
        case SpeakStarted.TYPE:
            begun = message.checked(SpeakStarted)
            return SpeechBegun(voice=begun.voice, sample_rate_hz=begun.sample_rate)
        case SentenceAhead.TYPE:
            told = message.checked(SentenceAhead)
            return Sentence(
                index=told.index, text=told.text, first_sample=told.first_sample, samples=told.samples
            )
        case SpeakDone.TYPE:
            done = message.checked(SpeakDone)
            return Spoken(samples=done.samples, first_audio_ms=done.first_audio_ms, rtf=done.rtf)
        case "auth_required":
            raise AuthFailed("The server wants to know who asks; give a token.")
        case SpeakCancelled.TYPE:
            raise SpeakingError("The server has stopped speaking.")
        case SpeakProblem.TYPE:
            raise error_of(message.data)
        case _:
            return None


async def _write(line: Line, start: SpeakStart, text: Text) -> None:
    with suppress(LineLost):
        # What the server said last is still to be heard, and that says why.
        if isinstance(text, str):
            await line.send(Synthesize(**start.model_dump(), text=text))
        else:
            await _write_pieces(line, start, text)


async def _write_pieces(line: Line, start: SpeakStart, text: AsyncIterable[str] | Iterable[str]) -> None:
    await line.send(start)
    async for piece in pieces_of(text):
        for first in range(0, len(piece), _PIECE_CHARS):
            part = piece[first : first + _PIECE_CHARS]
            await line.send(SpeakText(request_id=start.request_id, text=part))
    await line.send(SpeakEnd(request_id=start.request_id))


async def pieces_of(text: AsyncIterable[str] | Iterable[str]) -> AsyncGenerator[str]:
    """The pieces, wherever they come from."""
    if isinstance(text, AsyncIterable):
        async for piece in text:
            yield piece
        return
    iterator = iter(text)
    while (piece := await apart(lambda: next(iterator, None))) is not None:
        yield piece
