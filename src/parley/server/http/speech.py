"""`POST /v1/audio/speech`: text becomes speech, as clients of OpenAI's API ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from parley.errors import InvalidOption, ParleyError, SpeakingError, UnsupportedOption
from parley.formats.wav import wav_header
from parley.server.http.asking import Behind, Who, problems
from parley.server.http.bodies import small
from parley.server.http.describing import json_body
from parley.server.http.models import Document
from parley.server.http.options import checked, json_object
from parley.server.http.patient_stream import PatientStream, cancelled, unless_gone
from parley.server.http.voices import room_of
from parley.speech.recognition import language_of
from parley.speech.speaking import SpeakingCancelled, SpeakingFailed, Spoken, SpokenAudio
from parley.synthesis.contract import Speaking, SynthesisRoom
from parley.synthesis.options import SpeakingWish

router = APIRouter(tags=["voices"])

PCM_RATE_HZ = 24_000
"""What OpenAI's `pcm` is, which says nothing of its rate."""

_MOST_BODY_BYTES = 16 * 1024 * 1024
_OPENAI_MODELS = frozenset({"tts-1", "tts-1-hd", "gpt-4o-mini-tts"})
_OPENAI_VOICES = frozenset(
    {
        *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable"),
        *("marin", "nova", "onyx", "sage", "shimmer", "verse", "default"),
    }
)

_EXAMPLE: JsonDict = {
    "model": "tts-1",
    "input": "Good morning. How did you sleep?",
    "voice": "espeak-ng/en-us",
    "response_format": "wav",
    "speed": 1.0,
}


class SpeechAsked(Document):
    """What OpenAI's `audio/speech` takes; fields that are not here are ignored."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"example": _EXAMPLE})

    model: str = Field(
        default="tts-1",
        max_length=64,
        description="An engine of `/v1/voices`, preferred where `voice` leaves it open; OpenAI's own names "
        "stand for the best one.",
    )
    input: str = Field(min_length=1, description="The text; bounded by `voices.max_text_chars`.")
    voice: str = Field(
        default="default",
        max_length=200,
        description="An id or name of `/v1/voices`. OpenAI's own names, such as `alloy`, stand for the "
        "default voice where no voice here is called so.",
    )
    response_format: str = Field(
        default="wav",
        max_length=16,
        description="`wav`, or `pcm`: 24 kHz, mono, 16 bits, little-endian, no header. Others are refused.",
    )
    speed: float = Field(default=1.0, ge=0.25, le=4.0)
    instructions: str = Field(
        default="", max_length=1000, description="In words how to speak, for engines that can."
    )
    stream_format: Literal["audio", "sse"] = Field(default="audio", description="`sse` is refused.")
    language: str | None = Field(
        default=None, max_length=16, description="ISO 639-1; left out: by the text. Not in OpenAI's API."
    )


_SOUND: dict[str, Any] = {
    kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("audio/wav", "audio/pcm")
}


@router.post(
    "/v1/audio/speech",
    summary="Speak a text (OpenAI)",
    response_class=Response,
    responses={
        200: {"description": "The audio, as it is made.", "content": _SOUND},
        **problems(404, 408, 409, 413),
    },
    openapi_extra=json_body(SpeechAsked),
)
async def speech(request: Request, who: Who, rooms: Behind) -> Response:
    """The answer begins with the first clause, and breaks off where speaking fails in its middle. What the
    voice cannot do is refused. The length in the header of a WAV is not known when it is sent, and is
    4 GiB, as OpenAI has it.
    """
    room = room_of(rooms)
    body = await small(request, _MOST_BODY_BYTES, rooms.options.patience_s)
    given = {name: value for name, value in json_object(body).items() if value is not None}
    asked = checked(SpeechAsked, given)
    _require_possible(asked)
    wish = await _wish(room, who.user, asked)
    pieces = _spoken(room, who.user, wish, asked)
    try:
        # What is wrong with the request is said before the answer begins.
        await unless_gone(request, _begun(pieces))
    except BaseException:
        await pieces.aclose()
        raise
    kind = "audio/wav" if asked.response_format == "wav" else "audio/pcm"
    return PatientStream(pieces, rooms.options.patience_s, headers={"Content-Type": kind})


def _require_possible(asked: SpeechAsked) -> None:
    if asked.response_format not in ("wav", "pcm"):
        raise UnsupportedOption("'response_format' is wav or pcm here; other formats are not written.")
    if asked.stream_format != "audio":
        raise UnsupportedOption("'stream_format' is audio here; events are told over /tts.")


async def _wish(room: SynthesisRoom, user: str, asked: SpeechAsked) -> SpeakingWish:
    known = await room.voices(user)
    engines = sorted({voice.engine for voice in known})
    if asked.model not in _OPENAI_MODELS and asked.model not in engines:
        raise InvalidOption(
            f"'model' names no engine that is installed here; there are: {', '.join(engines)}."
        )
    called = {name for voice in known for name in (voice.voice_id, voice.name)}
    is_default = asked.voice in _OPENAI_VOICES and asked.voice not in called
    return SpeakingWish(
        voice=None if is_default else asked.voice,
        language=language_of(asked.language),
        engine=asked.model if asked.model in engines else None,
        speed=asked.speed,
        sample_rate_hz=PCM_RATE_HZ if asked.response_format == "pcm" else None,
        instruct=asked.instructions,
    )


async def _begun(pieces: AsyncGenerator[bytes, None]) -> None:
    await anext(pieces)


async def _spoken(
    room: SynthesisRoom, user: str, wish: SpeakingWish, asked: SpeechAsked
) -> AsyncGenerator[bytes, None]:
    """The answer, after one empty piece that says that it can begin."""
    speaking = await room.open(user, wish)
    feeding = asyncio.create_task(_feed(speaking, asked.input))
    is_over = False
    try:
        header = wav_header(speaking.sample_rate_hz) if asked.response_format == "wav" else b""
        async for pcm in _pcm(speaking, feeding):
            if header is not None:
                yield b""
                yield header
                header = None
            yield pcm
        is_over = True
    finally:
        await cancelled(feeding)
        if not is_over:
            await speaking.cancel()


async def _feed(speaking: Speaking, text: str) -> None:
    try:
        await speaking.write(text)
        await speaking.end()
    except ParleyError:
        # Whoever listens would wait for ever.
        await speaking.cancel()
        raise


async def _pcm(speaking: Speaking, feeding: asyncio.Task[None]) -> AsyncGenerator[bytes, None]:
    """The audio; at least one piece, which may be empty. Raises what speaking fails with."""
    async for event in speaking.listen():
        match event:
            case SpokenAudio():
                yield event.pcm
            case Spoken():
                yield b""
                return
            case SpeakingFailed():
                raise event.error
            case SpeakingCancelled():
                await feeding
            case _:
                pass
    raise SpeakingError("The voice fell silent in the middle; send the text again.")
