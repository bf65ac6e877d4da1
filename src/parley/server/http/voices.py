"""Voices: list them, add one of your own, listen to one, forget one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import ConfigDict, Field, StrictStr
from pydantic.config import JsonDict
from starlette.convertors import StringConvertor, register_url_convertor

from parley.errors import (
    FileTooLarge,
    InvalidOption,
    TooManySessions,
    VoicesNotInstalled,
    VoiceUnknown,
)
from parley.server.choosing import shown, voices_for
from parley.server.http.asking import Behind, Who, problems, read
from parley.server.http.bodies import announced_bytes, bounded, media_type, refuse_type, steady
from parley.server.http.describing import form_schema
from parley.server.http.models import Document
from parley.server.http.multipart import MOST_FIELD_BYTES, Form
from parley.server.http.options import checked, truth
from parley.server.http.patient_stream import unless_gone
from parley.server.http.problem import Refusal
from parley.server.http.stored_file import Asked, answer, open_recording
from parley.server.rooms import Rooms
from parley.speech.recognition import language_of
from parley.synthesis.contract import SynthesisRoom
from parley.synthesis.options import NewVoice
from parley.wire.speech.tts_server import VoiceShown

router = APIRouter(tags=["voices"])

AUDIO = "audio"
"""The name of the part that holds the reference recording."""

MOST_REFERENCE_BYTES = 50 * 1024 * 1024
"""Half a minute of any format that people record in."""

_FORM = "multipart/form-data"


class _OwnVoice(StringConvertor):
    """The id of a voice in a path. It may hold slashes; what ends with `/preview` is another page."""

    regex = ".*(?<!/preview)"


register_url_convertor("own_voice", _OwnVoice())

VoiceIdPath = Annotated[
    str, Path(max_length=200, description="The id of a voice; one of a preset holds a slash.")
]

_EXAMPLE: JsonDict = {
    "voices": [
        {
            "id": "espeak-ng/en-us",
            "name": "en-us",
            "kind": "preset",
            "engine": "espeak-ng",
            "model": "",
            "languages": ["en"],
            "summary": "English (America)",
            "created_at": None,
        }
    ],
    "default": "espeak-ng/en-us",
}

_ANNA: JsonDict = {
    "id": "7c0d41f2a9b84f5e",
    "name": "Anna",
    "kind": "cloned",
    "engine": "qwen3-tts-base-0.6b",
    "model": "qwen3-tts-0.6b-base",
    "languages": ["en", "de", "es", "fr", "it", "ja", "ko", "pt", "ru", "zh"],
    "summary": "",
    "created_at": 1748766600.0,
}


class VoiceList(Document):
    """The voices that can be chosen: presets of the engines that are installed, then one's own."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"example": _EXAMPLE})

    voices: list[VoiceShown]
    default: str | None = Field(
        default=None, description="The id of the one that speaks where nobody is named; null: there is none."
    )


class VoiceForm(Document):
    """What stands beside the recording."""

    name: StrictStr = Field(min_length=1, max_length=100, description="What the voice is called.")
    consent: bool = Field(
        default=False,
        description="`true`: who is heard agrees that speech is made in this voice. A recording needs it.",
    )
    transcript: StrictStr = Field(
        default="", max_length=2000, description="What is said in the recording, word for word."
    )
    language: StrictStr | None = Field(default=None, max_length=16, description="ISO 639-1.")
    engine: StrictStr | None = Field(default=None, max_length=64, description="Left out: the best that can.")
    design: StrictStr = Field(
        default="", max_length=1000, description="Instead of a recording: the voice in words."
    )


def room_of(rooms: Rooms) -> SynthesisRoom:
    """Where voices speak; raises VoicesNotInstalled."""
    if rooms.synthesis is None:
        raise VoicesNotInstalled("No engine that speaks is installed on this server.")
    return rooms.synthesis


@read(router, "/v1/voices", summary="List voices", response_model=VoiceList, responses=problems())
async def voices(who: Who, rooms: Behind) -> VoiceList:
    """What `voice` may name in a request for speech."""
    if (room := rooms.synthesis) is None:
        return VoiceList(voices=[])
    known, default = await voices_for(room, who.user)
    return VoiceList(voices=list(known), default=default)


@router.post(
    "/v1/voices",
    status_code=201,
    summary="Add a voice",
    response_model=VoiceShown,
    responses={
        201: {
            "model": VoiceShown,
            "description": "It can be chosen from now on.",
            "content": {"application/json": {"example": _ANNA}},
        },
        **problems(408, 409, 413, 415, 422, 507),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {_FORM: {"schema": form_schema(VoiceForm, AUDIO, is_needed=False)}},
        }
    },
)
async def add(request: Request, who: Who, rooms: Behind) -> VoiceShown:
    """A voice of your own: cloned from a recording of 3 to 30 seconds in which one person says
    `transcript`, or designed from words. It is its user's only.
    """
    room = room_of(rooms)
    if media_type(request) != _FORM:
        raise Refusal(refuse_type(request, _FORM), status=415)
    places: asyncio.Semaphore = request.app.state.voices_added
    if places.locked():
        raise TooManySessions("Too many voices are being added; try again later.")
    async with places, _received(request, room, rooms.options.patience_s) as (form, recording):
        voice = _new_voice(form, recording)
        return shown(await unless_gone(request, room.add(who.user, voice)))


@asynccontextmanager
async def _received(
    request: Request, room: SynthesisRoom, patience_s: float
) -> AsyncGenerator[tuple[Form, FilePath | None]]:
    """The form, and the recording in a file for as long as the context lasts."""
    most = MOST_REFERENCE_BYTES + MOST_FIELD_BYTES
    if (announced_bytes(request) or 0) > most:
        raise FileTooLarge(f"A reference recording has at most {MOST_REFERENCE_BYTES} bytes.")
    body = bounded(steady(request.stream(), patience_s), most)
    form = Form(request.headers["content-type"], body, AUDIO)
    await form.begin(needs_file=False)
    async with room.workspace() as folder:
        recording = folder / "reference"
        await _store(form.content(), recording)
        yield form, recording if form.has_file else None


async def _store(pieces: AsyncIterator[bytes], target: FilePath) -> None:
    file = await asyncio.to_thread(target.open, "wb")
    try:
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)
    finally:
        await asyncio.to_thread(file.close)


def _new_voice(form: Form, recording: FilePath | None) -> NewVoice:
    """Raises InvalidOption."""
    given: dict[str, Any] = {}
    for name, text in form.fields:
        if name in given:
            raise InvalidOption(f"'{name}' is given more than once.")
        if name in VoiceForm.model_fields and text != "":
            given[name] = text
    if "consent" in given:
        given["consent"] = _truth(given["consent"])
    asked = checked(VoiceForm, given)
    if (recording is None) == (not asked.design):
        raise InvalidOption("Send either a recording as the part 'audio', or 'design', the voice in words.")
    return NewVoice(
        name=asked.name,
        transcript=asked.transcript,
        reference=recording,
        design=asked.design,
        language=language_of(asked.language),
        engine=asked.engine,
        has_consent=asked.consent,
    )


def _truth(text: str) -> bool:
    try:
        return truth(text)
    except ValueError:
        raise InvalidOption("'consent' wants true or false.") from None


_SOUND: dict[str, Any] = {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}


@read(
    router,
    "/v1/voices/{voice_id:path}/preview",
    summary="Listen to a voice",
    response_class=Response,
    responses={
        200: {"description": "A few seconds of speech.", "content": _SOUND},
        206: {"description": "The range asked for.", "content": _SOUND},
        304: {"description": "The client has it already (`If-None-Match`)."},
        **problems(404, 409, 416),
    },
)
async def preview(
    request: Request,
    voice_id: VoiceIdPath,
    who: Who,
    rooms: Behind,
    range: Annotated[str | None, Header(description="`bytes=0-1023`; one range at a time.")] = None,
    if_range: Annotated[str | None, Header(description="The ETag that the range belongs to.")] = None,
    if_none_match: Annotated[str | None, Header(description="ETags that the client has.")] = None,
) -> Response:
    """Made when it is asked for the first time."""
    path = await unless_gone(request, _preview(rooms, who.user, voice_id))
    found = await open_recording(path, "preview.wav")
    asked = Asked(range=range, if_range=if_range, if_none_match=if_none_match)
    return answer(found, "preview.wav", asked, rooms.options.patience_s)


async def _preview(rooms: Rooms, user: str, voice_id: str) -> FilePath:
    if rooms.synthesis is None:
        raise _unknown()
    return await rooms.synthesis.preview(user, voice_id)


@router.delete(
    "/v1/voices/{voice_id:own_voice}",
    status_code=204,
    summary="Forget a voice",
    responses={204: {"description": "It and its files are gone."}, **problems(404)},
)
async def remove(voice_id: VoiceIdPath, who: Who, rooms: Behind) -> Response:
    """Only voices that you added can be forgotten. What is being spoken in it is spoken to its end."""
    if rooms.synthesis is None or not await rooms.synthesis.remove(who.user, voice_id):
        raise _unknown()
    return Response(status_code=204)


def _unknown() -> VoiceUnknown:
    return VoiceUnknown("You have no voice of this id; presets stay, and GET /v1/voices lists all.")
