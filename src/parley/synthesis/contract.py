"""What doors, the command line and the assistant may do with voices."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from parley.speech.speaking import SpeakingEvent
from parley.speech.voice import VoiceFacts
from parley.synthesis.options import NewVoice, SpeakingWish


class Speaking(Protocol):
    """One request for speech. Text goes in piece by piece, clauses come out as audio."""

    @property
    def voice(self) -> VoiceFacts:
        """Who speaks."""
        ...

    @property
    def sample_rate_hz(self) -> int:
        """Of the audio that is told."""
        ...

    async def write(self, text: str) -> None:
        """More of the text, in pieces of any size; waits while too much of it is unsaid.

        Raises TextTooLong, and nothing is said of the piece. After the end it is ignored.
        """
        ...

    async def flush(self) -> None:
        """What was written is whole: say it without waiting for more."""
        ...

    async def end(self) -> None:
        """There is no more text; `Spoken` follows once everything is said."""
        ...

    async def cancel(self) -> None:
        """Stop. When this returns nobody is told any audio, and the worker is free, or soon will be."""
        ...

    def listen(self) -> AsyncIterator[SpeakingEvent]:
        """Events until the last one; one listener only. Who does not listen holds up this voice only."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisStats:
    """Counts since the start; `speaking` requests are open now."""

    speaking: int
    started: int
    refused: int
    failed: int
    cancelled: int
    audio_seconds: float
    processor_seconds: float


class SynthesisRoom(Protocol):
    """Where text is spoken, and where voices are kept. A voice of the library is its user's only."""

    async def open(self, user: str, wish: SpeakingWish) -> Speaking:
        """A new request; raises VoiceUnknown, VoicesNotInstalled, VoicesBusy, UnsupportedOption or
        InvalidOption.
        """
        ...

    async def voices(self, user: str) -> Sequence[VoiceFacts]:
        """The voices that can be chosen: presets of the engines that are installed, then the user's own."""
        ...

    async def default_voice(self, user: str, language: str | None, engine: str | None = None) -> VoiceFacts:
        """Who speaks where nobody is named; raises VoicesNotInstalled, VoiceUnknown."""
        ...

    async def warm(self, voice: VoiceFacts) -> None:
        """Have a worker load the engine of a voice, so that its first request need not wait; raises
        ParleyError where that fails."""
        ...

    def workspace(self) -> AbstractAsyncContextManager[Path]:
        """A folder for a recording that `add` is to be given; what a crash leaves of it is swept.

        Raises UnsupportedOption where no voices are kept, StorageError, DiskFull.
        """
        ...

    async def add(self, user: str, voice: NewVoice) -> VoiceFacts:
        """Keep a voice once its recording was found fit, with the moment of consent.

        Raises ConsentMissing, VoiceRefused (length, silence, several speakers), UnsupportedOption where no
        engine can clone, InvalidOption, UndecodableMedia, StorageError.
        """
        ...

    async def remove(self, user: str, voice_id: str) -> bool:
        """Forget a voice and its files; False where the user has none of that id. Presets stay."""
        ...

    async def preview(self, user: str, voice_id: str) -> Path:
        """A WAV of a few seconds in that voice, made once; raises VoiceUnknown and what `open` raises."""
        ...

    def stats(self) -> SynthesisStats:
        """For metrics and the page."""
        ...
