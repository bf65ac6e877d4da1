"""The voices of a data directory or of a server, with the same methods."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from parley.cli import tell
from parley.cli.remote import Server
from parley.cli.voiced import Destination
from parley.errors import FileNotFound, ParleyError, VoiceUnknown
from parley.settings import Settings
from parley.speech.recognition import language_of
from parley.speech.voice import VoiceFacts

if TYPE_CHECKING:
    from parley.synthesis.contract import SynthesisRoom

_T = TypeVar("_T")
_PIECE_FRAMES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVoice:
    """What `add` is told."""

    name: str
    file: Path | None
    transcript: str
    consent: bool
    design: str
    language: str | None
    engine: str | None


class Library(Protocol):
    """Where voices are."""

    def list(self) -> list[VoiceFacts]:
        """Those that can be chosen."""
        ...

    def add(self, voice: NewVoice) -> VoiceFacts:
        """Keep one."""
        ...

    def remove(self, voice_id: str) -> None:
        """Forget one; raises VoiceUnknown."""
        ...

    def preview(self, voice_id: str) -> bytes:
        """A WAV of a few seconds; raises VoiceUnknown."""
        ...


class LibraryThere:
    """At a server."""

    def __init__(self, settings: Settings, server: Server) -> None:
        self._client = server.client(settings)

    def list(self) -> list[VoiceFacts]:
        """Those that the server offers."""
        return asyncio.run(self._client.voices())

    def add(self, voice: NewVoice) -> VoiceFacts:
        """The recording goes to the server."""
        return asyncio.run(
            self._client.add_voice(
                voice.file,
                name=voice.name,
                transcript=voice.transcript,
                consent=voice.consent,
                language=voice.language,
                engine=voice.engine,
                design=voice.design,
            )
        )

    def remove(self, voice_id: str) -> None:
        """At the server."""
        asyncio.run(self._client.remove_voice(voice_id))

    def preview(self, voice_id: str) -> bytes:
        """As the server made it."""
        return asyncio.run(self._client.preview_voice(voice_id))


class LibraryHere:
    """In a data directory; engines run in workers."""

    def __init__(self, settings: Settings, user: str) -> None:
        self._settings = settings
        self._user = user

    def list(self) -> list[VoiceFacts]:
        """Those that are installed, and those of the data directory."""

        async def work(room: SynthesisRoom) -> list[VoiceFacts]:
            return [*await room.voices(self._user)]

        return self._with_room(work)

    def add(self, voice: NewVoice) -> VoiceFacts:
        """The recording is copied into the data directory."""
        from parley.synthesis.options import NewVoice as Wanted

        if voice.file is not None and not voice.file.is_file():
            raise FileNotFound(f"'{voice.file.name}' cannot be read; name a recording.")
        wanted = Wanted(
            name=voice.name,
            transcript=voice.transcript,
            reference=voice.file,
            design=voice.design,
            language=language_of(voice.language),
            engine=voice.engine,
            has_consent=voice.consent,
        )
        return self._with_room(lambda room: room.add(self._user, wanted))

    def remove(self, voice_id: str) -> None:
        """From the data directory."""
        if not self._with_room(lambda room: room.remove(self._user, voice_id)):
            raise VoiceUnknown(
                "You have no voice of this id; presets stay, and 'parley voices list' shows all."
            )

    def preview(self, voice_id: str) -> bytes:
        """Made by a worker, unless it was made before."""

        async def work(room: SynthesisRoom) -> bytes:
            path = await room.preview(self._user, voice_id)
            return await asyncio.to_thread(path.read_bytes)

        return self._with_room(work)

    def _with_room(self, work: Callable[[SynthesisRoom], Awaitable[_T]]) -> _T:
        async def run() -> _T:
            from parley.app.voice_workshop import open_voices

            async with open_voices(self._settings, tell.line) as room:
                return await work(room)

        return asyncio.run(run())


def hear(recording: bytes, destination: Destination) -> None:
    """Bring a WAV file to where it is wanted; exits with 130 when interrupted."""
    from parley.cli.files import run_to_end, stop_on_terminate
    from parley.cli.speaking import Progress

    async def run() -> int:
        stop_on_terminate()
        rate_hz, pcm = _read(recording)
        async with destination:
            await destination.begin(rate_hz)
            for first in range(0, len(pcm), 2 * _PIECE_FRAMES):
                await destination.take(pcm[first : first + 2 * _PIECE_FRAMES])
            await destination.finish()
        return 0

    run_to_end(run(), Progress(), lambda: tell.interrupted("interrupted."))


def _read(recording: bytes) -> tuple[int, bytes]:
    try:
        with wave.open(io.BytesIO(recording)) as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise ParleyError("The preview is no mono recording with 16 bits; update this client.")
            return file.getframerate(), file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ParleyError(
            "The preview cannot be understood; is the server newer than this client?"
        ) from error
