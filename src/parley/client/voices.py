"""The voices of a server: listed, added, listened to, removed."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from parley.client.line import Door
from parley.client.web import Body, ask
from parley.errors import FileNotFound, ParleyError
from parley.speech.voice import VoiceFacts
from parley.wire.speech.tts_server import VoiceShown

PAGE = "/v1/voices"


async def voices(door: Door) -> list[VoiceFacts]:
    """Those that can be chosen: presets, then one's own."""
    return [_facts(each) for each in json.loads(await ask(door, "GET", PAGE))["voices"]]


async def add_voice(door: Door, audio: Path | None, fields: Mapping[str, str]) -> VoiceFacts:
    """A voice made of a recording, or of words; raises FileNotFound."""
    body = await asyncio.to_thread(_form, audio, fields)
    return _facts(json.loads(await ask(door, "POST", PAGE, body)))


async def remove_voice(door: Door, voice_id: str) -> None:
    """Raises VoiceUnknown."""
    await ask(door, "DELETE", f"{PAGE}/{quote(voice_id)}")


async def preview(door: Door, voice_id: str) -> bytes:
    """A WAV of a few seconds."""
    return await ask(door, "GET", f"{PAGE}/{quote(voice_id)}/preview")


def _facts(told: Any) -> VoiceFacts:
    try:
        voice = VoiceShown.model_validate(told)
    except ValidationError as error:
        raise ParleyError(
            "What the server says of its voices cannot be understood; is it newer than this client?",
            detail=str(error),
        ) from error
    return VoiceFacts(
        voice_id=voice.id,
        name=voice.name,
        kind=voice.kind,
        engine=voice.engine,
        model=voice.model,
        languages=voice.languages,
        summary=voice.summary,
        created_at=voice.created_at,
    )


def _form(audio: Path | None, fields: Mapping[str, str]) -> Body:
    """A multipart form (RFC 7578)."""
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if audio is not None:
        head = 'Content-Disposition: form-data; name="audio"; filename="reference"'
        kind = "Content-Type: application/octet-stream"
        parts += [f"--{boundary}\r\n{head}\r\n{kind}\r\n\r\n".encode(), _read(audio), b"\r\n"]
    parts.append(f"--{boundary}--\r\n".encode())
    return Body(f"multipart/form-data; boundary={boundary}", b"".join(parts))


def _read(audio: Path) -> bytes:
    try:
        return audio.read_bytes()
    except OSError as error:
        raise FileNotFound(f"'{audio.name}' cannot be read; name a recording.", detail=str(error)) from error
